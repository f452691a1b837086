"""Brightness and change of the short-time spectrum."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER, Framer, Signal, fft_friendly
from player.units import Hertz, Seconds

HOP: Final = Seconds(0.0232)  # 1,024 samples at 44.1 kHz; the window is twice as long
LOWEST: Final = Hertz(30.0)
HIGHEST: Final = Hertz(11_000.0)  # so that a copy at 22.05 kHz and one at 192 kHz measure the same


class SpectrumMeter:
    """Centroid and flux over a Hann window of 46 ms every 23 ms."""

    def __init__(self, rate: int) -> None:
        hop = fft_friendly(HOP * rate)
        size = 2 * hop
        self._framer = Framer(size, hop)
        self._window = np.hanning(size + 1)[:size].astype(np.float32)
        frequencies = np.fft.rfftfreq(size, 1.0 / rate)
        self._band = slice(*np.searchsorted(frequencies, (LOWEST, HIGHEST)))
        self._frequencies = frequencies[self._band].astype(np.float32)
        # sum of |X|² over the band for a signal of that mean square (Parseval)
        self._silent = SILENT_POWER * size * float((self._window**2).sum()) / 2.0
        self._last: NDArray[np.float32] | None = (
            None  # normalised magnitudes of the last frame, if it sounded
        )
        self._centroids = self._flux = 0.0
        self._frames = self._changes = 0

    def push(self, signal: Signal) -> None:
        frames = self._framer.push(signal)
        if not len(frames):
            return
        spectra = np.fft.rfft(frames * self._window, axis=1)[:, self._band]
        powers = spectra.real**2 + spectra.imag**2
        totals = powers.sum(axis=1)
        sounding = totals > self._silent
        self._frames += int(sounding.sum())
        self._centroids += float(
            ((powers * self._frequencies).sum(axis=1)[sounding] / totals[sounding]).sum(dtype=np.float64)
        )
        magnitudes = np.sqrt(powers)
        sums = magnitudes.sum(axis=1, keepdims=True)
        magnitudes /= np.where(sums > 0.0, sums, 1.0)
        if self._last is not None:
            magnitudes = np.concatenate((self._last[None], magnitudes))
            sounding = np.concatenate((np.array([True]), sounding))
        both = sounding[1:] & sounding[:-1]
        # the rises and the falls of a normalised spectrum are equally large, so half of both is the rise
        changes = 0.5 * np.abs(np.diff(magnitudes, axis=0)).sum(axis=1)
        self._flux += float(changes[both].sum(dtype=np.float64))
        self._changes += int(both.sum())
        self._last = magnitudes[-1].copy() if sounding[-1] else None

    def centroid(self) -> Hertz | None:
        """Mean over sounding frames of Σ f·P / Σ P, within 30 Hz to 11 kHz."""
        return Hertz(self._centroids / self._frames) if self._frames else None

    def flux(self) -> float | None:
        """Mean half-wave rectified difference of successive magnitude spectra of unit sum, 0-1."""
        return self._flux / self._changes if self._changes else None
