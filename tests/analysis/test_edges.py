"""Cue points and fades of envelopes whose edges are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.edges import Edges, EdgesMeter
from player.analysis.loudness import Powers
from player.units import Seconds

MUSIC, SILENCE = -20.0, -100.0


def powers(levels: Powers) -> Powers:
    return np.asarray(10.0 ** ((levels + 0.691) / 10.0))


def section(level: float, seconds: float, swing: float = 2.0, seed: int = 1) -> Powers:
    """LUFS per 100 ms, around `level`."""
    return level + swing * np.random.default_rng(seed).standard_normal(round(10 * seconds))


def measure(*sections: Powers) -> Edges:
    meter = EdgesMeter()
    steps = powers(np.concatenate(sections))
    for start in range(0, len(steps), 10):
        meter.push(steps[start : start + 10])
    return meter.finish()


def test_silence_around_the_music() -> None:
    edges = measure(section(SILENCE, 2.5), section(MUSIC, 90.0), section(SILENCE, 7.5))
    assert (edges.cue_in, edges.cue_out) == (2.5, 92.5)
    assert (edges.fade_in, edges.fade_out) == (0.0, 0.0)
    assert edges.silence == pytest.approx(0.1)


def test_a_long_soft_introduction_is_music() -> None:
    edges = measure(section(SILENCE, 1.0), section(MUSIC - 30.0, 40.0), section(MUSIC, 90.0))
    assert edges.cue_in == 1.0


def test_noise_far_below_the_music_and_a_click_are_not() -> None:
    click = np.array([-15.0])
    noise = section(-68.0, 3.0)
    edges = measure(noise, click, noise, section(MUSIC, 30.0), noise, click, noise)
    assert (edges.cue_in, edges.cue_out) == (6.1, 36.1)


@pytest.mark.parametrize("seconds", [2.0, 5.0, 10.0, 20.0])
@pytest.mark.parametrize("shape", ["decibels", "amplitude"])
def test_length_of_fades(seconds: float, shape: str) -> None:
    """Within a quarter, or half a second, of music that swings by 2 LU."""
    share = (np.arange(10 * seconds) + 0.5) / (10 * seconds)
    gain = 40.0 * (share - 1.0) if shape == "decibels" else 20.0 * np.log10(share)
    music = section(MUSIC, 60.0)
    music[: len(gain)] += gain
    music[-len(gain) :] += gain[::-1]
    edges = measure(section(SILENCE, 1.0), music, section(SILENCE, 1.0))
    assert edges.fade_in == pytest.approx(seconds, rel=0.25, abs=0.5)
    assert edges.fade_out == pytest.approx(seconds, rel=0.25, abs=0.5)


def test_a_small_step_and_a_long_crescendo_are_no_fade() -> None:
    """Less than 15 LU, and what has not ended after half a minute."""
    step = section(MUSIC, 60.0)
    step[:50] -= np.linspace(12.0, 0.0, 50)
    assert measure(step).fade_in == 0.0
    crescendo = section(MUSIC, 80.0) - np.maximum(np.linspace(35.0, -5.0, 800), 0.0)
    assert measure(crescendo).fade_in == 0.0


def test_noise_before_loud_music_is_not_music() -> None:
    assert measure(section(-54.0, 3.0, swing=0.5), section(-8.0, 60.0)).cue_in == 3.0


def test_applause_is_cut() -> None:
    applause = section(MUSIC - 8.0, 12.0, swing=0.6) - np.linspace(0.0, 10.0, 120)
    edges = measure(section(MUSIC, 60.0), section(-50.0, 1.0), applause)
    assert edges.cue_out == pytest.approx(60.0, abs=1.1)


@pytest.mark.parametrize("ending", [section(MUSIC - 6.0, 12.0, swing=4.0), -26.0 - np.arange(40) * 0.8])
def test_a_soft_ending_after_a_pause_is_not(ending: Powers) -> None:
    length = 62.0 + len(ending) / 10
    assert measure(section(MUSIC, 60.0), section(-55.0, 2.0), ending).cue_out == pytest.approx(
        length, abs=0.5
    )


def test_a_last_chord_that_rings_on_is_music() -> None:
    chord: Powers = np.linspace(-24.0, -53.5, 60)  # 5 LU a second
    edges = measure(section(MUSIC, 60.0), section(-50.0, 1.0), chord)
    assert edges.cue_out == pytest.approx(66.5, abs=0.6)


@pytest.mark.parametrize(("gap", "level", "swing"), [(-34.0, MUSIC - 8.0, 0.6), (-55.0, MUSIC + 4.0, 0.4)])
def test_a_steady_ending_that_is_loud_or_joined_to_the_music_is_no_applause(
    gap: float, level: float, swing: float
) -> None:
    ending = section(level, 12.0, swing=swing)
    edges = measure(section(MUSIC, 60.0, swing=0.5), section(gap, 1.0, swing=0.2), ending)
    assert edges.cue_out == pytest.approx(73.0, abs=0.1)


def test_the_end_is_known_at_the_end() -> None:
    meter = EdgesMeter()
    meter.push(powers(section(MUSIC, 1.0)))
    assert (meter.read().cue_in, meter.read().cue_out) == (0.0, None)
    assert meter.finish().cue_out == 1.0


def test_excerpts_keep_their_place() -> None:
    meter = EdgesMeter()
    for skipped in (0.0, 100.0, 50.0):
        meter.splice(Seconds(skipped))
        meter.push(
            powers(np.concatenate((section(SILENCE, 1.0), section(MUSIC, 8.0), section(SILENCE, 1.0))))
        )
    assert (meter.finish().cue_in, meter.finish().cue_out) == (1.0, 179.0)


@pytest.mark.parametrize("steps", [np.empty(0), np.zeros(1), np.zeros(36_000), np.full(50, 1e-9)])
def test_nothing_audible(steps: Powers) -> None:
    meter = EdgesMeter()
    meter.push(steps)
    edges = meter.finish()
    assert edges.silence == (1.0 if len(steps) else None)
    assert (edges.cue_in, edges.cue_out, edges.fade_in, edges.fade_out) == (None, None, None, None)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_any_steps_in_any_partition(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    steps = powers(np.repeat(rng.uniform(-120.0, 30.0, sum(sizes)), rng.integers(1, 9)))
    whole, parts = EdgesMeter(), EdgesMeter()
    whole.push(steps)
    for part in np.split(steps, np.cumsum(sizes)):
        parts.push(part)
    edges = whole.finish()
    assert edges == parts.finish()
    if edges.cue_in is not None and edges.cue_out is not None:
        assert 0.0 <= edges.cue_in < edges.cue_out <= len(steps) / 10
