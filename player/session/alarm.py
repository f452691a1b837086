"""Fire alarm and nurse call: the music is silent at once, and nothing starts it until the alarm is over."""

from player.model import Quantity, Reading
from player.session.direction import Direction
from player.session.states import Fading, Paused
from player.units import Seconds

MAX_SOURCES = 16


class Alarm:
    """Sources of `signal/alarm/…` that are on. The end of all, or a person, lets the music go on."""

    BY = "alarm"

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._on: dict[str, None] = {}

    @property
    def on(self) -> bool:
        return bool(self._on)

    def observe(self, reading: Reading, at: Seconds) -> None:
        if reading.quantity is not Quantity.ALARM:
            return
        if reading.value > 0.0:
            self._on[reading.source] = None
            while len(self._on) > MAX_SOURCES:
                del self._on[next(iter(self._on))]
            if isinstance(self._direction.state, Fading):
                self._direction.finish(at)
            self._direction.pause(at, self.BY)
            return
        self._on.pop(reading.source, None)
        state = self._direction.state
        if not self._on and isinstance(state, Paused) and state.by == self.BY:
            self._direction.unpause(at, self.BY)

    def overruled(self) -> None:
        """A person started the music."""
        self._on.clear()
