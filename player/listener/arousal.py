"""A small additive model: departures from what is usual → log-odds of arousal, term by term."""

import math
from collections.abc import Mapping

from player.listener.signal import Signal
from player.listener.weights import BIAS, TERMS
from player.model import Quantity

Features = Mapping[str, float]

# name of the feature → quantity that it is made of
FEATURES: dict[str, Quantity] = {
    "eda_level": Quantity.EDA,
    "eda_recovery": Quantity.EDA,
    "heart_level": Quantity.HEART_RATE,
    "heart_variability": Quantity.HEART_RATE,
    "hrv_level": Quantity.HEART_RATE_VARIABILITY,
    "respiration_variability": Quantity.RESPIRATION,
    "temperature_variability": Quantity.SKIN_TEMPERATURE,
    "activity": Quantity.MOVEMENT,
    "sound_level": Quantity.SOUND_LEVEL,
}


def exertion(movement: Signal | None) -> float:
    """Factor on levels of heart rate and skin conductance while the movement is unsteady.

    What the muscles ask for is no emotion: the idea of Myrtek's "additional heart rate".
    """
    unsteady = movement.variability if movement is not None else None
    return 1.0 if unsteady is None else math.exp(-unsteady)


def features(signal: Signal, factor: float, sign: float) -> dict[str, float]:
    """What one signal says, each about −2.7 to 2.7; a feature that cannot be told is left out.

    factor: of `exertion`. sign: learned sense of activity, −1 to 1; at 0 only its size counts.
    """
    level, unsteady = signal.level, signal.variability
    match signal.quantity:
        case Quantity.EDA:
            return {"eda_level": level * factor, "eda_recovery": signal.recovery}
        case Quantity.HEART_RATE:
            found = {"heart_level": level * factor}
            return found if unsteady is None else {**found, "heart_variability": unsteady}
        case Quantity.HEART_RATE_VARIABILITY:
            return {"hrv_level": level}
        case Quantity.RESPIRATION:
            return {} if unsteady is None else {"respiration_variability": unsteady}
        case Quantity.SKIN_TEMPERATURE:
            return {} if unsteady is None else {"temperature_variability": unsteady}
        case Quantity.MOVEMENT:
            return {"activity": (1.0 - abs(sign)) * abs(level) + sign * level}
        case _:
            return {"sound_level": max(level, 0.0)}  # a silent room is no sign of calm


def contribution(found: Features) -> float:
    """Log-odds that features add; a missing one adds nothing: it is neither calm nor restless."""
    added = 0.0
    for name, value in found.items():
        term = TERMS[name]
        added += term.weight * (value - term.usual)
    return added


def log_odds(added: float) -> float:
    """Of arousal, where arousal and calm are equally likely beforehand."""
    return BIAS + added


def logistic(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -30.0), 30.0)))
