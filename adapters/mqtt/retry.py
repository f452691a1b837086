"""How long to wait before the next attempt to reach a broker."""

import random
from typing import Final

from player.units import Seconds

FIRST: Final = Seconds(1.0)  # upper end of the first wait
LONGEST: Final = Seconds(60.0)
DOUBLINGS: Final = 6


def pause_before(attempts: int) -> Seconds:
    """After so many attempts that failed. Full jitter: many players do not come back at one moment."""
    return Seconds(random.uniform(0.0, min(LONGEST, FIRST * 2 ** min(attempts, DOUBLINGS))))
