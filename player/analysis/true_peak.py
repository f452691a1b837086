"""True peak after ITU-R BS.1770-4 annex 2: the largest value between the samples."""

from typing import Final

import numpy as np

from player.analysis.framing import product
from player.analysis.k_weighting import Planar
from player.units import Dbtp

TAPS: Final = 16  # per phase: within 0.05 dB up to 0.44 of the sampling rate
KAISER_BETA: Final = 5.0  # a tuning constant, for that band
BLOCK: Final = 32  # samples judged together; a tuning constant
FIRST: Final = 16  # blocks interpolated before the others are compared with them; a tuning constant


def oversampling(rate: int) -> int:
    """At least 4 × 48 kHz is what the standard asks for; above that the samples lie dense enough."""
    return 4 if rate < 96_000 else 2 if rate < 192_000 else 1


def interpolator(factor: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Windowed sinc, shape (factor − 1, TAPS): the values between two samples, of unit gain at 0 Hz."""
    offset = np.arange(1, factor)[:, None] / factor
    position = np.arange(TAPS)[None, :] - (TAPS // 2 - 1) - offset
    inside = np.clip(1.0 - (position / (TAPS / 2)) ** 2, 0.0, None)
    taps = np.sinc(position) * np.i0(KAISER_BETA * np.sqrt(inside))
    return np.asarray(taps / taps.sum(axis=1, keepdims=True))


class TruePeakMeter:
    """Largest magnitude so far. Only blocks that could exceed it are interpolated: the result is the same."""

    def __init__(self, rate: int, channels: int) -> None:
        factor = oversampling(rate)
        self._past = np.zeros((channels, TAPS - 1), dtype=np.float32)
        self.magnitude = 0.0
        self._bound = 0.0  # no interpolated value exceeds this times the largest sample around it
        if factor > 1:
            taps = interpolator(factor)
            self._bound = float(np.abs(taps).sum(axis=1).max())
            kernel = np.zeros((BLOCK + TAPS - 1, BLOCK, factor - 1))
            for i in range(BLOCK):
                kernel[i : i + TAPS, i] = taps.T
            self._kernel = kernel.reshape(BLOCK + TAPS - 1, -1).astype(np.float32)

    def push(self, planar: Planar) -> None:
        self.magnitude = max(self.magnitude, float(np.abs(planar).max()))
        if self._bound == 0.0:
            return
        joined = np.concatenate((self._past, planar), axis=1)
        self._past = joined[:, planar.shape[1] :].copy()
        blocks = -(-planar.shape[1] // BLOCK)
        padded = np.zeros((len(planar), (blocks + 1) * BLOCK), dtype=np.float32)
        padded[:, : joined.shape[1]] = joined
        windows = np.lib.stride_tricks.sliding_window_view(padded, BLOCK + TAPS - 1, axis=1)[:, ::BLOCK][
            :, :blocks
        ]
        # a window reaches into the next block
        largest = np.abs(padded).reshape(len(planar), blocks + 1, BLOCK).max(axis=2)
        largest = np.maximum(largest[:, :-1], largest[:, 1:])
        threshold = np.partition(largest, -FIRST, axis=None)[-FIRST] if largest.size > FIRST else 0.0
        self._interpolate(windows[largest >= threshold])
        self._interpolate(windows[(largest < threshold) & (largest * self._bound > self.magnitude)])

    def flush(self) -> None:
        """The values behind the last sample."""
        if self._bound:
            self.push(np.zeros((len(self._past), TAPS - 1), dtype=np.float32))

    def read(self) -> Dbtp | None:
        return Dbtp(20.0 * float(np.log10(self.magnitude))) if self.magnitude > 0.0 else None

    def _interpolate(self, windows: Planar) -> None:
        if len(windows):
            self.magnitude = max(self.magnitude, float(np.abs(product(windows, self._kernel)).max()))
