"""Sensory roughness: beating between neighbouring partials."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import Counts, membership
from player.analysis.partials import STRONGEST, Partials
from player.units import Decibels, db_to_amplitude

PARTIALS: Final = STRONGEST // 2  # the strongest of a frame; a tuning constant
FLOOR: Final = Decibels(-40.0)  # partials further below the strongest do not count; a tuning constant
LOW, HIGH = np.triu_indices(PARTIALS, k=1)  # all pairs


class RoughnessMeter:
    """Mean roughness of sounding frames.

    Vassilakis 2001 (thesis, UCLA), equation of Vassilakis & Kendall 2010: for each pair of partials
    (A₁A₂)^0.1 · ½ (2 Amin / (A₁ + A₂))^3.11 · (e^(−3.5 s Δf) − e^(−5.75 s Δf)), s = 0.24 / (0.0207 fmin +
    18.96), here with amplitudes relative to the strongest partial, so that level does not count a second
    time.
    """

    def __init__(self) -> None:
        self._sum = 0.0
        self._frames = 0

    def push(self, partials: Partials, counts: Counts | None = None) -> NDArray[np.float64]:
        """Summed roughness of the frames of each second, and their number, shape (seconds, 2).

        counts: frames of each second; None: all are of one.
        """
        counts = counts or (len(partials.amplitudes),)
        if not len(partials.amplitudes):
            return np.zeros((len(counts), 2))
        frequencies, amplitudes = partials.frequencies[:, -PARTIALS:], partials.amplitudes[:, -PARTIALS:]
        top = amplitudes.max(axis=1, keepdims=True)
        relative = amplitudes / np.where(top > 0.0, top, np.float32(1.0))
        relative *= relative >= db_to_amplitude(FLOOR)
        weights = relative**0.1
        f1, f2 = frequencies.take(LOW, axis=1), frequencies.take(HIGH, axis=1)
        a1, a2 = relative.take(LOW, axis=1), relative.take(HIGH, axis=1)
        scaled = 0.24 / (0.0207 * np.minimum(f1, f2) + 18.96) * np.abs(f1 - f2)
        beating = np.exp(-3.5 * scaled) - np.exp(-5.75 * scaled)
        depth = 2.0 * np.minimum(a1, a2) / np.maximum(a1 + a2, np.float32(1e-9))
        pairs = weights.take(LOW, axis=1) * weights.take(HIGH, axis=1) * depth**3.11 * beating
        roughness = 0.5 * (membership(counts) @ pairs.sum(axis=1))
        self._sum += float(roughness.sum())
        self._frames += len(amplitudes)
        return np.stack((roughness, counts), axis=1)

    def read(self) -> float | None:
        """None before anything sounded."""
        return self._sum / self._frames if self._frames else None
