"""The one form of sound here: 16 kHz, mono, float32, in blocks of 16 ms, taken in chunks of 25."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.units import SAMPLE_RATE, Hertz, Seconds

Mono = NDArray[np.float32]  # shape (samples,)
Power = NDArray[np.float32]  # shape (blocks, BINS), of the spectrum of two blocks, one of them empty

RATE: Final = 16_000  # Hz: voices have what they need below 8 kHz
BLOCK: Final = 256  # samples, 16 ms
BINS: Final = BLOCK + 1  # of the spectrum of two blocks
BLOCK_S: Final = Seconds(BLOCK / RATE)
BLOCKS: Final = 25  # of a chunk: one call of NumPy instead of 25, and nobody waits for the 0.4 s
CHUNK: Final = BLOCKS * BLOCK
BIN_HZ: Final = Hertz(RATE / (2 * BLOCK))
STEP: Final = SAMPLE_RATE // RATE
TAPS: Final = 48  # of the low-pass: 50 dB down from 8.8 kHz


def band(low: float, high: float) -> slice:
    """Bins from `low` to `high` Hz."""
    return slice(round(low / BIN_HZ), round(high / BIN_HZ) + 1)


def mean_squares(samples: Mono, length: int = BLOCK) -> NDArray[np.float32]:
    """Of each `length` samples."""
    parts = samples.reshape(-1, length)
    found: NDArray[np.float32] = np.einsum("bs,bs->b", parts, parts) / np.float32(length)
    return found


def powers(samples: Mono) -> Power:
    """Of each block, zeros before it."""
    padded = np.zeros((len(samples) // BLOCK, 2 * BLOCK), np.float32)
    padded[:, BLOCK:] = samples.reshape(-1, BLOCK)
    spectrum = np.fft.rfft(padded)
    return np.square(spectrum.real) + np.square(spectrum.imag)


def _low_pass() -> NDArray[np.float32]:
    n = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(n * 0.92 / STEP) * np.kaiser(TAPS, 5.0)
    low_pass: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return low_pass


# Every third tap, in halves: NumPy has a fast way for kernels as short as these.
_HALF: Final = TAPS // 2
_PARTS: Final = tuple(
    (first, _low_pass()[first : first // _HALF * _HALF + _HALF : STEP].copy())
    for first in (*range(STEP), *range(_HALF, _HALF + STEP))
)


class Decimator:
    """48 kHz, shape (frames, channels) or (frames,), to 16 kHz mono; blocks of any size."""

    def __init__(self) -> None:
        self._rest: Mono = np.zeros(TAPS - 1, np.float32)

    def push(self, block: NDArray[np.float32]) -> Mono:
        mono = block if block.ndim == 1 else block @ np.full(block.shape[1], 1.0 / block.shape[1], np.float32)
        heard = np.concatenate((self._rest, mono))
        windows = max(len(heard) - TAPS, -1) // STEP + 1
        self._rest = heard[windows * STEP :]
        if not windows:
            return np.zeros(0, np.float32)
        # Only what is kept is computed: each third tap meets each third sample (polyphase).
        found: Mono = np.zeros(windows, np.float32)
        for first, taps in _PARTS:
            last = first + (windows - 1 + len(taps)) * STEP
            found += np.correlate(np.ascontiguousarray(heard[first:last:STEP]), taps)
        return found
