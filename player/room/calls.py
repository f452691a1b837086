"""Repetitive calling: short voiced segments, alike, that come again and again at one pace."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.room.frames import BLOCK_S
from player.units import Seconds

# Tuning constants.
BIN: Final = Seconds(0.256)  # 16 blocks
BLOCKS: Final = round(BIN / BLOCK_S)
MEMORY: Final = Seconds(60.0)
SPOKEN: Final = 0.2  # share of a bin that is voiced
WITHIN: Final = Seconds(0.8)  # a pause so short is within one call
SHORTEST, LONGEST = Seconds(1.5), Seconds(15.0)  # from the beginning of one call to the next
CALL: Final = Seconds(4.0)  # what lasts longer is talk
FEW, MANY = 3, 6  # calls that say nothing yet, and that say all they can
ALIKE: Final = 0.2  # of the usual interval, either way
SAME: Final = 0.4  # of the usual length of a call, either way
PLAIN, CERTAIN = 0.5, 0.85  # share that is alike: in conversation, and of somebody who calls


class CallFinder:
    """Takes every chunk; `evidence` is of the last minute."""

    def __init__(self) -> None:
        self._bins: deque[bool] = deque(maxlen=round(MEMORY / BIN))
        self._sum, self._count = 0, 0

    def push(self, voiced: list[bool]) -> None:
        """Of each block."""
        for each in voiced:
            self._sum += each
            self._count += 1
            if self._count == BLOCKS:
                self._bins.append(self._sum >= SPOKEN * BLOCKS)
                self._sum = self._count = 0

    def evidence(self) -> float:
        """0-1: how regular short calls were."""
        calls = self._segments()
        if len(calls) <= FEW or np.median([end - begin for begin, end in calls]) * BIN > CALL:
            return 0.0
        begins = np.array([begin for begin, _ in calls])
        intervals = np.diff(begins) * BIN
        usual = float(np.median(intervals))
        if not SHORTEST <= usual <= LONGEST:
            return 0.0
        lengths = np.array([end - begin for begin, end in calls]) * BIN
        regular = _alike(intervals, ALIKE) * _alike(lengths, SAME)
        return regular * min((len(calls) - FEW) / (MANY - FEW), 1.0)

    def _segments(self) -> list[tuple[int, int]]:
        """Begin and end, bins; short pauses closed."""
        found: list[tuple[int, int]] = []
        for number, spoken in enumerate(self._bins):
            if not spoken:
                continue
            if found and (number - found[-1][1]) * BIN <= WITHIN:
                found[-1] = (found[-1][0], number + 1)
            else:
                found.append((number, number + 1))
        return found


def _alike(values: NDArray[np.float64], tolerance: float) -> float:
    """0-1: how many are near their median."""
    usual = float(np.median(values))
    alike = float(np.mean(np.abs(values - usual) <= max(tolerance * usual, BIN)))
    return min(max((alike - PLAIN) / (CERTAIN - PLAIN), 0.0), 1.0)
