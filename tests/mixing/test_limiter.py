import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.mixing import limiter as limiting
from player.mixing.limiter import CEILING, Limiter
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, amplitude_to_db
from tests.support.decks import constant, noise, square, true_peak

TOLERANCE_DB = 0.1  # of the true peak of content up to 20 kHz; the sample peak has none
AUDIBLE = 20_000.0  # Hz
FRAMES = 9600


def sine(hertz: float, phase: float) -> Pcm:
    wave = np.sin(2 * np.pi * hertz / SAMPLE_RATE * np.arange(FRAMES) + phase)
    return np.repeat(wave[:, None], CHANNELS, axis=1).astype(np.float32)


def in_silence(block: Pcm) -> Pcm:
    """Between two silences, and within the band that a converter passes and a person may hear."""
    padded = np.concatenate((constant(2400, 0.0), block, constant(2400, 0.0)))
    spectrum = np.fft.rfft(padded, axis=0)
    spectrum[np.fft.rfftfreq(len(padded), 1 / SAMPLE_RATE) > AUDIBLE] = 0.0
    return np.fft.irfft(spectrum, len(padded), axis=0).astype(np.float32)


signals = st.one_of(
    st.builds(sine, st.floats(20.0, 20_000.0), st.floats(0.0, 6.3)),
    st.builds(lambda period: square(FRAMES, period), st.integers(4, 2000)),
    st.builds(lambda seed: noise(FRAMES, 0.5, seed), st.integers(0, 2**31)),
)


@given(signal=signals, gain=st.floats(0.3, 8.0))
@settings(max_examples=60, deadline=None)
def test_the_true_peak_stays_at_the_ceiling(signal: Pcm, gain: float) -> None:
    output = Limiter().process(in_silence(signal * np.float32(gain)))
    assert np.abs(output).max() <= CEILING
    assert amplitude_to_db(true_peak(output)) <= limiting.CEILING_DBTP + TOLERANCE_DB


def test_a_true_peak_between_quiet_samples_is_seen() -> None:
    """A quarter of the sample rate at 45°: samples at 0.85, true peak 1.2 (BS.1770-4, attachment 1)."""
    swell = np.hanning(FRAMES)[:, None].astype(np.float32)
    signal = in_silence(sine(SAMPLE_RATE / 4, np.pi / 4) * swell * np.float32(1.2))
    assert np.abs(signal).max() < CEILING
    output = Limiter().process(signal)
    assert -1.5 <= amplitude_to_db(true_peak(output)) <= -1.0


def test_the_worst_case_between_samples_is_seen() -> None:
    """Samples at ±0.4 whose signs all add up half-way between two of them: 2.3 times as much."""
    distance = np.arange(-12, 12) + 0.5
    block = constant(2400, 0.0)
    block[1200:1224] = (0.4 * np.sign(np.sinc(distance)))[:, None]
    output = Limiter().process(block)
    assert np.abs(output).max() < 0.38


def test_a_quiet_programme_is_only_delayed() -> None:
    block = noise(5000, 0.05, 3)
    output = Limiter().process(np.concatenate((block, constant(Limiter.latency, 0.0))))
    np.testing.assert_array_equal(output[Limiter.latency :], block)


def test_the_gain_returns_after_a_peak() -> None:
    block = constant(5 * SAMPLE_RATE, 0.1)
    block[1000] = 3.0
    output = Limiter().process(block)
    assert output[1000 + Limiter.latency, 0] <= CEILING
    assert output[2000, 0] < 0.09
    assert output[-1, 0] == np.float32(0.1)
    rises = np.diff(output[1000 + Limiter.latency + 1 :, 0])
    assert rises.min() >= 0.0
    assert rises.max() < 1e-4


@given(seed=st.integers(0, 2**31), level=st.floats(0.02, 0.6))
@settings(max_examples=25, deadline=None)
def test_skipping_quiet_hops_changes_nothing(seed: int, level: float) -> None:
    block = noise(4800, level, seed)
    quick = Limiter().process(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiting, "OVERSHOOT", np.inf)  # every hop is examined
        np.testing.assert_array_equal(Limiter().process(block), quick)


@given(
    seed=st.integers(0, 2**31), level=st.floats(0.02, 2.0), sizes=st.lists(st.integers(0, 700), min_size=1)
)
@settings(max_examples=40, deadline=None)
def test_any_partition_is_limited_alike(seed: int, level: float, sizes: list[int]) -> None:
    block = noise(sum(sizes), level, seed)
    whole = Limiter().process(block)
    parts, limiter = [], Limiter()
    for piece in np.split(block, np.cumsum(sizes)[:-1]):
        parts.append(limiter.process(piece))
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0.0, atol=1e-6)
