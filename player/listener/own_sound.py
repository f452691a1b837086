"""The player's own music is not the resident's voice."""

import math

from player.listener.averages import LONGEST_STEP, Average
from player.units import Decibels, Seconds

LEARNED_AFTER = 30.0  # s of music beside a sound sensor, until its part can be taken away
MEMORY = 600.0  # s; doors open and people move the player
MARGIN = 6.0  # dB by which music itself swings around its mean: own judgement
EVENT_QUALITY = 0.2  # of a sound event while music plays: most are the music
TAIL = 5.0  # s that a room and a slow sensor go on telling of music that has stopped
LOW, HIGH = -200.0, 200.0  # dB; a sensor that tells more is not believed


class OwnSound:
    """How loud the player is at the room's sensor, learned while it plays.

    The sensor's level less the programme's is nearly constant for a room; whatever exceeds the
    expected music by more than its own swing is somebody's voice, in energy.
    """

    def __init__(self) -> None:
        self._level: Decibels | None = None
        self._until = Seconds(-math.inf)
        self._coupling = Average(MEMORY)  # dB, sensor over programme
        self._last: Seconds | None = None

    def playing(self, level: Decibels | None, at: Seconds) -> None:
        """Programme gain that is heard from now on, dB; None: silence."""
        if level is not None and math.isfinite(level):
            self._level, self._until = level, Seconds(math.inf)
        elif self._until == math.inf:
            self._until = Seconds(at + TAIL)

    def heard(self, at: Seconds) -> bool:
        return self._level is not None and at <= self._until

    def without(self, level: float, at: Seconds) -> float | None:
        """Sound level, dB over the room's baseline, without the player's part; None: masked or not known."""
        if not LOW <= level <= HIGH:
            return None
        if self._level is None or at > self._until:
            return level
        step = 1.0 if self._last is None else min(max(at - self._last, 0.0), LONGEST_STEP)
        self._last = at
        expected = self._level + self._coupling.mean + MARGIN
        known = self._coupling.weight >= LEARNED_AFTER
        louder = known and level > expected
        if not louder:
            self._coupling.add(level - self._level, step)
        if not louder:
            return None
        return 10.0 * math.log10(10.0 ** (level / 10.0) - 10.0 ** (expected / 10.0))
