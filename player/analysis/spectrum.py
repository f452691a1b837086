"""The short-time spectrum, made once and shared by all meters that need no fine pitch."""

from functools import lru_cache
from typing import Final

import aubio
import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import Framer, Signal, fft_friendly, spectra
from player.units import Hertz, Seconds

HOP: Final = Seconds(0.0232)  # 1,024 samples at 44.1 kHz; the window is twice as long
LOWEST: Final = Hertz(30.0)
HIGHEST: Final = Hertz(11_000.0)  # so that a copy at 22.05 kHz and one at 192 kHz measure the same
MEL_BANDS: Final = 40
TOGETHER: Final = 10  # neighbouring bands found by one product of the bins that they share

Bands = NDArray[np.float32]  # shape (frames, MEL_BANDS): mean square in each band, a full-scale sine is 0.5


class SpectrumAnalyzer:
    """Mel spectra through a Hann window of 46 ms every 23 ms."""

    def __init__(self, rate: int) -> None:
        self.hop = fft_friendly(HOP * rate)
        size = 2 * self.hop
        window = np.hanning(size + 1)[:size]
        # one-sided, so that the bins of a frame add up to its mean square (Parseval)
        self._window = (window * np.sqrt(2.0 * size / (window**2).sum())).astype(np.float32)
        frequencies = np.fft.rfftfreq(size, 1.0 / rate)
        self._used = slice(*np.searchsorted(frequencies, (LOWEST, HIGHEST)))
        self._filters = _grouped(mel_filters(size, rate)[:, self._used])
        self.splice()

    def splice(self) -> None:
        """No frame spans what came and what comes."""
        self._framer = Framer(2 * self.hop, self.hop)

    def push(self, signal: Signal) -> Bands:
        """The frames that are now complete."""
        frames = self._framer.push(signal)
        if not len(frames):
            return np.empty((0, MEL_BANDS), np.float32)
        used = spectra(frames * self._window)[:, self._used]
        powers = np.square(used.real)
        powers += np.square(used.imag)
        bands = np.empty((len(frames), MEL_BANDS), np.float32)
        for group, (bins, filters) in enumerate(self._filters):
            np.matmul(powers[:, bins], filters, out=bands[:, group * TOGETHER : (group + 1) * TOGETHER])
        return bands


def _grouped(filters: NDArray[np.float32]) -> list[tuple[slice, NDArray[np.float32]]]:
    """The bins that each group of bands sees, and its filters, shape (bins, TOGETHER).

    Most of the filter bank is 0: without it the products take a quarter of the time, and for a second of
    frames they are too small for a BLAS library to start its threads.
    """
    groups = []
    for first in range(0, MEL_BANDS, TOGETHER):
        part = filters[first : first + TOGETHER]
        seen = np.flatnonzero(part.any(axis=0))
        bins = slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 1)
        groups.append((bins, part[:, bins].T.copy()))
    return groups


@lru_cache(maxsize=8)
def mel_filters(size: int, rate: int) -> NDArray[np.float32]:
    """Triangles on the mel scale after O'Shaughnessy, shape (MEL_BANDS, size / 2 + 1), summing to 1 per bin.

    aubio draws them, for a rate that holds them all; above the Nyquist frequency of `rate` they are cut off.
    """
    wider = max(1, -(-2 * int(HIGHEST) // rate) + 1)
    bank = aubio.filterbank(MEL_BANDS, wider * size)
    bank.set_norm(0)
    bank.set_triangle_bands(aubio.fvec(mel_edges()), wider * rate)
    return np.asarray(bank.get_coeffs()[:, : size // 2 + 1], dtype=np.float32)


def mel_edges() -> NDArray[np.float64]:
    """Corner frequencies in Hz, MEL_BANDS + 2 of them; band b is centred at edge b + 1."""
    low, high = (1127.0 * np.log1p(hertz / 700.0) for hertz in (LOWEST, HIGHEST))
    return np.asarray(700.0 * np.expm1(np.linspace(low, high, MEL_BANDS + 2) / 1127.0))
