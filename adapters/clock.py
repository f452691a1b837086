"""The brain's clock: Unix time at start and monotonic from there, whatever the wall clock does."""

import time
from collections.abc import Callable
from datetime import datetime, tzinfo

from player.units import Seconds

EARLIEST = Seconds(1_735_689_600.0)  # 2025-01-01: before this program was written no clock was right
LONGEST_AWAY = Seconds(
    366 * 86_400.0
)  # since the newest moment known; more, and the clock is taken for wrong
UNKNOWN = Seconds(0.0)
STEP = Seconds(1.0)  # less is the pace of two clocks, not a step


class Clock:
    """A board without a clock of its own starts in 1970, or anywhere.

    When its wall clock cannot be right, time goes on from the `newest` moment that is known of earlier runs:
    what is blocked, learned and played keeps its age. 0 for the first run.
    """

    def __init__(
        self,
        newest: Seconds = UNKNOWN,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
    ) -> None:
        """zone: None for that of this machine."""
        self._wall, self._steady, self._zone = wall, steady, zone
        begin = wall()
        right = begin >= EARLIEST and (not newest or begin <= newest + LONGEST_AWAY)
        self._offset = (begin if right else newest or begin) - steady()
        self._ahead = Seconds(0.0)

    def now(self) -> Seconds:
        return Seconds(self._steady() + self._offset)

    def ahead(self) -> Seconds:
        """How far the wall clock was moved ahead of `now` since the start; it stays until the next move."""
        wall = self._wall()
        ahead = wall - self.now()
        if wall >= EARLIEST and abs(ahead - self._ahead) > STEP:
            self._ahead = Seconds(ahead)
        return self._ahead

    def minute(self) -> int:
        """Minute of the local day, 0-1439."""
        local = datetime.fromtimestamp(self.now() + self.ahead(), self._zone)
        return local.hour * 60 + local.minute
