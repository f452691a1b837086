"""Blocks, curves and sections, with a stand-in for the fitted model."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from player.analysis.sections import curve, sections
from player.analysis.summary import LOUDNESS, WIDTH, Row
from player.analysis.timeline import MOST_BLOCKS, Timeline
from player.model import Affect
from player.units import Seconds


class Told:
    """Says the arousal that `row` carries in its last column, averaged over its frames."""

    def estimate(self, features: np.ndarray, heard: Seconds) -> list[Affect]:
        assert heard > 0.0
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
    assert track.latest()[0] == pytest.approx(30 * 43.0)
