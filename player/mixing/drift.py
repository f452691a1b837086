"""A station's clock against the sound card's: how much faster or slower its sound is to be taken.

No two quartzes agree: at 200 ppm an hour of radio is 0.7 s longer or shorter than an hour of the sound card,
and the seconds kept ahead of the ear are used up, or the station drops a listener who lags behind.
"""

import math
from typing import Final

from player.units import SAMPLE_RATE, Seconds

# Tuning constants.
LARGEST: Final = 500e-6  # 0.9 cent: far below the 5 cents that trained listeners tell apart
PULL: Final = Seconds(7200.0)  # time constant; at 200 ppm the level settles 1.4 s off
SMOOTH: Final = Seconds(120.0)  # segments of HLS and pauses of the network are far shorter
SETTLED: Final = Seconds(300.0)  # heard: what the station sends at once has come
LEAST, MOST = Seconds(6.0), Seconds(22.0)  # to be kept ahead, whatever the station sent at once


class ClockDrift:
    """A proportional controller on the mean level of the ring; its time is what was read from the ring."""

    def __init__(self) -> None:
        self._consumed = 0  # frames, at the last write
        self._left = 0  # frames in the ring after it
        self._heard = 0.0  # s
        self._mean = 0.0  # s in the ring
        self._target: float | None = None

    @property
    def stretch(self) -> float:
        """Frames to make of each frame that comes, 1 ± `LARGEST`."""
        if self._target is None:
            return 1.0
        return 1.0 + max(-LARGEST, min(LARGEST, (self._target - self._mean) / PULL))

    def wrote(self, level: int, consumed: int) -> None:
        """After a write to the ring: frames in it, and frames ever read from it."""
        read = consumed - self._consumed
        if read > 0:  # since the write before, the level fell in a straight line
            self._observe((self._left - read / 2.0) / SAMPLE_RATE, read / SAMPLE_RATE)
        self._consumed, self._left = consumed, level

    def _observe(self, level: float, seconds: float) -> None:
        if not self._heard:
            self._mean = level
        self._heard += seconds
        self._mean += (level - self._mean) * -math.expm1(-seconds / SMOOTH)
        if self._target is None and self._heard >= SETTLED:
            self._target = max(LEAST, min(MOST, self._mean))
