"""Figures with their intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.rates import area_under_curve

Array = NDArray[Any]
DRAWS = 1_000


def correlation(a: Array, b: Array) -> float:
    """Pearson's r."""
    return float(np.corrcoef(a, b)[0, 1])


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's ρ."""
    return correlation(ranks(a), ranks(b))


def ranks(values: Array) -> Array:
    """From 1, ties share their mean."""
    order = np.sort(values)
    return np.asarray(
        (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") + 1) / 2.0
    )


def auc(scores: Array, labels: Array) -> float:
    """Probability that a track above the median label has a higher score than one below (Mann-Whitney)."""
    return area_under_curve(scores, labels > np.median(labels))


def mean(values: Array) -> float:
    """Of truths: their share."""
    return float(np.mean(values))


def interval(
    figure: Callable[..., float], *columns: Array, groups: Array | None = None, seed: int = 1
) -> str:
    """`figure` of the columns with its 95 % bootstrap interval, whole groups drawn at a time."""
    generator = np.random.default_rng(seed)
    names = np.arange(len(columns[0])) if groups is None else groups
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    drawn = []
    for _ in range(DRAWS):
        chosen = np.concatenate([members[i] for i in generator.integers(0, len(members), len(members))])
        drawn.append(figure(*(column[chosen] for column in columns)))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return f"{figure(*columns):.3f} [{low:.3f}, {high:.3f}]"
