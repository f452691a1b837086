"""Gaussian-process regression on ranks: a small model that knows what it does not know."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

FURTHEST: Final = 2.33  # normal score of the 1st and the 99th percentile: more extreme values say no more


class Kernel(Struct, frozen=True, kw_only=True):
    """k(x, y) = linear · x·y / d + radial · exp(−|x − y|² / (2 d length²)) + constant, d features."""

    linear: float
    radial: float
    length: float
    constant: float = 0.1

    def between(self, a: Matrix, b: Matrix) -> Matrix:
        count = a.shape[1]
        squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
        close = np.exp(np.maximum(squared, 0.0) / (-2.0 * count * self.length**2))
        return np.asarray(self.linear / count * (a @ b.T) + self.radial * close + self.constant)

    def at(self, a: Matrix) -> Vector:
        """k(x, x) of each row."""
        return np.asarray(self.linear * (a * a).mean(axis=1) + self.radial + self.constant)


class Ranks:
    """Turns every feature into its normal score among the training examples: no unit, no outlier."""

    def __init__(self, knots: Matrix, weights: Vector | None = None) -> None:
        """knots: quantiles of each feature at evenly spaced probabilities, shape (quantiles, features).

        weights: by which each score is multiplied, shape (features,); None: all count the same.
        """
        self.knots = knots
        self.weights = np.ones(knots.shape[1]) if weights is None else weights
        self._scores = scores(len(knots))

    def __call__(self, features: Matrix) -> Matrix:
        """Shape (n, features) in and out; what is not known (NaN) counts as ordinary."""
        # linear interpolation; for all features at once, which is faster than np.interp for each
        below = (self.knots <= features[:, None]).sum(axis=1) - 1
        at = np.minimum(np.maximum(below, 0), len(self.knots) - 2)
        columns = np.arange(self.knots.shape[1])
        low, high = self.knots[at, columns], self.knots[at + 1, columns]
        part = (features - low) / np.where(high > low, high - low, 1.0)
        part = np.minimum(np.maximum(part, 0.0), 1.0)
        ranked = self._scores[at] + part * (self._scores[at + 1] - self._scores[at])
        return np.asarray(np.nan_to_num(ranked, copy=False) * self.weights)


def scores(count: int) -> Vector:
    """Normal scores of `count` evenly spaced probabilities, cut at ±`FURTHEST`.

    The logistic approximation of the normal quantile (within 0.1 here) needs no special function.
    """
    probabilities = np.clip(np.linspace(0.0, 1.0, count), 1e-9, 1.0 - 1e-9)
    odds = np.log(probabilities / (1.0 - probabilities))
    return np.asarray(np.clip(odds / 1.702, -FURTHEST, FURTHEST))


class GaussianProcess:
    """Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, equations 2.25 and 2.26."""

    def __init__(self, kernel: Kernel, inputs: Matrix, targets: Vector, noise: Vector) -> None:
        """inputs: shape (n, features). targets, noise (variance of each target): shape (n,)."""
        self._kernel, self._inputs = kernel, inputs
        self._mean = float(np.average(targets, weights=1.0 / noise))
        covariance = kernel.between(inputs, inputs)
        covariance[np.diag_indices(len(inputs))] += noise
        inverse = np.linalg.inv(covariance)
        self._weights = inverse @ (targets - self._mean)
        self._inverse = inverse.astype(
            np.float32
        )  # the deviation within 1e-4, in half of the memory and time

    def predict(self, inputs: Matrix) -> tuple[Vector, Vector]:
        """Mean and standard deviation of the function (without the noise of a label), shape (n,) each."""
        alike = self._kernel.between(inputs, self._inputs)
        mean = self._mean + alike @ self._weights
        explained = ((alike.astype(np.float32) @ self._inverse) * alike).sum(axis=1)
        variance = self._kernel.at(inputs) - explained
        return mean, np.sqrt(np.maximum(variance, 0.0))
