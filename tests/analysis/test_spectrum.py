import numpy as np
import pytest

from player.analysis.framing import Framer, fft_friendly
from player.analysis.spectrum import SpectrumAnalyzer
from player.analysis.timbre import Timbre, TimbreMeter, read_timbre
from player.ports.audio import Pcm
from tests.support.signals import sine


def spectrum(signal: Pcm, rate: int = 44_100) -> Timbre:
    analyzer, meter = SpectrumAnalyzer(rate), TimbreMeter()
    return read_timbre(meter.push(analyzer.push(signal[:, 0]))[0])


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frequency", [220.0, 997.0, 5_000.0])
def test_centroid_of_a_sine_is_its_frequency(frequency: float, rate: int) -> None:
    assert spectrum(sine(frequency, -20.0, 2.0, rate), rate).centroid == pytest.approx(frequency, rel=0.01)


def test_silent_frames_do_not_count() -> None:
    tone = sine(997.0, -20.0, 2.0, 44_100)
    hush = sine(5_000.0, -80.0, 6.0, 44_100)
    assert spectrum(np.concatenate((tone, hush))).centroid == pytest.approx(997.0, rel=0.02)
    assert spectrum(hush).centroid is None
    assert spectrum(hush).flux is None


def test_flux_is_change_not_level() -> None:
    steady = spectrum(sine(440.0, -20.0, 4.0, 44_100)).flux
    scale = np.concatenate([sine(220.0 * 2 ** (k / 4), -20.0, 0.1, 44_100) for k in range(40 // 4)] * 4)
    changing, softer = spectrum(scale).flux, spectrum(scale * np.float32(0.1)).flux
    assert steady is not None
    assert changing is not None
    assert 0.0 <= steady < 0.02
    assert 0.1 < changing <= 1.0
    assert softer == pytest.approx(changing, rel=1e-3)


def test_sizes() -> None:
    for length in (186.0, 512.0, 1_113.6, 2_227.2, 8_928.0):
        size = fft_friendly(length)
        assert size == pytest.approx(length, rel=0.04)
        for prime in (2, 3, 5, 7):
            while size % prime == 0:
                size //= prime
        assert size == 1


def test_framer_does_not_care_how_samples_arrive() -> None:
    signal = np.arange(1_000, dtype=np.float32)
    whole = Framer(64, 16).push(signal)
    piecewise = Framer(64, 16)
    parts = [piecewise.push(signal[i : i + 7]).copy() for i in range(0, 1_000, 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(whole[1], signal[16:80])
