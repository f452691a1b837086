"""Meters that take several seconds at once find what they find second by second."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.framing import membership
from player.analysis.partials import Partials, PartialsAnalyzer
from player.analysis.rhythm import RhythmMeter
from player.analysis.roughness import RoughnessMeter
from player.analysis.spectrum import SpectrumAnalyzer
from player.analysis.timbre import TimbreMeter
from player.analysis.tonality import TonalityMeter
from tests.support.signals import tune

RATE = 22_050
SECONDS = 24
PIECE = tune(float(SECONDS), RATE, bpm=100.0)[:, 0].copy()
PIECE[5 * RATE : 8 * RATE] = 0.0  # seconds without a frame that sounds
EACH = [PIECE[start : start + RATE] for start in range(0, len(PIECE), RATE)]

groups = st.lists(st.integers(1, 6), min_size=SECONDS, max_size=SECONDS)


def parts(sizes: list[int]) -> list[slice]:
    """The seconds that are pushed together."""
    ends = np.minimum(np.cumsum(sizes), SECONDS)
    return [slice(a, b) for a, b in zip([0, *ends], ends, strict=False) if a < b]


def joined(partials: list[Partials]) -> Partials:
    return Partials(
        np.concatenate([each.frequencies for each in partials]),
        np.concatenate([each.amplitudes for each in partials]),
    )


def test_each_second_sums_its_own_frames() -> None:
    assert (membership([2, 0, 1]) @ np.array([1.0, 2.0, 4.0])).tolist() == [3.0, 0.0, 4.0]


@settings(max_examples=10, deadline=None)
@given(groups)
def test_timbre_and_rhythm(sizes: list[int]) -> None:
    analyzer = SpectrumAnalyzer(RATE)
    bands = [analyzer.push(second) for second in EACH]
    frame_rate = RATE / analyzer.hop
    one, many = (TimbreMeter(), RhythmMeter(frame_rate)), (TimbreMeter(), RhythmMeter(frame_rate))
    rows = np.concatenate([one[0].push(second) for second in bands])
    for second in bands:
        one[1].push(second)
    found = []
    for part in parts(sizes):
        counts = [len(second) for second in bands[part]]
        found.append(many[0].push(np.concatenate(bands[part]), counts))
        many[1].push(np.concatenate(bands[part]), counts)
    assert np.concatenate(found) == pytest.approx(rows, rel=1e-5, abs=1e-3)
    a, b = one[1].read(), many[1].read()
    assert b.tempo == pytest.approx(a.tempo, rel=1e-5)
    assert (b.onset_rate, b.pulse_clarity) == pytest.approx((a.onset_rate, a.pulse_clarity), rel=1e-5)
    assert (b.onset_strength, b.percussiveness) == pytest.approx(
        (a.onset_strength, a.percussiveness), rel=1e-4
    )
    assert [beat.at for beat in many[1].beats()] == pytest.approx(
        [beat.at for beat in one[1].beats()], abs=1e-3
    )


@settings(max_examples=10, deadline=None)
@given(groups)
def test_tonality_and_roughness(sizes: list[int]) -> None:
    analyzer = PartialsAnalyzer(RATE)
    partials = [analyzer.push(second) for second in EACH]
    assert min(len(second.amplitudes) for second in partials) == 0
    one, many = (TonalityMeter(), RoughnessMeter()), (TonalityMeter(), RoughnessMeter())
    tones = np.concatenate([one[0].push(second) for second in partials])
    rough = np.concatenate([one[1].push(second) for second in partials])
    found = []
    for part in parts(sizes):
        counts = [len(second.amplitudes) for second in partials[part]]
        together = joined(partials[part])
        found.append((many[0].push(together, counts), many[1].push(together, counts)))
    assert np.concatenate([each for each, _ in found]) == pytest.approx(tones, rel=1e-4, abs=1e-4)
    assert np.concatenate([each for _, each in found]) == pytest.approx(rough, rel=1e-4, abs=1e-6)
    assert many[0].evidence() == pytest.approx(one[0].evidence(), rel=1e-4, abs=1e-4)
    assert many[0].tuning == pytest.approx(one[0].tuning, abs=1e-5)
