"""Conditional logit: which of several alternatives is right, given what speaks for each."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS = 50


def fit(inputs: Floats, right: NDArray[np.int64], importance: Floats, penalty: Floats) -> Floats:
    """Weights (features,) by Newton's method with a quadratic penalty on each of them.

    inputs: shape (examples, alternatives, features). right: the alternative that was, for each example.
    McFadden, "Conditional logit analysis of qualitative choice behavior", 1974. Of two alternatives, one of
    them all zeros, it is logistic regression.
    """
    size = inputs.shape[2]
    found = np.zeros(size)
    chosen = inputs[np.arange(len(right)), right]
    for _ in range(STEPS):
        odds = probabilities(inputs, found)
        expected = np.einsum("nk,nkd->nd", odds, inputs)
        slope = ((chosen - expected) * importance[:, None]).sum(axis=0) - penalty * found
        weighted = (inputs * (odds * importance[:, None])[:, :, None]).reshape(-1, size)
        bend = weighted.T @ inputs.reshape(-1, size) - (expected * importance[:, None]).T @ expected
        step = np.linalg.solve(bend + np.diag(penalty), slope)
        found += step
        if np.abs(step).max() < 1e-6:
            break
    return found


def probabilities(inputs: Floats, weights: Floats) -> Floats:
    """Of each alternative, shape (examples, alternatives)."""
    scores = inputs @ weights
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))
