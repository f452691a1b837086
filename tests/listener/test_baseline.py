"""What is usual: learned from the past only, by hour of the day, robustly."""

import math
import random

import pytest

from player.listener.averages import Average
from player.listener.baseline import Baseline
from player.units import Seconds

HOUR, DAY = 3600.0, 86_400.0


def made(prior: float = 75.0) -> Baseline:
    return Baseline(prior=prior, spread=4.0, prior_s=30.0, tonic=900.0)


def live(baseline: Baseline, level: float, begin: float, seconds: float, step: float = 1.0) -> float:
    noise = random.Random(int(begin))
    at = begin
    while at < begin + seconds:
        baseline.learn(level + noise.gauss(0.0, 2.0), step, Seconds(at))
        at += step
    return at


def test_before_anything_is_known_the_population_serves() -> None:
    assert made().reference(Seconds(0.0)) == 75.0


@pytest.mark.parametrize("level", [50.0, 110.0])
def test_a_person_is_known_within_minutes(level: float) -> None:
    baseline = made()
    live(baseline, level, 0.0, 300.0)
    assert baseline.reference(Seconds(300.0)) == pytest.approx(level, abs=5.0)
    live(baseline, level, 300.0, 900.0)
    assert baseline.reference(Seconds(1200.0)) == pytest.approx(level, abs=2.0)
    assert baseline.spread == pytest.approx(2.0 * math.sqrt(2.0 / math.pi), rel=0.6)


def test_mornings_and_evenings_differ() -> None:
    baseline = made()
    for day in range(10):
        for hour in range(24):
            level = 70.0 if hour < 12 else 90.0
            live(baseline, level, day * DAY + hour * HOUR, HOUR, step=30.0)
    assert baseline.habitual(Seconds(10 * DAY + 8 * HOUR)) == pytest.approx(70.0, abs=3.0)
    assert baseline.habitual(Seconds(10 * DAY + 20 * HOUR)) == pytest.approx(90.0, abs=3.0)


def test_an_hour_never_seen_takes_the_whole_day() -> None:
    baseline = made()
    live(baseline, 80.0, 9 * HOUR, 3 * HOUR, step=10.0)
    assert baseline.habitual(Seconds(DAY + 3 * HOUR)) == pytest.approx(80.0, abs=2.0)


def test_once_habit_is_known_hours_of_restlessness_stay_unusual() -> None:
    baseline = made()
    for day in range(7):
        live(baseline, 70.0, day * DAY, DAY, step=60.0)
    live(baseline, 100.0, 7 * DAY, 2 * HOUR, step=10.0)
    assert baseline.reference(Seconds(7 * DAY + 2 * HOUR)) < 90.0


def test_outliers_hardly_move_it() -> None:
    baseline = made()
    live(baseline, 70.0, 0.0, 1800.0)
    before = baseline.reference(Seconds(1800.0))
    for n in range(10):
        baseline.learn(200.0, 1.0, Seconds(1800.0 + n))
    assert baseline.reference(Seconds(1810.0)) - before < 0.3


def test_after_a_long_gap_the_habit_speaks() -> None:
    baseline = made()
    live(baseline, 70.0, 0.0, 6 * HOUR, step=10.0)
    live(baseline, 95.0, 6 * HOUR, 1200.0, step=10.0)
    baseline.learn(95.0, 8 * HOUR, Seconds(14 * HOUR))
    assert baseline.reference(Seconds(14 * HOUR)) < 90.0


def test_an_average_does_not_depend_on_the_pace_of_readings() -> None:
    quick, slow = Average(100.0), Average(100.0)
    for n in range(300):
        quick.add(1.0 if n >= 200 else 0.0, 1.0)
        if n % 10 == 9:
            slow.add(1.0 if n >= 200 else 0.0, 10.0)
    assert quick.mean == pytest.approx(slow.mean, abs=1e-9)
    assert quick.mean == pytest.approx((1 - math.exp(-1)) / (1 - math.exp(-3)), abs=1e-9)
