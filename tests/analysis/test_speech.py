"""Spoken word against music, on imitations; tests/evaluate/speech.py judges it on recordings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.framing import Signal
from player.analysis.spectrum import MEL_BANDS, Bands, SpectrumAnalyzer
from player.analysis.speech import STATISTICS, WINDOW, SpeechMeter, statistics
from tests.support.signals import clicks, sine, tune

RATE = 16_000


def bands(signal: Signal, rate: int = RATE) -> tuple[Bands, float]:
    analyzer = SpectrumAnalyzer(rate)
    chunks = [analyzer.push(signal[start : start + rate]) for start in range(0, len(signal), rate)]
    return np.concatenate(chunks), rate / analyzer.hop


def talk(seconds: float, rate: int = RATE, seed: int = 1) -> Signal:
    """Syllables of irregular length: a buzz with gliding pitch through two formants, hisses and pauses."""
    rng = np.random.default_rng(seed)
    parts: list[Signal] = []
    while sum(map(len, parts)) < seconds * rate:
        for _ in range(int(rng.integers(3, 9))):
            count = int(rng.uniform(0.09, 0.24) * rate)
            at = np.arange(count) / rate
            pitch = rng.uniform(100.0, 160.0) + rng.uniform(-80.0, 80.0) * at
            formants = (rng.uniform(300.0, 800.0), rng.uniform(900.0, 2_200.0))
            vowel = np.zeros(count)
            for k in range(1, 30):
                gain = sum(
                    np.exp(-(((k * pitch - f) / 150.0) ** 2)) / (i + 1) for i, f in enumerate(formants)
                )
                vowel += gain * np.sin(2.0 * np.pi * k * np.cumsum(pitch) / rate)
            parts.append((vowel * np.hanning(count)).astype(np.float32))
            hiss = np.diff(rng.standard_normal(int(rng.uniform(0.04, 0.12) * rate) + 1))
            parts.append((0.15 * hiss * np.hanning(len(hiss))).astype(np.float32))
        parts.append(np.zeros(int(rng.uniform(0.2, 0.6) * rate), np.float32))
    signal = np.concatenate(parts)[: round(seconds * rate)]
    noise = 1e-3 * rng.standard_normal(len(signal))
    return np.asarray(0.1 * signal + noise * np.abs(signal).std(), dtype=np.float32)


def read(signal: Signal, rate: int = RATE) -> tuple[float | None, float]:
    frames, frame_rate = bands(signal, rate)
    meter = SpeechMeter(frame_rate)
    meter.push(frames)
    return meter.read()


def test_talk_is_speech_and_a_tune_is_music() -> None:
    spoken, sure = read(talk(30.0))
    assert spoken is not None and spoken > 0.5 and sure > 0.8
    music, sure = read(tune(30.0, RATE)[:, 0])
    assert music is not None and music < 0.1 and sure > 0.8


@pytest.mark.parametrize(
    "signal",
    [
        sine(1_000.0, -20.0, 60.0, RATE)[:, 0],
        clicks(120.0, 30.0, RATE)[:, 0],
        np.random.default_rng(0).normal(0.0, 0.1, 30 * RATE).astype(np.float32),
        np.sign(tune(30.0, RATE, dbfs=12.0)[:, 0]),
    ],
    ids=["sine", "clicks", "white noise", "clipped tune"],
)
def test_neither_is_not_called_speech(signal: Signal) -> None:
    spoken, _ = read(np.asarray(signal, dtype=np.float32))
    assert spoken is not None and spoken < 0.5


@pytest.mark.parametrize("signal", [np.zeros(20 * RATE), np.full(20 * RATE, 0.5), np.ones(1)])
def test_nothing_heard(signal: Signal) -> None:
    """Silence, a direct voltage, one sample."""
    assert read(signal.astype(np.float32)) == (None, 0.0)


def test_level_says_nothing() -> None:
    spoken = talk(15.0)
    quiet, loud = read(0.1 * spoken)[0], read(8.0 * spoken)[0]
    assert quiet == pytest.approx(loud, abs=1e-3)


def test_an_advert_in_a_stream_of_music() -> None:
    frames, rate = bands(np.concatenate((tune(120.0, RATE)[:, 0], talk(12.0))))
    meter = SpeechMeter(rate)
    meter.push(frames)
    whole, recent = meter.read()[0], meter.recent()[0]
    assert whole is not None and whole < 0.2
    assert recent is not None and recent > 0.5


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 100), min_size=1, max_size=12))
def test_any_partition_is_the_same(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    frames = (10.0 ** rng.uniform(-9.0, 2.0, (sum(sizes), MEL_BANDS))).astype(np.float32)
    whole, parts = SpeechMeter(43.0), SpeechMeter(43.0)
    whole.push(frames)
    for part in np.split(frames, np.cumsum(sizes)):
        parts.push(part)
    assert whole.read() == parts.read()
    assert whole.recent() == parts.recent()


def test_no_window_spans_a_splice() -> None:
    meter = SpeechMeter(43.0)
    for _ in range(10):
        meter.push(np.full((WINDOW - 1, MEL_BANDS), 0.1, dtype=np.float32))
        meter.splice()
    assert meter.read() == (None, 0.0)


def test_statistics_are_finite() -> None:
    rng = np.random.default_rng(4)
    frames = np.where(rng.random((50, WINDOW, MEL_BANDS)) < 0.5, 0.0, 1e12).astype(np.float32)
    frames[0, 1:], frames[1, :, 10:] = 0.0, 0.0
    found = statistics(frames)
    assert found.shape == (50, STATISTICS) and np.isfinite(found).all()
