"""Means with intervals for few numbers."""

import math

from msgspec import Struct

# Quantiles 0.975 of Student's t by degrees of freedom, from tables; in between the smaller degree counts.
T975 = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
    12: 2.179, 15: 2.131, 20: 2.086, 25: 2.060, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980,
}  # fmt: skip
LARGE = 10_000  # degrees of freedom from which it is the normal distribution


class Interval(Struct, frozen=True, kw_only=True):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


class Sums:
    """Count, mean and spread of numbers that come one by one (Welford 1962)."""

    def __init__(self) -> None:
        self.n, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        step = value - self.mean
        self.mean += step / self.n
        self._squares += step * (value - self.mean)

    @property
    def variance(self) -> float:
        """Of the sample; infinite for fewer than two numbers."""
        return self._squares / (self.n - 1) if self.n > 1 else math.inf


def interval(sums: Sums) -> Interval | None:
    """By Student's t; None for fewer than two numbers."""
    if sums.n < 2:
        return None
    half = t975(sums.n - 1) * math.sqrt(sums.variance / sums.n)
    return Interval(mean=sums.mean, low=sums.mean - half, high=sums.mean + half)


def difference(a: Sums, b: Sums) -> Interval | None:
    """Mean of `a` less that of `b` (Welch 1947); None when either has fewer than two numbers."""
    if a.n < 2 or b.n < 2:
        return None
    parts = a.variance / a.n, b.variance / b.n
    error = math.sqrt(sum(parts))
    below = parts[0] ** 2 / (a.n - 1) + parts[1] ** 2 / (b.n - 1)
    freedom = sum(parts) ** 2 / below if below > 0.0 else LARGE
    half = t975(max(int(freedom), 1)) * error
    mean = a.mean - b.mean
    return Interval(mean=mean, low=mean - half, high=mean + half)


def t975(freedom: int) -> float:
    if freedom >= LARGE:
        return 1.96
    return T975[max(known for known in T975 if known <= freedom)]
