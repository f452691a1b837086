"""Policies beside each other: means over residents with 95 % intervals, and differences in pairs.

The unit of all chance is the resident: intervals come from a bootstrap over residents, the same resamples
for every policy, for every policy meets the same residents and the same days (common random numbers).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.simulation.measures import DayMeasures

Floats = NDArray[np.float64]
Resamples = NDArray[np.int64]  # residents by number, one row each
Figures = dict[str, "Interval"]
RESAMPLES = 2_000
WEEK = 7  # days
TENTH = 0.1  # share of residents that are the worst off
OURS = "learn"
# Each figure: what is summed, and what it is divided by, over all days of all residents.
FIGURES = {
    "agitation_minutes_per_day": ("agitated", None),
    "relapses_per_day": ("relapses", None),
    "swaps_per_hour": ("swaps", "awake_hours"),
    "harm_events": ("harms", None),  # per day
    "regret": ("regret", "choices"),  # per choice made to soothe
    "music_minutes_per_day": ("played", None),
    "prompts_per_day": ("prompts", None),
}


class Interval(Struct, frozen=True):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


class FirstWeek(Struct, frozen=True):
    """Agitation of the first seven days: of `learn` over the best other policy; below 1 `learn` is better.

    worst_off: the tenth of residents with most agitation under all policies together. own_worst: the worst
    tenth under either policy, each for itself. `best_other` is the best on average, and for `worst_off`
    the best of these residents.
    """

    best_other: str
    mean_ratio: Interval
    worst_off_ratio: Interval
    own_worst_ratio: Interval


class Table:
    """One policy's measures, residents × days."""

    def __init__(self, lives: Sequence[Sequence[DayMeasures]]) -> None:
        names = DayMeasures.__struct_fields__
        cells = np.array([[[getattr(day, name) for name in names] for day in life] for life in lives], float)
        self._of = {name: cells[:, :, k] for k, name in enumerate(names)}
        self._of["awake_hours"] = self._of["awake"] / 60.0

    def per_resident(self, name: str | None, days: int | None = None) -> Floats:
        """Sum over days; None: number of days."""
        cells = self._of["awake"] * 0.0 + 1.0 if name is None else self._of[name]
        total: Floats = cells[:, :days].sum(axis=1)
        return total


def figures(table: Table, resamples: Resamples) -> Figures:
    return {name: _interval(*_ratio(table, name, resamples)) for name in FIGURES}


def differences(ours: Table, other: Table, resamples: Resamples) -> Figures:
    """`other` less `ours`, resident by resident: positive where ours has less."""
    answer = {}
    for name in FIGURES:
        (mean_a, boot_a), (mean_b, boot_b) = (_ratio(table, name, resamples) for table in (ours, other))
        answer[name] = _interval(mean_b - mean_a, boot_b - boot_a)
    return answer


def resampled(residents: int, seed: int) -> Resamples:
    return np.random.default_rng(seed).integers(0, residents, (RESAMPLES, residents))


def first_week(tables: Mapping[str, Table], resamples: Resamples) -> FirstWeek | None:
    """None without `learn` or without another policy."""
    if OURS not in tables or len(tables) < 2:
        return None
    week = {name: table.per_resident("agitated", WEEK) for name, table in tables.items()}
    ours, others = week[OURS], {name: each for name, each in week.items() if name != OURS}
    best = min(others, key=lambda name: float(others[name].mean()))
    count = max(round(TENTH * len(ours)), 1)
    together = np.argsort(-sum(week.values(), np.zeros(len(ours))), kind="stable")[:count]
    best_there = min(others, key=lambda name: float(others[name][together].mean()))
    picks = np.random.default_rng(count).integers(0, count, (RESAMPLES, count))
    return FirstWeek(
        best_other=best,
        mean_ratio=_of_two(ours, others[best], resamples),
        worst_off_ratio=_of_two(ours[together], others[best_there][together], picks),
        own_worst_ratio=_of_two(
            -np.sort(-ours)[:count], min((-np.sort(-o)[:count] for o in others.values()), key=np.sum), picks
        ),
    )


def _ratio(table: Table, name: str, resamples: Resamples) -> tuple[float, Floats]:
    above, below = (table.per_resident(part) for part in FIGURES[name])
    boot: Floats = above[resamples].sum(axis=1) / np.maximum(below[resamples].sum(axis=1), 1e-12)
    return float(above.sum() / max(below.sum(), 1e-12)), boot


def _of_two(above: Floats, below: Floats, resamples: Resamples) -> Interval:
    boot = above[resamples].sum(axis=1) / np.maximum(below[resamples].sum(axis=1), 1e-12)
    return _interval(float(above.sum() / max(below.sum(), 1e-12)), boot)


def _interval(mean: float, boot: Floats) -> Interval:
    low, high = np.quantile(boot, (0.025, 0.975)).tolist()
    return Interval(round(mean, 4), round(low, 4), round(high, 4))
