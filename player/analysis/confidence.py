"""How much of the truth about a whole track is known after a part of it."""

import math
from typing import Final

from player.model import TrackFeatures

HEARD: Final = (5.0, 10.0, 20.0, 60.0)  # seconds
# Rank correlation of the value after `HEARD` seconds with that of the whole, among recordings that went on:
# `python -m tests.evaluate.anytime --table` over Emotify's 320 of a minute and 41 longer pieces, which alone
# make the last column.
MEASURED: Final[dict[str, tuple[float, float, float, float]]] = {
    "calmness": (0.66, 0.72, 0.72, 0.72),
    "arousal": (0.60, 0.60, 0.60, 0.60),
    "valence": (0.29, 0.29, 0.29, 0.29),
    "integrated_loudness": (0.57, 0.68, 0.68, 0.68),
    "loudness_range": (0.19, 0.50, 0.50, 0.50),
    "largest_rise": (0.00, 0.33, 0.61, 0.64),
    "true_peak": (0.36, 0.48, 0.48, 0.48),
    "onset_rate": (0.60, 0.76, 0.80, 0.80),
    "onset_strength": (0.57, 0.57, 0.57, 0.57),
    "pulse_clarity": (0.57, 0.57, 0.57, 0.57),
    "percussiveness": (0.58, 0.62, 0.62, 0.62),
    "felt_pulse": (0.26, 0.26, 0.26, 0.26),
    "spectral_centroid": (0.69, 0.80, 0.84, 0.84),
    "spectral_flux": (0.77, 0.82, 0.85, 0.85),
    "spectral_flatness": (0.72, 0.72, 0.72, 0.72),
    "spectral_rolloff": (0.69, 0.79, 0.86, 0.86),
    "low_energy": (0.66, 0.79, 0.88, 0.88),
    "mid_energy": (0.71, 0.81, 0.88, 0.88),
    "high_energy": (0.68, 0.68, 0.68, 0.68),
    "fluctuation": (0.81, 0.86, 0.90, 0.90),
    "roughness": (0.70, 0.81, 0.90, 0.91),
    "key_clarity": (0.49, 0.59, 0.59, 0.59),
}


def confidences(features: TrackFeatures, duration: float | None = None) -> dict[str, float]:
    """0-1 for each feature: 1 once the whole track of `duration` seconds was heard, 0 for what is unknown.

    Before, how well the value after as long was found to order recordings as their whole does, interpolated
    over the logarithm of time. Tempo, key and speech have a confidence of their own.
    """
    heard = float(features.heard)
    whole = duration is not None and heard >= 0.98 * duration
    found = {}
    for name, row in MEASURED.items():
        owner = features.affect if name in ("calmness", "arousal", "valence") else features
        known = owner is not None and getattr(owner, name) is not None
        found[name] = 0.0 if not known else 1.0 if whole else _settled(row, heard)
    found["felt_pulse"] *= features.tempo_confidence  # an octave of a tempo is no surer than the tempo
    return found


def _settled(row: tuple[float, ...], heard: float) -> float:
    if heard <= HEARD[0]:
        return row[0] * heard / HEARD[0]
    for i in range(1, len(HEARD)):
        if heard <= HEARD[i]:
            part = math.log(heard / HEARD[i - 1]) / math.log(HEARD[i] / HEARD[i - 1])
            return row[i - 1] + part * (row[i] - row[i - 1])
    return 1.0 - (1.0 - row[-1]) * HEARD[-1] / heard  # what is not settled shrinks as 1 / time
