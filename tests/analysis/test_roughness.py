import numpy as np
import pytest

from player.analysis.framing import Signal
from player.analysis.partials import PartialsAnalyzer
from player.analysis.roughness import RoughnessMeter
from tests.support.signals import sine


def tones(*frequencies: float, rate: int = 44_100, seconds: float = 4.0) -> Signal:
    return np.asarray(sum(sine(hertz, -20.0, seconds, rate)[:, 0] for hertz in frequencies), np.float32)


def roughness(signal: Signal, rate: int = 44_100) -> float | None:
    meter = RoughnessMeter()
    meter.push(PartialsAnalyzer(rate).push(signal))
    return meter.read()


def vassilakis(low: float, high: float) -> float:
    """The equation itself, for two sines of the same level."""
    scaled = 0.24 / (0.0207 * low + 18.96) * (high - low)
    return float(0.5 * (np.exp(-3.5 * scaled) - np.exp(-5.75 * scaled)))


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("interval", [1.0595, 1.1225, 1.4983])
def test_two_sines_are_as_rough_as_the_equation_says(interval: float, rate: int) -> None:
    """Within 7 %: amplitudes that interfere are a little off, and their ratio counts to the power of 3."""
    found = roughness(tones(600.0, 600.0 * interval, rate=rate), rate)
    assert found == pytest.approx(vassilakis(600.0, 600.0 * interval), rel=0.07, abs=1e-4)


def test_close_partials_are_rough_wide_and_single_ones_are_not() -> None:
    """Plomp & Levelt: roughest near a quarter of the critical band, about 35 Hz at 500 Hz."""
    single, semitone, fifth = (roughness(tones(500.0, *more)) for more in ((), (529.7,), (750.0,)))
    assert single is not None and semitone is not None and fifth is not None
    assert single < 0.01
    assert fifth < 0.3 * semitone


def test_level_does_not_count_a_second_time() -> None:
    signal = tones(500.0, 535.0)
    assert roughness(signal * np.float32(0.1)) == pytest.approx(roughness(signal), rel=1e-3)


def test_nothing_is_rough_where_nothing_sounds() -> None:
    assert roughness(np.zeros(44_100, np.float32)) is None
    assert roughness(np.ones(1, np.float32)) is None


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("frequency", [82.4, 441.3, 3_000.7])
def test_a_partial_is_measured_between_the_bins(frequency: float, rate: int) -> None:
    """Within 0.15 Hz (a tenth of a semitone at 50 Hz would be 0.3) and 0.5 dB."""
    found = PartialsAnalyzer(rate).push(tones(frequency, rate=rate))
    strongest = found.amplitudes.argmax(axis=1)[:, None]
    assert np.take_along_axis(found.frequencies, strongest, 1) == pytest.approx(frequency, abs=0.15)
    assert 20.0 * np.log10(np.take_along_axis(found.amplitudes, strongest, 1)) == pytest.approx(
        -20.0, abs=0.5
    )
    assert (
        found.amplitudes[:, ::-1][:, :16].min(axis=1) >= found.amplitudes[:, :16].max(axis=1) - 1e-6
    ).all()


def test_what_is_above_the_band_does_not_fold_into_it() -> None:
    """A sine at 20 kHz, which halving the rate would otherwise hear at 2 kHz, ends 40 dB down."""
    found = PartialsAnalyzer(44_100).push(tones(440.0, 20_050.0))
    folded = np.abs(found.frequencies - 2_000.0) < 10.0
    assert np.where(folded, found.amplitudes, 0.0).max() < 0.1 * 0.01


def test_no_frame_spans_a_splice() -> None:
    analyzer = PartialsAnalyzer(44_100)
    analyzer.push(tones(1_000.0, seconds=1.0))
    analyzer.splice()
    first = analyzer.push(tones(300.0, seconds=1.0))
    assert not ((np.abs(first.frequencies - 1_000.0) < 5.0) & (first.amplitudes > 0.001)).any()
