"""EBU Tech 3341 and 3342, synthesised from the description of their test signals."""

import numpy as np
import pytest

from player.analysis.k_weighting import KWeighting, k_weighting_biquads
from player.analysis.loudness import Loudness, LoudnessMeter
from player.ports.audio import Pcm
from tests.support.signals import levels, sine, stereo

RATE = 48_000


def measure(signal: Pcm, rate: int = RATE) -> Loudness:
    meter = LoudnessMeter(rate, signal.shape[1])
    planar = np.ascontiguousarray(signal.T)
    for start in range(0, planar.shape[1], rate):
        meter.push(planar[:, start : start + rate])
    return meter.read()


def test_coefficients_at_48_khz_are_those_of_the_standard() -> None:
    shelf, highpass = k_weighting_biquads(48_000)
    assert shelf == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    )
    assert highpass == pytest.approx([1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621])


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_101])
def test_block_filter_equals_the_recursion(rate: int) -> None:
    signal = np.random.default_rng(5).normal(0.3, 0.1, (1, rate + rate // 3)).astype(np.float32)
    expected = signal[0].astype(np.float64).tolist()
    for b0, b1, b2, _, a1, a2 in k_weighting_biquads(rate):
        s1 = s2 = 0.0
        for n, x in enumerate(expected):
            y = b0 * x + s1
            s1, s2 = b1 * x - a1 * y + s2, b2 * x - a2 * y
            expected[n] = y
    weighting = KWeighting(rate, 1)
    found = np.concatenate((weighting.push(signal[:, :rate]), weighting.push(signal[:, rate:])), axis=1)
    assert np.abs(found[0] - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("sections", "lufs"),
    [
        pytest.param([(-23.0, 20.0)], -23.0, id="3341-1"),
        pytest.param([(-33.0, 20.0)], -33.0, id="3341-2"),
        pytest.param([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0, id="3341-3"),
        pytest.param(
            [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0, id="3341-4"
        ),
        pytest.param([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0, id="3341-5"),
    ],
)
def test_integrated(sections: list[tuple[float, float]], lufs: float) -> None:
    assert measure(levels(sections)).integrated == pytest.approx(lufs, abs=0.1)


def test_integrated_of_surround() -> None:
    """3341-6, with an LFE that must not count."""
    channels = [sine(1_000.0, dbfs, 20.0) for dbfs in (-28.0, -28.0, -24.0, 0.0, -30.0, -30.0)]
    assert measure(np.concatenate(channels, axis=1)).integrated == pytest.approx(-23.0, abs=0.1)
    without_lfe = np.concatenate([*channels[:3], *channels[4:]], axis=1)
    assert measure(without_lfe).integrated == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 44_101, 96_000, 192_000])
def test_sine_of_997_hz_at_any_rate(rate: int) -> None:
    """At −20 dBFS in one channel: −23.0 LUFS, in every window."""
    loudness = measure(sine(997.0, -20.0, 5.0, rate), rate)
    for value in (loudness.momentary, loudness.short_term, loudness.integrated):
        assert value == pytest.approx(-23.01, abs=0.05)
    assert loudness.loudness_range == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("sections", "lu"),
    [
        pytest.param([(-20.0, 20.0), (-30.0, 20.0)], 10.0, id="3342-1"),
        pytest.param([(-20.0, 20.0), (-15.0, 20.0)], 5.0, id="3342-2"),
        pytest.param([(-40.0, 20.0), (-20.0, 20.0)], 20.0, id="3342-3"),
        pytest.param(
            [(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0, id="3342-4"
        ),
    ],
)
def test_loudness_range(sections: list[tuple[float, float]], lu: float) -> None:
    """The standard allows ± 1 LU."""
    assert measure(levels(sections)).loudness_range == pytest.approx(lu, abs=0.2)


SILENT = -200.0  # dBFS


@pytest.mark.parametrize(
    ("sections", "lu"),
    [
        pytest.param([(-33.0, 8.0), (-20.0, 8.0)], 13.0, id="step"),
        pytest.param([(-20.0, 8.0), (-33.0, 8.0)], 0.0, id="fall"),
        pytest.param([(SILENT, 5.0), (-20.0, 8.0)], 0.0, id="beginning"),
        pytest.param([(-50.0, 0.2), (-35.0, 0.2), (-20.0, 8.0)], 0.0, id="swift fade-in"),
        pytest.param([(-20.0, 8.0), (SILENT, 1.0), (-20.0, 8.0)], 0.0, id="short pause"),
        pytest.param([(-20.0, 8.0), (SILENT, 5.0), (-20.0, 8.0)], 50.0, id="blast after a long pause"),
        pytest.param(
            [(-32.0, 8.0), *[(-31.5 + i / 2, 0.125) for i in range(24)], (-20.0, 8.0)], 12.0, id="3-s swell"
        ),
        pytest.param(
            [(-32.0, 8.0), *[(-31.5 + i / 2, 1.0) for i in range(24)], (-20.0, 8.0)], 1.5, id="slow swell"
        ),
    ],
)
def test_largest_rise(sections: list[tuple[float, float]], lu: float) -> None:
    assert measure(levels(sections, 8_000), 8_000).largest_rise == pytest.approx(lu, abs=0.6)


def test_too_little_or_too_soft_is_not_measured() -> None:
    assert measure(stereo(sine(997.0, -20.0, 0.39))).momentary is None
    soft = measure(stereo(sine(997.0, -75.0, 8.0)))
    assert (soft.integrated, soft.loudness_range, soft.largest_rise) == (None, None, None)
    assert soft.momentary == pytest.approx(-75.0, abs=0.1)
    assert measure(np.zeros((8 * RATE, 2), dtype=np.float32)) == Loudness(
        momentary=None, short_term=None, integrated=None, loudness_range=None, largest_rise=None
    )
