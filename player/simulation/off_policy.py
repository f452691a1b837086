"""What another policy would have earned, from the logged decisions of one that explored.

IPS: Horvitz & Thompson 1952; self-normalised: Swaminathan & Joachims 2015; doubly robust: Dudík, Langford &
Li 2011. All need propensities that are really those of the logging policy, and some chance in it for
whatever the target policy would do: what was never tried cannot be judged.
"""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Logged(Struct, frozen=True, kw_only=True):
    """One logged choice, seen by a target policy and by a model of the reward.

    target: probability with which the target policy would have chosen the same. predicted: the model's
    reward of the logged choice. expected: its mean over what the target policy would choose.
    """

    propensity: float  # (0, 1]
    reward: float
    target: float
    predicted: float = 0.0
    expected: float = 0.0


class Estimate(Struct, frozen=True, kw_only=True):
    """Mean reward of the target policy. effective: sample size that is left of so many unequal weights."""

    value: float
    standard_error: float
    effective: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by the normal approximation."""
        half = 1.96 * self.standard_error
        return self.value - half, self.value + half


class Judged(Struct, frozen=True, kw_only=True):
    ips: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate


def evaluate(records: Sequence[Logged], largest_weight: float = math.inf) -> Judged | None:
    """None without records. largest_weight: larger ones are cut, which trades variance for bias."""
    if not records:
        return None
    propensity, reward, target, predicted, expected = np.array(
        [(r.propensity, r.reward, r.target, r.predicted, r.expected) for r in records]
    ).T
    weight = np.minimum(target / propensity, largest_weight)
    squares = float((weight**2).sum())
    effective = float(weight.sum()) ** 2 / squares if squares > 0.0 else 0.0
    return Judged(
        ips=_mean(weight * reward, effective),
        self_normalised=_self_normalised(weight, reward, effective),
        doubly_robust=_mean(expected + weight * (reward - predicted), effective),
    )


def _mean(each: Floats, effective: float) -> Estimate:
    spread = float(each.std(ddof=1)) if len(each) > 1 else math.inf
    return Estimate(
        value=float(each.mean()), standard_error=spread / math.sqrt(len(each)), effective=effective
    )


def _self_normalised(weight: Floats, reward: Floats, effective: float) -> Estimate:
    """Σ wr / Σ w, with the standard error of a ratio (delta method); unknown when nothing agrees."""
    total = float(weight.sum())
    if total <= 0.0:
        return Estimate(value=math.nan, standard_error=math.inf, effective=0.0)
    value = float((weight * reward).sum()) / total
    error = math.sqrt(float((weight**2 * (reward - value) ** 2).sum())) / total
    return Estimate(value=value, standard_error=error, effective=effective)
