"""What is measured, on traces made by hand."""

import pytest

from player.simulation.comparison import Table, differences, figures, first_week, resampled
from player.simulation.measures import DayMeasures, Meter


def measured(trace: list[float], alone: list[float] | None = None, *, played: bool = False) -> DayMeasures:
    meter = Meter()
    for minute, (value, without) in enumerate(zip(trace, alone or trace, strict=True)):
        meter.minute(minute, value, without, played=played, upsetting=False)
    return meter.close()


def test_agitated_minutes_are_those_at_or_above_one_half() -> None:
    day = measured([0.2] * 10 + [0.5] * 5 + [0.49] * 10)
    assert (day.awake, day.agitated) == (25, 5)


@pytest.mark.parametrize(("calm", "relapses"), [(10, 1), (30, 1), (31, 0), (60, 0)])
def test_a_relapse_is_a_new_rise_within_half_an_hour(calm: int, relapses: int) -> None:
    assert measured([0.6] * 5 + [0.3] * calm + [0.6] * 5).relapses == relapses


def test_wavering_about_the_limit_is_no_relapse() -> None:
    assert measured([0.51, 0.49] * 10).relapses == 0


def test_harm_is_counted_once_for_each_piece() -> None:
    harmed, unharmed = [0.5] * 5, [0.35] * 5
    assert measured(harmed, unharmed, played=True).harms == 1
    assert measured(harmed, unharmed).harms == 0  # in silence
    meter = Meter()
    for minute in range(4):
        if minute == 2:
            meter.begin_piece()
        meter.minute(minute, 0.5, 0.3, played=True, upsetting=False)
    assert meter.close().harms == 2


def test_an_upsetting_piece_harms_though_nothing_is_seen_yet() -> None:
    meter = Meter()
    meter.minute(0, 0.2, 0.2, played=True, upsetting=True)
    assert meter.close().harms == 1


def test_a_day_begins_with_nothing() -> None:
    meter = Meter()
    meter.minute(0, 0.9, 0.9, played=False, upsetting=False)
    meter.choice(0.4)
    assert meter.close().choices == 1
    assert meter.close() == DayMeasures(0, 0, 0, 0, 0, 0, 0.0, 0, 0)


def day(agitated: int, *, swaps: int = 2, choices: int = 2, regret: float = 0.5) -> DayMeasures:
    return DayMeasures(600, agitated, 1, swaps, 0, choices, regret, 60, 0)


def test_figures_are_means_over_residents_with_intervals() -> None:
    table = Table([[day(60), day(60)], [day(20), day(20)]])
    shown = figures(table, resampled(2, seed=1))
    minutes = shown["agitation_minutes_per_day"]
    assert (minutes.mean, minutes.low, minutes.high) == (40.0, 20.0, 60.0)
    assert shown["swaps_per_hour"].mean == 0.2
    assert shown["regret"].mean == 0.25  # per choice


def test_a_resident_without_choices_has_no_regret_to_divide_by() -> None:
    table = Table([[day(5, choices=0, regret=0.0)]])
    assert figures(table, resampled(1, seed=1))["regret"].mean == 0.0


def test_pairs_take_out_what_differs_between_residents() -> None:
    ours = Table([[day(agitated)] for agitated in (10, 100, 300)])
    other = Table([[day(agitated + 5)] for agitated in (10, 100, 300)])
    minutes = differences(ours, other, resampled(3, seed=1))["agitation_minutes_per_day"]
    assert (minutes.low, minutes.mean, minutes.high) == (5.0, 5.0, 5.0)


def test_the_first_week_is_compared_with_the_best_other_policy() -> None:
    late = [day(1)] * 7 + [day(500)] * 7
    tables = {
        "learn": Table([late] * 3),
        "random-approved": Table([[day(2)] * 14] * 3),
        "staff-order": Table([[day(4)] * 14] * 3),
    }
    week = first_week(tables, resampled(3, seed=1))
    assert week is not None
    assert week.best_other == "random-approved"
    assert week.mean_ratio.mean == 0.5 == week.worst_off_ratio.mean == week.own_worst_ratio.mean


def test_without_ours_there_is_no_first_week_to_judge() -> None:
    assert first_week({"staff-order": Table([[day(1)]])}, resampled(1, seed=1)) is None
