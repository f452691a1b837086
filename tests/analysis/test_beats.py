from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.beats import CENTRE, FINAL, BeatTracker, Pulse
from player.analysis.metre import at_level

RATE = 43.0


def struck(period: int, frames: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    onsets = np.full((frames, 2), -0.2, dtype=np.float32)
    onsets[5::period] = 4.0
    return onsets


def track(onsets: np.ndarray[tuple[int, int], np.dtype[np.float32]], sizes: list[int]) -> list[Pulse]:
    tracker = BeatTracker(RATE)
    flat = np.zeros(len(tracker.periods), dtype=np.float32)
    start = 0
    for size in [*sizes, len(onsets)]:
        tracker.push(onsets[start : start + size], flat)
        start = min(start + size, len(onsets))
    return tracker.pending()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=12), st.integers(13, 40))
def test_any_partition_gives_the_same_beats(sizes: list[int], period: int) -> None:
    onsets = struck(period, 500)
    whole = [pulse.frame for pulse in track(onsets, [])]
    assert [pulse.frame for pulse in track(onsets, sizes)] == whole


@pytest.mark.parametrize("period", [15, 22, 31, 43])
def test_beats_stand_on_the_onsets(period: int) -> None:
    frames = np.array([pulse.frame for pulse in track(struck(period, 600), [43] * 13)])
    places = (frames - 5 - CENTRE) / period
    on = np.abs(places - np.round(places)) < 0.05
    assert on.mean() >= 0.5  # the tracked level may be twice as fast
    assert np.isclose(np.median(np.diff(frames)) / period, [0.5, 1.0, 2.0], atol=0.05).any()


def test_settled_beats_are_told_once_and_stay() -> None:
    onsets, told = struck(20, 43 * 40), []
    tracker = BeatTracker(RATE)
    flat = np.zeros(len(tracker.periods), dtype=np.float32)
    for start in range(0, len(onsets), 43):
        tracker.push(onsets[start : start + 43], flat)
        new = tracker.settle()
        assert all(pulse.frame <= tracker.frames - FINAL * RATE for pulse in new)
        told += new
    told += tracker.settle(everything=True)
    gaps = np.diff([pulse.frame for pulse in told])
    assert gaps.min() > 0.0
    assert np.abs(gaps - np.median(gaps)).max() < 0.1
    assert tracker.settle(everything=True) == []


@pytest.mark.parametrize(("multiple", "expected"), [(1.0, 40), (0.5, 20), (2.0, 79), (1.5, 59), (1 / 3, 14)])
def test_levels_of_tracked_pulses(multiple: float, expected: int) -> None:
    pulses = [Pulse(20.0 * i, 2.0 if i % 2 == 0 else 1.0, 1.0) for i in range(40)]
    beats = at_level(pulses, multiple * 60.0 * RATE / 20.0, RATE)
    assert len(beats) == pytest.approx(expected, abs=1)
    if multiple == 0.5:
        assert beats[0].at == 0.0  # the stronger phase
    assert at_level(pulses, None, RATE) == ()


def seconds(accents: list[float], bass: list[float]) -> list[Pulse]:
    """A pulse each second."""
    return [Pulse(RATE * i, *strengths) for i, strengths in enumerate(zip(accents, bass, strict=True))]


def test_half_the_tempo_keeps_the_accented_pulses() -> None:
    beats = at_level(seconds([0.2, 1.0] * 16, [0.0] * 32), 30.0, RATE)
    assert [beat.at for beat in beats[:3]] == [1.0, 3.0, 5.0]


@pytest.mark.parametrize("length", [3, 4])
def test_a_bar_begins_where_the_bass_is_and_a_waltz_has_three(length: int) -> None:
    beats = at_level(seconds([1.0] * 36, [float(i % length == 1) for i in range(36)]), 60.0, RATE)
    bars = [beat.at for beat in beats if beat.downbeat]
    assert bars[0] == 1.0
    assert {after - before for before, after in pairwise(bars)} == {float(length)}


def test_a_few_beats_have_no_bars() -> None:
    beats = at_level(seconds([1.0, 0.0, 0.0, 0.0] * 2, [0.0] * 8), 60.0, RATE)
    assert beats and not any(beat.downbeat for beat in beats)
