"""A first calmness from acoustic features: the index of SCIENCE.md, not a fitted model."""

import math
from typing import Final

import numpy as np
from msgspec import Struct

from player.analysis.rhythm import fold_tempo
from player.model import Affect, TrackFeatures
from player.units import Seconds


class _Term(Struct, frozen=True):
    """How much one feature lowers the index: weight × (value − mean) / deviation."""

    weight: float
    mean: float
    deviation: float


# Weights: own judgement, ordered by the evidence (loudness Dean 2011, percussiveness van der Zwaag 2011,
# brightness and pulse Salakka 2021). All other figures here were measured with this analyser,
# FEATURES_VERSION 1, over 320 one-minute recordings of the Emotify set (Aljanaki 2015); its labels took
# part in MODEL_SE alone.
LOUDNESS: Final = _Term(0.35, -14.37, 3.61)  # integrated, LUFS, before normalising
ONSETS: Final = _Term(0.125, 3.43, 1.59)  # 1/s
FLUX: Final = _Term(0.125, 0.233, 0.045)
TEMPO: Final = _Term(0.15, 73.2, 15.0)  # BPM, folded to 50-110; counts as far as it is sure
BRIGHTNESS: Final = _Term(0.10, 9.23, 0.62)  # log2 of the centroid in Hz
RISE: Final = _Term(0.10, 6.2, 5.1)  # LU
ROUGHNESS: Final = _Term(0.05, 0.43, 0.16)
WIDEST: Final = 3.0  # a |z| beyond that says no more: the deviations are of ordinary music

INDEX_MEDIAN: Final = -0.052
INDEX_DEVIATION: Final = 0.508
# A logistic with the deviation of the index: calmness is about the share of the corpus that is livelier.
SCALE: Final = INDEX_DEVIATION * math.sqrt(3.0) / math.pi

LEAST_HEARD: Final = Seconds(3.0)
# From what was heard so far to the whole minute the index falls, for music begins softly and the largest
# rise only grows. Seconds heard, mean fall, deviation of the fall; beyond 30 s the deviation is taken as ∝
# 1/√time.
CHANGE: Final = (
    (3.0, 0.45, 0.49),
    (5.0, 0.50, 0.44),
    (10.0, 0.38, 0.35),
    (20.0, 0.23, 0.25),
    (30.0, 0.15, 0.18),
    (60.0, 0.0, 0.13),
)
# Root mean square difference between calmness and the rank of the listeners' label among the 320 (their
# correlation is 0.48): what the index cannot know.
MODEL_SE: Final = 0.305
UNKNOWN_VALENCE_SE: Final = 1.0 / math.sqrt(3.0)  # of a value that may be anything in [−1, 1]


def estimate_affect(features: TrackFeatures) -> Affect | None:
    """Calmness, 0.5 the median of the reference corpus; arousal, the same on [−1, 1]; valence, not known yet.

    None within the first 3 s and for what has no loudness (silence). A feature that is not known counts as
    ordinary and widens the standard error. What the index is expected to lose later in a piece is taken off
    at once, so that an unknown piece does not look calmer than it will turn out.
    """
    if features.heard < LEAST_HEARD or features.integrated_loudness is None:
        return None
    tempo = None if features.tempo is None else fold_tempo(features.tempo)
    centroid = features.spectral_centroid
    fall, deviation = _change_after(features.heard)
    index, variance = -fall, deviation**2
    for term, value, sure in (
        (LOUDNESS, features.integrated_loudness, 1.0),
        (ONSETS, features.onset_rate, 1.0),
        (FLUX, features.spectral_flux, 1.0),
        (TEMPO, tempo, features.tempo_confidence),
        (BRIGHTNESS, None if centroid is None else math.log2(max(centroid, 1.0)), 1.0),
        (RISE, features.largest_rise, 1.0),
        (ROUGHNESS, features.roughness, 1.0),
    ):
        known = 0.0 if value is None else sure
        variance += (term.weight * (1.0 - known)) ** 2
        if value is not None:
            z = (value - term.mean) / term.deviation
            index -= known * term.weight * max(-WIDEST, min(WIDEST, z))
    calmness = 1.0 / (1.0 + math.exp(-(index - INDEX_MEDIAN) / SCALE))
    slope = calmness * (1.0 - calmness) / SCALE
    calmness_se = math.hypot(MODEL_SE, slope * math.sqrt(variance))
    return Affect(
        arousal=1.0 - 2.0 * calmness,
        arousal_se=2.0 * calmness_se,
        valence=0.0,
        valence_se=UNKNOWN_VALENCE_SE,
        calmness=calmness,
        calmness_se=calmness_se,
    )


def _change_after(heard: Seconds) -> tuple[float, float]:
    """Mean and deviation of the fall still to come, interpolated over log time."""
    times, falls, deviations = zip(*CHANGE, strict=True)
    at, table = math.log(heard), np.log(times)
    later = min(1.0, math.sqrt(times[-1] / heard))
    return float(np.interp(at, table, falls)), later * float(np.interp(at, table, deviations))
