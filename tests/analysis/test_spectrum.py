import numpy as np
import pytest

from player.analysis.framing import Framer, fft_friendly, power_of_two_below
from player.analysis.roughness import RoughnessMeter
from player.analysis.spectrum import SpectrumMeter
from player.ports.audio import Pcm
from tests.support.signals import sine


def spectrum(signal: Pcm, rate: int = 44_100) -> SpectrumMeter:
    meter = SpectrumMeter(rate)
    meter.push(signal[:, 0])
    return meter


def roughness(signal: Pcm, rate: int = 44_100) -> float:
    meter = RoughnessMeter(rate)
    meter.push(signal[:, 0])
    value = meter.read()
    assert value is not None
    return value


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frequency", [220.0, 997.0, 5_000.0])
def test_centroid_of_a_sine_is_its_frequency(frequency: float, rate: int) -> None:
    assert spectrum(sine(frequency, -20.0, 2.0, rate), rate).centroid() == pytest.approx(frequency, rel=0.01)


def test_silent_frames_do_not_count() -> None:
    tone = sine(997.0, -20.0, 2.0, 44_100)
    hush = sine(5_000.0, -80.0, 6.0, 44_100)
    assert spectrum(np.concatenate((tone, hush))).centroid() == pytest.approx(997.0, rel=0.02)
    assert spectrum(hush).centroid() is None
    assert spectrum(hush).flux() is None


def test_flux_is_change_not_level() -> None:
    steady = spectrum(sine(440.0, -20.0, 4.0, 44_100)).flux()
    scale = np.concatenate([sine(220.0 * 2 ** (k / 4), -20.0, 0.1, 44_100) for k in range(40 // 4)] * 4)
    changing, softer = spectrum(scale).flux(), spectrum(scale * np.float32(0.1)).flux()
    assert steady is not None
    assert changing is not None
    assert 0.0 <= steady < 0.02
    assert 0.1 < changing <= 1.0
    assert softer == pytest.approx(changing, rel=1e-3)


def test_close_partials_are_rough_wide_and_single_ones_are_not() -> None:
    """Plomp & Levelt: roughest near a quarter of the critical band, about 35 Hz at 500 Hz."""
    single = roughness(sine(500.0, -20.0, 4.0, 44_100))
    beating = roughness(sine(500.0, -20.0, 4.0, 44_100) + sine(535.0, -20.0, 4.0, 44_100))
    fifth = roughness(sine(500.0, -20.0, 4.0, 44_100) + sine(750.0, -20.0, 4.0, 44_100))
    assert single < 0.01
    assert fifth < 0.3 * beating


def test_sizes() -> None:
    for length in (186.0, 512.0, 1_113.6, 2_227.2, 8_928.0):
        size = fft_friendly(length)
        assert size == pytest.approx(length, rel=0.04)
        for prime in (2, 3, 5, 7):
            while size % prime == 0:
                size //= prime
        assert size == 1
    assert [power_of_two_below(x) for x in (64.0, 127.9, 128.1)] == [64, 64, 128]


def test_framer_does_not_care_how_samples_arrive() -> None:
    signal = np.arange(1_000, dtype=np.float32)
    whole = Framer(64, 16, lead_in=5).push(signal)
    piecewise = Framer(64, 16, lead_in=5)
    parts = [piecewise.push(signal[i : i + 7]).copy() for i in range(0, 1_000, 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(whole[1][:5], signal[11:16])
