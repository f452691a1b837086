"""Fire alarm and nurse call: the music is silent at once, and nothing starts it until the alarm is over."""

import math

from player.model import Quantity, Reading
from player.session.direction import Direction
from player.session.recall import Recall
from player.session.states import ALARM, Fading, Paused
from player.units import Seconds

MAX_SOURCES = 16


class Alarm:
    """Sources of `signal/alarm/…` that are on. The end of all, or a person, lets the music go on."""

    def __init__(self, direction: Direction, recall: Recall) -> None:
        self._direction, self._recall = direction, recall
        self._on: dict[str, None] = dict.fromkeys(recall.alarms)

    @property
    def on(self) -> bool:
        return bool(self._on)

    def observe(self, reading: Reading, at: Seconds) -> None:
        if reading.quantity is not Quantity.ALARM or not math.isfinite(reading.value):
            return
        if reading.value > 0.0:
            self._on[reading.source] = None
            while len(self._on) > MAX_SOURCES:
                del self._on[next(iter(self._on))]
            self._recall.alarms = tuple(self._on)
            if isinstance(self._direction.state, Fading):
                self._direction.finish(at)
            self._direction.pause(at, ALARM)
            return
        self._on.pop(reading.source, None)
        self._recall.alarms = tuple(self._on)
        state = self._direction.state
        if not self._on and isinstance(state, Paused) and state.by == ALARM:
            self._direction.unpause(at, ALARM)

    def overruled(self) -> None:
        """A person started the music."""
        self._on.clear()
        self._recall.alarms = ()
