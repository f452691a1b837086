"""EBU Tech 3341 and 3342, synthesised from the description of their test signals."""

import numpy as np
import pytest

from player.analysis.k_weighting import KWeighting, k_weighting_biquads
from player.analysis.loudness import Loudness, LoudnessMeter
from player.ports.audio import Pcm
from tests.support.signals import levels, sine, stereo, tune

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
    chunks = (signal[:, :rate], signal[:, rate:])
    found = np.concatenate([weighting.push(chunk).copy() for chunk in chunks], axis=1)
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
        pytest.param([(-32.0, 60.0), (-20.0, 1.5), (-32.0, 60.0)], 12.0, id="crash after a calm passage"),
        pytest.param([(-45.0, 5.0), (-32.0, 60.0), (-20.0, 5.0)], 12.0, id="soft beginning"),
        pytest.param([(-20.0, 8.0), (SILENT, 10.0), (-20.0, 8.0)], 50.0, id="blast after a long pause"),
        pytest.param(
            [(-32.0, 8.0), *[(-31.5 + i / 2, 0.05) for i in range(24)], (-20.0, 8.0)], 12.0, id="1-s swell"
        ),
        pytest.param([(-20.0, 8.0), (-33.0, 8.0)], 0.0, id="fall"),
        pytest.param([(SILENT, 5.0), (-20.0, 8.0)], 0.0, id="beginning"),
        pytest.param([(-55.0, 9.0), (-20.0, 8.0)], 0.0, id="noise of an old record"),
        pytest.param([(-50.0, 0.2), (-35.0, 0.2), (-20.0, 8.0)], 0.0, id="swift fade-in"),
        pytest.param([(-20.0, 8.0), (SILENT, 1.0), (-20.0, 8.0)], 0.0, id="short pause"),
        pytest.param([(-20.0, 8.0), (SILENT, 5.0), (-20.0, 8.0)], 0.0, id="pause"),
        pytest.param([(-32.0, 20.0), (-12.0, 0.1), (-32.0, 20.0)], 10.4, id="knock that outshouts the music"),
        pytest.param([*[(-20.0 - 4.0 * i, 0.5) for i in range(6)]] * 8, 0.0, id="decaying notes"),
        pytest.param([(-20.0, 60.0), (-45.0, 20.0), (-33.0, 20.0)], 0.0, id="within a soft passage"),
        pytest.param(
            [(-32.0, 8.0), *[(-31.5 + i / 2, 1.0) for i in range(24)], (-20.0, 8.0)], 1.2, id="slow swell"
        ),
    ],
)
def test_largest_rise(sections: list[tuple[float, float]], lu: float) -> None:
    assert measure(levels(sections, 8_000), 8_000).largest_rise == pytest.approx(lu, abs=0.6)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("at", [4.1, 7.45, 30.0])
def test_every_blast_startles(seconds: float, at: float) -> None:
    """Noise 12 LU (for half a second: 15 LU) above a tune, after its first 4 s: above the selector's 8 LU."""
    signal = tune(at + 5.0, 8_000, dbfs=-32.0)
    rise = 15.0 if seconds < 1.0 else 12.0
    tune_power = float(np.square(signal[: 8_000 * 3]).mean())
    noise = np.random.default_rng(3).standard_normal((round(seconds * 8_000), 2))
    start = round(at * 8_000)
    signal[start : start + len(noise)] += np.float32(tune_power**0.5 * 10.0 ** (rise / 20.0)) * noise
    found = measure(signal, 8_000).largest_rise
    assert found is not None and found > 8.0
    calm = measure(tune(at + 5.0, 8_000, dbfs=-32.0), 8_000).largest_rise
    assert calm is not None and calm < 4.0


def test_steps_are_handed_on() -> None:
    meter = LoudnessMeter(11_025, 2)  # its steps differ by one sample
    planar = np.ascontiguousarray(levels([(-23.0, 1.0)], 11_025).T)
    assert [len(meter.push(planar)), len(meter.push(planar[:, :5_000])), len(meter.push(planar[:, :9]))] == [
        10,
        4,
        0,
    ]
    assert -0.691 + 10.0 * np.log10(LoudnessMeter(11_025, 2).push(planar)[1:]) == pytest.approx(
        -23.0, abs=0.1
    )


def test_nothing_is_measured_across_a_splice() -> None:
    meter = LoudnessMeter(8_000, 2)
    for level in (-40.0, -20.0):
        meter.splice()
        for _ in range(10):
            meter.push(np.ascontiguousarray(levels([(level, 1.0)], 8_000).T))
    meter.splice()
    loudness = meter.read()
    assert (loudness.momentary, loudness.short_term, loudness.largest_rise) == (None, None, 0.0)
    assert loudness.loudness_range == pytest.approx(20.0, abs=0.1)


def test_equal_channels_are_one() -> None:
    """A mono recording in two channels, until they part."""
    signal = np.random.default_rng(2).normal(0.0, 0.1, (2, 3 * 8_000)).astype(np.float32)
    signal[1, :16_000] = signal[0, :16_000]
    both, alone = KWeighting(8_000, 2), [KWeighting(8_000, 1), KWeighting(8_000, 1)]
    for start in range(0, 24_000, 8_000):
        chunk = signal[:, start : start + 8_000]
        apart = np.concatenate([one.push(chunk[i : i + 1]) for i, one in enumerate(alone)])
        filtered = np.broadcast_to(both.push(chunk), apart.shape)  # one may stand for both
        assert filtered == pytest.approx(apart, abs=1e-6)


def test_opposite_phase_is_as_loud() -> None:
    tone = levels([(-23.0, 5.0)])
    opposite = measure(tone * np.array([1.0, -1.0], dtype=np.float32))
    assert opposite.integrated == pytest.approx(measure(tone).integrated, abs=1e-6)


def test_too_little_or_too_soft_is_not_measured() -> None:
    assert measure(stereo(sine(997.0, -20.0, 0.39))).momentary is None
    soft = measure(stereo(sine(997.0, -75.0, 8.0)))
    assert (soft.integrated, soft.loudness_range, soft.largest_rise) == (None, None, None)
    assert soft.momentary == pytest.approx(-75.0, abs=0.1)
    assert measure(np.zeros((8 * RATE, 2), dtype=np.float32)) == Loudness(
        momentary=None, short_term=None, integrated=None, loudness_range=None, largest_rise=None
    )
