"""Everything about a stretch of a track that can be added: one row of sums for each second."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis import timbre
from player.analysis.loudness import ABSOLUTE_GATE, OFFSET_DB, STEPS_PER_SECOND, Powers, to_lufs
from player.analysis.rhythm import Rhythm
from player.analysis.tonality import PROFILES, UPWARDS
from player.units import Lufs

Row = NDArray[np.float64]  # shape (WIDTH,); of a longer stretch: the sum of its rows

TIMBRE: Final = slice(0, timbre.WIDTH)
LOUDNESS: Final = slice(timbre.WIDTH, timbre.WIDTH + 4)  # steps above the gate, Σ LUFS, Σ², Σ power
ROUGHNESS: Final = slice(LOUDNESS.stop, LOUDNESS.stop + 2)  # Σ, frames
TONES: Final = slice(ROUGHNESS.stop, ROUGHNESS.stop + 36)  # pitch classes, major triads, minor triads from C
WIDTH: Final = TONES.stop

MIN_STEPS: Final = 10  # a second
GATE_POWER: Final = 10.0 ** ((ABSOLUTE_GATE - OFFSET_DB) / 10.0)


def summarise(
    timbre_sums: timbre.Sums, steps: Powers, roughness: NDArray[np.float64], tones: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The rows of some seconds, shape (seconds, WIDTH).

    steps: K-weighted mean squares of 100 ms, of a last shorter second fewer; roughness: shape (seconds, 2);
    tones: shape (seconds, 3, 12), pitch classes, major triads and minor triads from C.
    """
    rows = np.empty((len(timbre_sums), WIDTH))
    rows[:, TIMBRE] = timbre_sums
    powers = np.zeros(len(rows) * STEPS_PER_SECOND)
    powers[: len(steps)] = steps
    audible = powers > GATE_POWER
    levels = (OFFSET_DB + 10.0 * np.log10(np.maximum(powers, GATE_POWER))) * audible
    squares = levels * levels
    summed = np.stack((audible, levels, squares, powers * audible))
    rows[:, LOUDNESS] = summed.reshape(len(summed), -1, STEPS_PER_SECOND).sum(axis=2).T
    rows[:, ROUGHNESS] = roughness
    rows[:, TONES] = tones.reshape(len(rows), -1)
    return rows


def loudness(row: Row) -> Lufs | None:
    """Energy mean above the absolute gate; without the relative gate, which needs every block."""
    count, *_, power = row[LOUDNESS]
    return to_lufs(float(power / count)) if count else None


def describe(rows: Sequence[Row], rhythm: Rhythm) -> NDArray[np.float64]:
    """The features of the affect model, shape (rows, FEATURES); NaN where nothing was measured.

    rhythm: of the whole track. Its tempo is left out: nothing got worse without it, and its octave is unsure.
    """
    beat = (rhythm.pulse_clarity, rhythm.onset_rate, rhythm.percussiveness)
    described = np.empty((len(rows), len(FEATURES)))
    for to, row in zip(described, rows, strict=True):
        to[:] = [*timbre.describe(row[TIMBRE]), *_dynamics(row), *_harmony(row), *beat]
    return described


FEATURES: Final = (
    *timbre.NAMES,
    *("loudness_deviation", "roughness"),
    *("key_clarity", "mode_profile", "mode_triads", "chord_strength", "chroma_flatness"),
    *("pulse_clarity", "onset_rate", "percussiveness"),
)


def _dynamics(row: Row) -> tuple[float, float]:
    """Deviation of the level of 100-ms steps, LU; mean roughness."""
    count, first, second, _ = row[LOUDNESS]
    rough, frames = row[ROUGHNESS]
    roughness = rough / frames if frames else math.nan
    if count < MIN_STEPS:
        return math.nan, roughness
    return math.sqrt(max(second / count - (first / count) ** 2, 1e-6)), roughness


def _harmony(row: Row) -> tuple[float, float, float, float, float]:
    """Clarity of the best key, lead of the best major over the best minor key, and the same of triads."""
    chroma, major, minor = row[TONES].reshape(3, 12)
    total = float(chroma.sum())
    if total <= 0.0:
        return (math.nan,) * 5
    shares = np.sqrt(chroma / total)
    turned = shares[UPWARDS] - shares.mean()
    profiles = PROFILES - PROFILES.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(turned, axis=1) * np.linalg.norm(profiles, axis=1)[:, None]
    best = (profiles @ turned.T / np.maximum(norms, 1e-9)).max(axis=1)
    triads = float(major.sum()), float(minor.sum())
    return (
        float(best.max()),
        float(best[0] - best[1]),
        math.log2((triads[0] + 1e-3 * total) / (triads[1] + 1e-3 * total)),
        (triads[0] + triads[1]) / total,
        float(shares.min() / shares.max()),
    )
