import numpy as np
import pytest

from player.analysis.rhythm import RhythmMeter, fold_tempo
from player.ports.audio import Pcm
from player.units import Bpm
from tests.support.signals import clicks


def listen(signal: Pcm, rate: int) -> RhythmMeter:
    meter = RhythmMeter(rate)
    for start in range(0, len(signal), rate):
        meter.push(np.ascontiguousarray(signal[start : start + rate, 0]))
    return meter


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
@pytest.mark.parametrize("bpm", [60.0, 75.0, 90.0, 120.0, 150.0])
def test_click_track(bpm: float, rate: int) -> None:
    """Within 4 %; half and double the tempo would be felt as well, but are not what aubio says here."""
    meter = listen(clicks(bpm, 20.0, rate), rate)
    tempo, confidence = meter.tempo()
    assert tempo == pytest.approx(bpm, rel=0.04)
    assert confidence > 0.5
    assert meter.onset_rate() == pytest.approx(bpm / 60.0, rel=0.06)


def test_noise_has_no_tempo_to_rely_on() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.1, (20 * 44_100, 1)).astype(np.float32)
    meter = listen(noise, 44_100)
    assert meter.tempo()[1] < 0.2
    assert meter.onset_rate() == pytest.approx(0.0, abs=0.2)


def test_silence_and_too_little_have_no_tempo() -> None:
    assert listen(np.zeros((20 * 8_000, 1), dtype=np.float32), 8_000).tempo() == (None, 0.0)
    short = listen(clicks(120.0, 0.9), 44_100)
    assert short.tempo() == (None, 0.0)
    assert short.onset_rate() is None


def test_less_was_heard_less_is_sure() -> None:
    sure = [listen(clicks(90.0, seconds), 44_100).tempo()[1] for seconds in (8.0, 12.0, 20.0)]
    assert sure == sorted(sure)
    assert sure[0] < 0.7 * sure[-1]


@pytest.mark.parametrize(
    ("bpm", "felt"), [(40.0, 80.0), (50.0, 50.0), (110.0, 110.0), (150.0, 75.0), (240.0, 60.0)]
)
def test_fold(bpm: float, felt: float) -> None:
    assert fold_tempo(Bpm(bpm)) == felt
