"""True peak after ITU-R BS.1770-4 annex 2: the largest value between the samples."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import product
from player.analysis.k_weighting import Planar
from player.units import Dbtp

TAPS: Final = 16  # per phase: within 0.05 dB up to 0.44 of the sampling rate
KAISER_BETA: Final = 5.0  # a tuning constant, for that band
BLOCK: Final = 512  # samples judged together; a tuning constant
PART: Final = 64  # samples interpolated by one product; a tuning constant
FIRST: Final = 2  # blocks interpolated before the others are compared with them; a tuning constant
ROUNDING: Final = 1.0 + 1e-5  # of single precision, on the safe side


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


def bound(taps: NDArray[np.float64]) -> tuple[float, float]:
    """No value between the samples exceeds a × their largest magnitude + b × that of their second difference.

    A value is that on the straight line between its two neighbours, which the larger one bounds, plus what
    the taps add to it. Those additions sum to 0, and but for a small rest they are a filter behind the
    second difference (summation by parts, twice): music changes slowly, so they are small.
    """
    factor = len(taps) + 1
    added = taps.copy()
    share = np.arange(1, factor) / factor
    added[:, TAPS // 2 - 1] -= 1.0 - share
    added[:, TAPS // 2] -= share
    behind = np.cumsum(np.cumsum(added, axis=1), axis=1)
    # the rest stays at the last two samples
    rest = np.stack((behind[:, -2] - behind[:, -1] + added.sum(axis=1), behind[:, -2]), axis=1)
    by_curve = np.abs(behind[:, :-2]).sum(axis=1).max()
    return float(1.0 + np.abs(rest).sum(axis=1).max()), float(by_curve)


@cache
def _kernel(factor: int) -> tuple[float, float, NDArray[np.float32]]:
    """`bound`, and the interpolation of `PART` samples, shape (PART + TAPS − 1, PART × (factor − 1))."""
    taps = interpolator(factor)
    kernel = np.zeros((PART + TAPS - 1, PART, factor - 1))
    for i in range(PART):
        kernel[i : i + TAPS, i] = taps.T
    return *bound(taps), kernel.reshape(PART + TAPS - 1, -1).astype(np.float32)


class TruePeakMeter:
    """Largest magnitude so far. Only blocks that could exceed it are interpolated: the result is the same."""

    def __init__(self, rate: int, channels: int) -> None:
        factor = oversampling(rate)
        self._past = np.zeros((channels, TAPS - 1), dtype=np.float32)
        self.magnitude = 0.0
        self._interpolated = factor > 1
        if self._interpolated:
            self._by_size, self._by_curve, self._kernel = _kernel(factor)
            # kept, because fetching fresh memory for them would cost as much as the work
            shape = (3, channels, (-(-rate // BLOCK) + 1) * BLOCK)
            self._scratch = np.zeros(shape, dtype=np.float32)

    def push(self, planar: Planar) -> None:
        """At most one second, shape (channels, samples), not empty."""
        if not self._interpolated:
            self.magnitude = max(self.magnitude, float(planar.max()), -float(planar.min()))
            return
        past, new = self._past, planar.shape[1]
        blocks = -(-new // BLOCK)
        samples = new + TAPS - 1
        padded, slope, curve = self._scratch[:, :, : (blocks + 1) * BLOCK]
        padded[:, : TAPS - 1] = past
        padded[:, TAPS - 1 : samples] = planar
        padded[:, samples:] = 0.0
        self._past = padded[:, new:samples].copy()
        sizes = _per_block(np.abs(padded, out=slope))
        largest = float(sizes.max())  # of the last few samples again, and of these
        self.magnitude = max(self.magnitude, largest)
        # no second difference is more than four times the largest sample
        everywhere = largest * (self._by_size + 4.0 * self._by_curve)
        if everywhere * ROUNDING <= self.magnitude:
            return
        np.subtract(padded[:, 1:], padded[:, :-1], out=slope[:, 1:])
        np.subtract(slope[:, 2:], slope[:, 1:-1], out=curve[:, 1:-1])
        np.abs(curve, out=curve)
        limit = self._by_curve * _per_block(curve)
        limit += self._by_size * sizes
        limit *= ROUNDING
        limit = np.maximum(limit[:, :-1], limit[:, 1:])  # a window reaches into the next block
        if limit.max() <= self.magnitude:
            return
        windows = np.lib.stride_tricks.sliding_window_view(padded, BLOCK + TAPS - 1, axis=1)[
            :, : blocks * BLOCK : BLOCK
        ]
        # of the last block only what is known: the rest would lie between samples and the silence behind them
        last, known = limit[:, -1] > self.magnitude, new - (blocks - 1) * BLOCK
        self._interpolate(windows[:, -1][last], known)
        limit, windows = limit[:, :-1], windows[:, :-1]
        threshold = np.partition(limit, -FIRST, axis=None)[-FIRST] if limit.size > FIRST else 0.0
        self._interpolate(windows[limit >= threshold])
        self._interpolate(windows[(limit < threshold) & (limit > self.magnitude)])

    def splice(self) -> None:
        """What follows did not follow in the recording: no value lies between the two."""
        self.flush()
        self._past[:] = 0.0

    def flush(self) -> None:
        """The values behind the last sample."""
        if self._interpolated:
            self.push(np.zeros((len(self._past), TAPS - 1), dtype=np.float32))

    def read(self) -> Dbtp | None:
        return Dbtp(20.0 * float(np.log10(self.magnitude))) if self.magnitude > 0.0 else None

    def _interpolate(self, windows: Planar, known: int = BLOCK) -> None:
        """windows: one for each block, with the samples before it; of it the first `known` places count."""
        if len(windows):
            parts = np.lib.stride_tricks.sliding_window_view(windows, PART + TAPS - 1, axis=1)[:, ::PART]
            values = product(parts.reshape(-1, PART + TAPS - 1), self._kernel)
            values = values.reshape(len(windows), BLOCK, -1)[:, :known]
            self.magnitude = max(self.magnitude, float(values.max()), -float(values.min()))


def _per_block(magnitudes: Planar) -> Planar:
    return np.asarray(np.maximum.reduce(magnitudes.reshape(len(magnitudes), -1, BLOCK), axis=2))
