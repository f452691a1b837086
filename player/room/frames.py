"""The one form of sound here: 16 kHz, mono, float32, in blocks of 16 ms."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from player.units import SAMPLE_RATE, Hertz, Seconds

Mono = NDArray[np.float32]  # shape (samples,)
Power = NDArray[np.float32]  # shape (BINS,), of one block

RATE: Final = 16_000  # Hz: voices have what they need below 8 kHz
BLOCK: Final = 256  # samples, 16 ms
BINS: Final = BLOCK + 1  # of the spectrum of two blocks
BLOCK_S: Final = Seconds(BLOCK / RATE)
BIN_HZ: Final = Hertz(RATE / (2 * BLOCK))
STEP: Final = SAMPLE_RATE // RATE
TAPS: Final = 48  # of the low-pass: 50 dB down from 8.8 kHz


def band(low: float, high: float) -> slice:
    """Bins from `low` to `high` Hz."""
    return slice(round(low / BIN_HZ), round(high / BIN_HZ) + 1)


def _low_pass() -> NDArray[np.float32]:
    n = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(n * 0.92 / STEP) * np.kaiser(TAPS, 5.0)
    low_pass: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return low_pass


_LOW_PASS: Final = _low_pass()


class Decimator:
    """48 kHz, shape (frames, channels) or (frames,), to 16 kHz mono; blocks of any size."""

    def __init__(self) -> None:
        self._rest: Mono = np.zeros(TAPS - 1, np.float32)

    def push(self, block: NDArray[np.float32]) -> Mono:
        mono = block if block.ndim == 1 else block.mean(axis=1, dtype=np.float32)
        heard = np.concatenate((self._rest, mono))
        windows = max(len(heard) - TAPS, -1) // STEP + 1
        self._rest = heard[windows * STEP :]
        if not windows:
            return np.zeros(0, np.float32)
        found: Mono = sliding_window_view(heard, TAPS)[: windows * STEP : STEP] @ _LOW_PASS
        return found
