"""A logistic regression and the two figures by which detectors are compared."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
RIDGE = 3.0  # per standardised weight; no figure hangs on it between 1 and 30
NEWTON_STEPS = 20


def logistic(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), dtype=np.float64)


def ridge_logistic(features: Floats, labels: Floats, positive: Collection[int] = ()) -> tuple[Floats, Floats]:
    """Weights (1 + k,), the first for the bias, and the mean of each feature (k,).

    features: (n, k), NaN where missing, which takes the mean. Both labels weigh the same.
    positive: columns whose weight may not be negative.
    """
    usual = np.array(
        [column[np.isfinite(column)].mean() if np.isfinite(column).any() else np.nan for column in features.T]
    )
    centred = np.where(np.isfinite(features), features - usual, 0.0)
    spread = centred.std(axis=0)
    spread[spread == 0] = 1.0
    design = np.concatenate([np.ones((len(centred), 1)), centred / spread], axis=1)
    share = labels.mean()
    importance = np.where(labels > 0, 0.5 / share, 0.5 / (1.0 - share))
    ridge = np.diag([0.0] + [RIDGE] * centred.shape[1])
    free = np.ones(design.shape[1], dtype=bool)
    while True:
        weights = np.zeros(design.shape[1])
        x, penalty = design[:, free], ridge[np.ix_(free, free)]
        for _ in range(NEWTON_STEPS):
            chance = logistic(x @ weights[free])
            curvature = (x * (importance * chance * (1.0 - chance))[:, None]).T @ x + penalty
            slope = x.T @ (importance * (chance - labels)) + penalty @ weights[free]
            weights[free] -= np.linalg.solve(curvature, slope)
        wrong = [k + 1 for k in positive if k + 1 < len(weights) and weights[k + 1] < 0]
        if not wrong:
            return np.concatenate([weights[:1], weights[1:] / spread]), usual
        free[wrong] = False


def area_under_curve(scores: Floats, labels: Floats) -> float:
    """Of the receiver operating characteristic: Mann-Whitney U with ties at half; NaN without both labels."""
    hits, misses = np.sort(scores[labels > 0]), np.sort(scores[labels == 0])
    if not len(hits) or not len(misses):
        return float("nan")
    below = np.searchsorted(misses, hits, side="left") + np.searchsorted(misses, hits, side="right")
    return float(below.sum() / (2.0 * len(hits) * len(misses)))


def sensitivity(scores: Floats, labels: Floats, false_positives: float) -> float:
    """Share of the positive windows above the threshold that this share of the negative ones exceed."""
    if not (labels > 0).any() or not (labels == 0).any():
        return float("nan")
    return float((scores[labels > 0] > np.quantile(scores[labels == 0], 1.0 - false_positives)).mean())
