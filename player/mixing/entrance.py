"""A piece that soothes enters no louder than what is heard, and recovers too slowly to be noticed.

Tracks are levelled as wholes (−23 LUFS); a swap in a soft passage of a lively piece could still be a
jump. Levels here are plain mean squares: both sides of the comparison are made alike.
"""

from collections import deque
from typing import Final

import numpy as np

from player.mixing.gain import Ramp
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, SILENCE_DB, Decibels, Frames

BIN: Final = SAMPLE_RATE // 10  # 100 ms
WINDOW: Final = 30  # bins, 3 s: the short-term window of EBU R 128
HEAD: Final = Frames(10 * SAMPLE_RATE)  # of the entering piece, listened to beforehand
MOST: Final = 12.0  # dB; own judgement: a piece is lowered no further
RECOVERY: Final = 0.1 / SAMPLE_RATE  # dB per frame, 6 dB a minute; own judgement


class HeardLevel:
    """Short-term level of the programme before gate and volume. `add` takes it in blocks of any size."""

    def __init__(self) -> None:
        self._bins: deque[float] = deque(maxlen=WINDOW)
        self._sum, self._count = 0.0, 0

    def add(self, programme: Pcm) -> None:
        while len(programme):
            part = programme[: BIN - self._count]
            self._sum += float(np.einsum("ij,ij->", part, part, dtype=np.float64))
            self._count += len(part)
            programme = programme[len(part) :]
            if self._count == BIN:
                self._bins.append(self._sum / BIN)
                self._sum, self._count = 0.0, 0

    @property
    def level(self) -> Decibels:
        """Mean of the last 3 s, dB; silence before anything was heard."""
        return _db(sum(self._bins) / len(self._bins)) if self._bins else SILENCE_DB


def head_level(head: Pcm) -> Decibels:
    """The loudest 3 s (or all, when shorter) of the beginning of a piece, dB."""
    count = max(len(head) // BIN, 1)
    powers = [
        float(np.einsum("ij,ij->", part, part, dtype=np.float64)) / max(len(part), 1)
        for part in np.array_split(head, count)
    ]
    window = min(WINDOW, count)
    means = np.convolve(powers, np.ones(window) / window, mode="valid")
    return _db(float(means.max()))


def entrance(head: Pcm, gain: Decibels, heard: Decibels, start: int, fade: int) -> Ramp:
    """Track gain in dB from frame `start` on: lowered while the fade lasts, then slowly back to `gain`."""
    excess = min(max(head_level(head) + gain - heard, 0.0), MOST)
    if excess == 0.0 or heard <= SILENCE_DB:
        return Ramp.steady(gain)
    lowered = gain - excess
    back = start + fade + int(excess / RECOVERY)
    return Ramp((start, start + fade, back), (lowered, lowered, gain))


def _db(power: float) -> Decibels:
    return Decibels(max(10.0 * float(np.log10(max(power, 1e-30))), SILENCE_DB))
