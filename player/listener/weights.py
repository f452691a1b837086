"""Weights of the arousal model, and where each comes from.

Fitted by `python -m tests.bench.evidence --fit` on 23 healthy adults with a wristband (Stress-Predict
data set, MIT licence: Stroop test, interview and hyperventilation against rest): a proxy for arousal,
not for agitation in dementia. Terms without a provenance there are guesses and say so.
"""

from msgspec import Struct

from player.model import Quantity


class Term(Struct, frozen=True, kw_only=True):
    """A feature adds `weight · (value − usual)` to the log-odds.

    usual: mean of the feature over calm and arousal, so that a missing feature is neutral.
    """

    weight: float
    usual: float


BIAS = -0.348

TERMS: dict[str, Term] = {
    "eda_level": Term(weight=2.243, usual=0.089),
    "eda_recovery": Term(weight=1.960, usual=-0.096),
    "heart_level": Term(weight=0.743, usual=-0.048),
    "heart_variability": Term(weight=0.691, usual=0.017),
    "respiration_variability": Term(weight=-0.839, usual=0.058),
    "temperature_variability": Term(weight=-1.225, usual=0.036),
    "activity": Term(weight=0.953, usual=0.370),  # fitted on its size; may not be negative
    "hrv_level": Term(weight=-0.5, usual=0.0),  # a guess: vagal tone falls with arousal, less sure than rate
    "sound_level": Term(weight=0.7, usual=0.0),  # a guess: a raised voice counts like a raised heart rate
}

# Log-odds of what was heard just now, by evidence 0-1 from `LEAST_EVENT` on; guesses. A voice alone: nothing.
EVENTS: dict[Quantity, float] = {
    Quantity.SOUND_EVENT: 0.5,  # a cry or a knock
    Quantity.SHOUT: 1.5,
    Quantity.REPETITIVE_CALL: 1.0,
}
LEAST_EVENT = 0.5

# Youden's index (sensitivity + specificity − 1 at even odds) of each quantity alone in people left out,
# by the same command; the last three are guesses.
TRUST: dict[Quantity, float] = {
    Quantity.EDA: 0.43,
    Quantity.HEART_RATE: 0.21,
    Quantity.SKIN_TEMPERATURE: 0.16,
    Quantity.MOVEMENT: 0.06,
    Quantity.RESPIRATION: 0.02,
    Quantity.HEART_RATE_VARIABILITY: 0.05,
    Quantity.SOUND_LEVEL: 0.1,
    Quantity.SOUND_EVENT: 0.1,
    Quantity.SHOUT: 0.1,
    Quantity.REPETITIVE_CALL: 0.1,
}
