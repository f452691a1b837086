"""A virtual resident for the demonstration: grows restless, and settles with calm music."""

import math
from random import Random

from player.units import Seconds

RESTLESS_AFTER = Seconds(45.0)  # of the first minute; then every `PERIOD`
PERIOD = Seconds(300.0)
RISE = Seconds(12.0)  # time constant towards restlessness
SETTLE = Seconds(25.0)  # time constant towards calm, with the calmest music
QUIET, RESTLESS = 0.15, 0.85  # agitation
NOISE = 0.03  # standard deviation of the sensor
CALMING = 0.5  # music at least this calm settles the resident


class VirtualResident:
    """Agitation follows a script, not evidence: it shows the loop and proves nothing about people."""

    def __init__(self, seed: int, at: Seconds) -> None:
        self._random = Random(seed)
        self._began = at
        self._at = at
        self._level = QUIET
        self._episode = -1  # number of the last episode that music has ended

    def agitation(self, at: Seconds, calmness: float | None) -> float:
        """Agitation 0-1 as a sensor would report it, while such music is heard (None: silence)."""
        elapsed, self._at = max(at - self._at, 0.0), at
        episode = int((at - self._began + PERIOD - RESTLESS_AFTER) // PERIOD) - 1
        restless = episode >= 0 and episode != self._episode
        calming = calmness is not None and calmness >= CALMING
        if restless and not calming:
            self._level += (RESTLESS - self._level) * (1.0 - math.exp(-elapsed / RISE))
        else:
            speed = SETTLE / max(calmness or 0.3, 0.3)
            self._level += (QUIET - self._level) * (1.0 - math.exp(-elapsed / speed))
            if restless and self._level < 0.3:
                self._episode = episode
        return min(max(self._level + self._random.gauss(0.0, NOISE), 0.0), 1.0)
