import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from player.analysis.true_peak import TAPS, TruePeakMeter, bound, interpolator, oversampling
from tests.support.signals import sine


@pytest.mark.parametrize(("divisor", "degrees"), [(4, 0.0), (4, 45.0), (6, 60.0), (8, 67.5)])
def test_sine_between_its_samples(divisor: int, degrees: float) -> None:
    """EBU Tech 3341-15 to 18: −6 dBTP, + 0.2 − 0.4 dB, where the samples alone may read −9 dBFS."""
    wave = sine(48_000 / divisor, -6.0, 1.0, phase=np.radians(degrees))
    fade = np.minimum(1.0, np.arange(len(wave)) / 4_800)[:, None]  # no step at the edges
    meter = TruePeakMeter(48_000, 1)
    meter.push((wave * fade * fade[::-1]).astype(np.float32).T)
    meter.flush()
    assert meter.read() == pytest.approx(-6.0, abs=0.05)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_never_below_the_sample_peak(rate: int) -> None:
    spike = np.zeros((1, rate), dtype=np.float32)
    spike[0, -1] = 1.0
    meter = TruePeakMeter(rate, 1)
    meter.push(spike)
    meter.flush()
    assert meter.read() == pytest.approx(0.0, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), crest=st.floats(0.1, 20.0))
@example(seed=6884, crest=0.5)  # what lies behind a second is not silence
def test_leaving_blocks_out_changes_nothing(seed: int, crest: float) -> None:
    rng = np.random.default_rng(seed)
    signal = (rng.standard_normal((1, 3_000)) * np.exp(crest * rng.standard_normal(3_000) / 10)).astype(
        np.float32
    )
    meter = TruePeakMeter(48_000, 1)
    for start in range(0, 3_000, 1_000):
        meter.push(signal[:, start : start + 1_000])
    meter.flush()
    padded = np.concatenate((np.zeros(TAPS - 1), signal[0], np.zeros(TAPS - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, TAPS)
    everywhere = np.abs(windows @ interpolator(oversampling(48_000)).T).max()
    assert meter.magnitude == pytest.approx(max(everywhere, np.abs(signal).max()), rel=1e-5)


def test_silence_has_no_peak() -> None:
    meter = TruePeakMeter(44_100, 2)
    meter.push(np.zeros((2, 44_100), dtype=np.float32))
    assert meter.read() is None


@pytest.mark.parametrize("factor", [2, 4])
def test_no_value_exceeds_the_bound(factor: int) -> None:
    """Of noise, and of the worst cases: the signs of the taps, and a row of equal samples."""
    taps = interpolator(factor)
    by_size, by_curve = bound(taps)
    rng = np.random.default_rng(factor)
    noise = rng.standard_normal((2_000, TAPS))
    slow = np.cumsum(np.cumsum(noise, axis=1), axis=1)
    for windows in (noise, slow, np.sign(taps), np.ones((1, TAPS))):
        value = np.abs(windows @ taps.T).max(axis=1)
        size = np.abs(windows).max(axis=1)
        curve = np.abs(np.diff(windows, 2, axis=1)).max(axis=1)
        assert (value <= by_size * size + by_curve * curve + 1e-9).all()


def test_nothing_lies_between_two_excerpts() -> None:
    meter = TruePeakMeter(48_000, 1)
    meter.push(np.full((1, 4_800), 0.5, dtype=np.float32))
    meter.splice()
    between = meter.magnitude
    meter.push(np.full((1, 4_800), -0.5, dtype=np.float32))
    meter.flush()
    assert meter.magnitude == between


def test_opposite_phase_and_a_direct_voltage() -> None:
    meter = TruePeakMeter(44_100, 2)
    tone = sine(997.0, -6.0, 1.0, 44_100).T
    meter.push(np.concatenate((tone, -tone)))
    assert meter.read() == pytest.approx(-6.0, abs=0.02)
    meter.push(np.full((2, 44_100), 1.0, dtype=np.float32))
    value = meter.read()
    assert value is not None and 0.0 <= value < 2.0  # it rings at the step
