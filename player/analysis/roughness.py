"""Sensory roughness: beating between neighbouring partials."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER, Framer, Signal, fft_friendly
from player.units import Decibels, Hertz, Seconds, db_to_amplitude

WINDOW: Final = Seconds(0.186)  # tells partials 11 Hz apart; shorter ones would leave the beating unresolved
PARTIALS: Final = 16  # the strongest of a frame; a tuning constant
FLOOR: Final = Decibels(-40.0)  # partials further below the strongest do not count; a tuning constant
LOWEST: Final = Hertz(50.0)
HIGHEST: Final = Hertz(5_000.0)


class RoughnessMeter:
    """Mean roughness of sounding frames, one frame every 186 ms.

    Vassilakis 2001 (thesis, UCLA), equation of Vassilakis & Kendall 2010: for each pair of partials
    (A₁A₂)^0.1 · ½ (2 Amin / (A₁ + A₂))^3.11 · (e^(−3.5 s Δf) − e^(−5.75 s Δf)), s = 0.24 / (0.0207 fmin +
    18.96), here with amplitudes relative to the strongest partial, so that level does not count a second
    time.
    """

    def __init__(self, rate: int) -> None:
        size = fft_friendly(WINDOW * rate)
        self._framer = Framer(size, size)
        self._window = np.hanning(size + 1)[:size].astype(np.float32)
        frequencies = np.fft.rfftfreq(size, 1.0 / rate)
        self._band = slice(*np.searchsorted(frequencies, (LOWEST, HIGHEST)))
        self._frequencies = frequencies[self._band].astype(np.float64)
        self._silent = SILENT_POWER * size * float((self._window**2).sum()) / 2.0
        self._pairs = np.triu_indices(PARTIALS, k=1)
        self._sum = 0.0
        self._frames = 0

    def push(self, signal: Signal) -> None:
        frames = self._framer.push(signal)
        if not len(frames):
            return
        powers = np.abs(np.fft.rfft(frames * self._window, axis=1)[:, self._band]) ** 2
        powers = powers[powers.sum(axis=1) > self._silent]
        if not len(powers):
            return
        frequencies, amplitudes = self._partials(powers)
        low, high = self._pairs
        f1, f2 = frequencies[:, low], frequencies[:, high]
        a1, a2 = amplitudes[:, low], amplitudes[:, high]
        scaled = 0.24 / (0.0207 * np.minimum(f1, f2) + 18.96) * np.abs(f1 - f2)
        beating = np.exp(-3.5 * scaled) - np.exp(-5.75 * scaled)
        total = a1 + a2
        depth = 2.0 * np.minimum(a1, a2) / np.where(total > 0.0, total, 1.0)
        self._sum += float(((a1 * a2) ** 0.1 * 0.5 * depth**3.11 * beating).sum())
        self._frames += len(powers)

    def read(self) -> float | None:
        return self._sum / self._frames if self._frames else None

    def _partials(self, powers: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies and amplitudes (0 where there are fewer) of the strongest local maxima."""
        peaks = np.zeros_like(powers)
        inner = powers[:, 1:-1]
        peaks[:, 1:-1] = np.where((inner > powers[:, :-2]) & (inner >= powers[:, 2:]), inner, 0.0)
        strongest = np.argpartition(peaks, -PARTIALS, axis=1)[:, -PARTIALS:]
        amplitudes = np.sqrt(np.take_along_axis(peaks, strongest, axis=1).astype(np.float64))
        top = amplitudes.max(axis=1, keepdims=True)
        amplitudes /= np.where(top > 0.0, top, 1.0)
        amplitudes[amplitudes < db_to_amplitude(FLOOR)] = 0.0
        return np.asarray(self._frequencies[strongest]), amplitudes
