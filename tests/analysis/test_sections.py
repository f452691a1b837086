"""Blocks, curves and sections, with a stand-in for the fitted model."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from player.analysis.affect import LEAST_HEARD
from player.analysis.sections import MOST, curve, sections
from player.analysis.summary import LOUDNESS, WIDTH, Row
from player.analysis.timeline import MOST_BLOCKS, Timeline
from player.model import Affect
from player.units import Seconds


class Told:
    """Says the arousal that `row` carries in its last column, averaged over its frames."""

    def estimate(self, features: np.ndarray, heard: Sequence[Seconds]) -> list[Affect]:
        assert len(heard) == len(features)
        assert min(heard) >= LEAST_HEARD
        return [
            Affect(
                arousal=float(value),
                arousal_se=0.1,
                valence=0.0,
                valence_se=0.5,
                calmness=0.5,
                calmness_se=0.2,
            )
            for value in features[:, 0]
        ]


def told(rows: Sequence[Row]) -> np.ndarray:
    return np.array([[row[-1] / row[0]] for row in rows])


def timeline(levels: Sequence[float | None]) -> Timeline:
    """A second of each arousal; None is silence."""
    track = Timeline()
    for level in levels:
        row = np.zeros(WIDTH)
        if level is not None:
            row[0], row[-1] = 43.0, 43.0 * level
            row[LOUDNESS] = 10.0, -200.0, 4_000.0, 10.0 * 10.0 ** (-2.0 + 0.0691)
        track.push(row, Seconds(1.0))
    return track


def test_a_calm_song_with_a_crashing_coda_is_two_sections() -> None:
    found = sections(timeline([-0.5] * 120 + [0.8] * 30).stretches(), told, Told())  # type: ignore[arg-type]
    assert found[0].affect.arousal == pytest.approx(-0.5, abs=0.05)
    assert found[-1].affect.arousal > 0.7
    assert found[-1].begin == pytest.approx(120.0, abs=10.0)
    assert found[0].loudness == pytest.approx(-20.0, abs=0.01)
    assert (found[0].begin, found[-1].end) == (0.0, 150.0)
    assert all(a.end == b.begin for a, b in pairwise(found))


def test_an_even_song_is_one_section() -> None:
    wavering = [0.1 * np.sin(i / 9.0) for i in range(200)]
    assert len(sections(timeline(wavering).stretches(), told, Told())) == 1  # type: ignore[arg-type]


def test_silence_has_neither_curve_nor_sections() -> None:
    assert curve(timeline([None] * 30).stretches(), told, Told()) == []  # type: ignore[arg-type]
    assert sections(timeline([]).stretches(), told, Told()) == ()  # type: ignore[arg-type]


def test_excerpts_keep_their_place_and_do_not_flow_into_each_other() -> None:
    track = timeline([0.0] * 20)
    track.splice(Seconds(100.0))
    for _ in range(20):
        row = np.zeros(WIDTH)
        row[0], row[-1] = 43.0, 43.0
        track.push(row, Seconds(1.0))
    points = curve(track.stretches(), told, Told())  # type: ignore[arg-type]
    assert [point.begin for point in points] == [0.0, 5.0, 10.0, 15.0, 100.0, 105.0, 110.0, 115.0]
    assert [round(point.affect.arousal, 3) for point in points] == [0.0] * 4 + [1.0] * 4


def test_ten_hours_stay_within_bounds_and_lose_no_second() -> None:
    track = timeline([0.25] * 36_000)
    found = track.stretches()
    assert len(found) <= MOST_BLOCKS + 1
    assert found[-1].end == pytest.approx(36_000.0)
    assert sum(part.row[0] for part in found) == pytest.approx(36_000 * 43.0)
    assert track.total[0] == pytest.approx(36_000 * 43.0)
    assert track.latest().row[0] == pytest.approx(30 * 43.0)


def test_two_seconds_are_too_short_for_a_curve() -> None:
    assert curve(timeline([0.5] * 2).stretches(), told, Told()) == []  # type: ignore[arg-type]


def test_a_short_last_block_is_no_section_of_its_own() -> None:
    found = sections(timeline([-0.5] * 20 + [0.8] * 2).stretches(), told, Told())  # type: ignore[arg-type]
    assert found[-1].end == 22.0
    assert min(part.end - part.begin for part in found) >= LEAST_HEARD


def test_a_section_is_as_loud_as_all_of_its_seconds() -> None:
    track = Timeline()
    for level in (-20.0, -30.0):
        for _ in range(50):
            row = np.zeros(WIDTH)
            row[0], row[LOUDNESS] = 43.0, (10.0, 10.0 * level, 0.0, 10.0 * 10.0 ** ((level + 0.691) / 10.0))
            track.push(row, Seconds(1.0))
    (found,) = sections(track.stretches(), told, Told())  # type: ignore[arg-type]
    assert found.loudness == pytest.approx(-22.6, abs=0.1)  # the mean of the powers


def test_a_restless_track_has_few_sections() -> None:
    restless = [0.8 if second // 20 % 2 else -0.8 for second in range(600)]
    assert len(sections(timeline(restless).stretches(), told, Told())) == MOST  # type: ignore[arg-type]


def test_the_curve_takes_in_its_neighbours() -> None:
    points = curve(timeline([0.0] * 15 + [0.9] * 15).stretches(), told, Told())  # type: ignore[arg-type]
    assert [round(point.affect.arousal, 2) for point in points] == [0.0, 0.0, 0.3, 0.6, 0.9, 0.9]


@pytest.mark.parametrize(("change", "parts"), [(0.1, 1), (0.3, 2)])
def test_a_small_change_makes_no_section_and_a_clear_one_does(change: float, parts: int) -> None:
    found = sections(timeline([0.0] * 60 + [change] * 60).stretches(), told, Told())  # type: ignore[arg-type]
    assert len(found) == parts


def test_a_splice_ends_a_block_and_what_is_new() -> None:
    track = timeline([0.0] * 7)
    track.splice(Seconds(100.0))
    track.push(np.ones(WIDTH), Seconds(1.0))
    found = [(each.begin, each.end, each.heard, each.row[0]) for each in track.stretches()]
    assert found == [(0.0, 5.0, 5.0, 5 * 43.0), (5.0, 7.0, 2.0, 2 * 43.0), (100.0, 101.0, 1.0, 1.0)]
    assert (track.latest().row[0], track.latest().heard) == (1.0, 1.0)


def test_what_was_left_out_between_excerpts_was_not_heard() -> None:
    track = timeline([0.0] * 4)
    for place in (100.0, 200.0):
        track.splice(Seconds(place))
        for _ in range(4):
            track.push(timeline([0.0]).total, Seconds(1.0))
    heard: list[float] = []

    class Asked(Told):
        def estimate(self, features: np.ndarray, heard_: Sequence[Seconds]) -> list[Affect]:
            heard.extend(heard_)
            return super().estimate(features, heard_)

    (found,) = sections(track.stretches(), told, Asked())  # type: ignore[arg-type]
    assert (found.begin, found.end) == (0.0, 204.0)
    assert heard == [4.0, 4.0, 4.0, 12.0]  # of the curve's windows, then of the section


def test_a_long_part_outweighs_a_short_one_that_joins_it() -> None:
    """A minute at 0.25 with a bridge of 15 s at 0.15 still differs from what is at 0."""
    track = timeline([0.0] * 60 + [0.15] * 15 + [0.25] * 60)
    assert len(sections(track.stretches(), told, Told())) == 2  # type: ignore[arg-type]


def test_after_ten_hours_the_last_minutes_are_no_finer_than_the_first() -> None:
    lengths = [part.end - part.begin for part in timeline([0.5] * 36_000).stretches()[:-1]]
    assert max(lengths) <= 2.0 * min(lengths)
