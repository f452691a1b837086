"""What tracked beats say of tempo, and how evidence of a whole track adds up."""

from collections.abc import Sequence

import numpy as np
import pytest

from player.analysis.beats import CENTRE, Pulse
from player.analysis.tempo import (
    LEVELS,
    MULTIPLES,
    Evidence,
    Phrase,
    TempoHistogram,
    phase_strength,
    usual_period,
    weigh,
)

RATE = 43.0  # frames per second
OWN, SLOWER = (next(i for i, level in enumerate(LEVELS) if level.steps == steps) for steps in (12, 24))


def beats(*runs: tuple[int, float]) -> np.ndarray:
    """Frames of beats; runs: how many, and their period in frames."""
    return np.cumsum([period for count, period in runs for _ in range(count)])


def evidence(frames: np.ndarray, bass: Sequence[float]) -> Evidence:
    onsets = np.zeros((int(frames[-1]) + 10, 2), np.float32)
    at = frames.astype(int)
    onsets[at, 0], onsets[at, 1] = 1.0, bass
    found = weigh(
        [Pulse(frame + CENTRE, 1.0, low) for frame, low in zip(at, bass, strict=True)], onsets, 0, RATE
    )
    assert found is not None
    return found


def test_the_usual_period_is_that_of_most_of_the_time_not_of_most_beats() -> None:
    assert usual_period(beats((20, 30.0), (15, 60.0))) == pytest.approx(60.0, rel=0.02)


def test_the_tempo_that_holds_longest_wins() -> None:
    tempi = TempoHistogram()
    for count, period in ((50, 60.0 * RATE / 50.0), (70, 60.0 * RATE / 105.0)):
        tempi.add(evidence(beats((count, period)), [0.0] * count))
    assert tempi.levels()[0][OWN] == pytest.approx(50.0, rel=0.02)


def test_each_phrase_is_measured_by_itself() -> None:
    """Without bass, then with it on every second beat."""
    frames = beats((32, 0.5 * RATE), (32, 0.5 * RATE))
    first, second = evidence(frames, [0.0] * 32 + [4.0, 0.0] * 16).phrases
    assert np.abs(first.accents).max() < 0.2
    assert second.accents[SLOWER, 1] == pytest.approx(2.0, abs=0.3)  # of a grid that smooths by half


def test_bass_on_every_second_beat_speaks_for_half_of_the_tempo() -> None:
    (phrase,) = evidence(beats((24, 0.5 * RATE)), [4.0, 0.0] * 12).phrases
    correlation, pulse, gain = phrase.accents.T
    assert correlation[SLOWER] > 0.5 > correlation[OWN] + 0.5
    assert pulse[SLOWER] > pulse[OWN] + 0.5
    assert gain[OWN] > 0.5 > abs(gain[SLOWER])


def test_a_long_phrase_says_more_than_a_short_one() -> None:
    octaves = np.log2(60.0 * MULTIPLES)
    phrases = [
        Phrase(octaves, np.full((len(LEVELS), 3), value), seconds)
        for value, seconds in ((1.0, 30.0), (0.0, 10.0))
    ]
    tempi = TempoHistogram()
    tempi.add(Evidence(np.full(40, np.log2(60.0)), np.ones(40), tuple(phrases), 0.9, 40.0))
    assert tempi.levels()[1][OWN, 2:] == pytest.approx([0.75] * 3)


def test_a_tempo_that_held_for_two_thirds_of_the_time_is_no_surer_than_that() -> None:
    tempi = TempoHistogram()
    for count, period in ((60, 60.0 * RATE / 80.0), (36, 60.0 * RATE / 95.0)):
        tempi.add(evidence(beats((count, period)), [1.0] * count))
    assert tempi.shares(tempi.levels()[0]).sum() < 0.8


def test_one_loud_stroke_is_no_beat() -> None:
    """Both means are alike: of a steady pulse, and of one stroke among rests."""
    steady, stroke = np.zeros((2, 32))
    steady[::4], stroke[1] = 0.9, 8.0 * 0.95
    assert phase_strength(stroke, 4) < phase_strength(steady, 4)
