"""Keys of music whose key is beyond doubt, and of sounds that have none."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.framing import Signal
from player.analysis.partials import STRONGEST, Partials, PartialsAnalyzer
from player.analysis.tonality import Tonality, TonalityMeter
from player.model import Mode

RATE: Final = 22_050
Chords = tuple[tuple[int, ...], ...]  # MIDI numbers that sound together

MAJOR_CADENCE: Final = ((48, 60, 64, 67), (53, 60, 65, 69), (43, 59, 62, 67), (48, 60, 64, 67))
MINOR_CADENCE: Final = ((45, 60, 64, 69), (50, 57, 62, 65), (40, 56, 59, 64), (45, 57, 60, 64))
SCALE: Final = ((60,), (62,), (64,), (65,), (67,), (69,), (71,), (72,))


def played(chords: Chords, cents: float = 0.0, rate: int = RATE, each: float = 0.5) -> Signal:
    """Plucked tones of six partials, −20 dBFS each at first."""
    at = np.arange(round(each * rate)) / rate
    parts = []
    for chord in chords:
        waves = np.zeros(len(at))
        for note in chord:
            frequency = 440.0 * 2.0 ** ((note - 69 + cents / 100.0) / 12.0)
            waves += sum(0.1 * np.sin(2.0 * np.pi * k * frequency * at) / k**1.5 for k in range(1, 7))
        parts.append(waves * np.exp(-2.0 * at))
    return np.concatenate(parts).astype(np.float32)


def listen(signal: Signal, rate: int = RATE) -> TonalityMeter:
    analyzer, meter = PartialsAnalyzer(rate), TonalityMeter()
    for start in range(0, len(signal), rate):
        meter.push(analyzer.push(signal[start : start + rate]))
    return meter


def tonality(signal: Signal, rate: int = RATE) -> Tonality:
    return listen(signal, rate).read()


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize(
    ("chords", "key", "mode"), [(MAJOR_CADENCE, 0, Mode.MAJOR), (MINOR_CADENCE, 9, Mode.MINOR)]
)
def test_a_cadence_tells_key_and_mode_at_every_rate(chords: Chords, key: int, mode: Mode, rate: int) -> None:
    heard = tonality(played(chords * 2, rate=rate), rate)
    assert (heard.key, heard.mode) == (key, mode)
    assert heard.key_confidence > 0.8
    assert heard.key_clarity is not None and heard.key_clarity > 0.8


@pytest.mark.parametrize("cents", [-40.0, -30.0, 30.0, 40.0])
def test_old_recordings_run_fast_or_slow(cents: float) -> None:
    meter = listen(played(MINOR_CADENCE * 3, cents))
    assert (meter.read().key, meter.read().mode) == (9, Mode.MINOR)
    assert meter.tuning == pytest.approx(cents / 100.0, abs=0.03)


@pytest.mark.parametrize("steps", range(12))
def test_every_tonic_is_treated_alike(steps: int) -> None:
    heard = tonality(played(tuple(tuple(note + steps for note in chord) for chord in MAJOR_CADENCE * 2)))
    assert (heard.key, heard.mode) == (steps, Mode.MAJOR)


def test_a_scale_that_ends_in_its_cadence() -> None:
    heard = tonality(played((*SCALE, *MAJOR_CADENCE) * 2))
    assert (heard.key, heard.mode) == (0, Mode.MAJOR)
    shares = np.array(heard.chroma)
    assert shares.sum() == pytest.approx(1.0)
    assert set(np.argsort(shares)[-7:]) == {0, 2, 4, 5, 7, 9, 11}


def test_level_does_not_matter() -> None:
    signal = played(MAJOR_CADENCE * 3, each=0.3)
    loud, soft = tonality(signal), tonality(signal * np.float32(0.1))
    assert soft.key == loud.key
    assert soft.key_confidence == pytest.approx(loud.key_confidence, abs=0.01)


@pytest.mark.parametrize(
    "signal",
    [np.zeros(RATE), np.ones(3 * RATE), np.ones(1), np.empty(0), 1e-5 * played(MAJOR_CADENCE)],
    ids=["silence", "DC", "one sample", "nothing", "inaudible"],
)
def test_what_does_not_sound_has_no_key(signal: Signal) -> None:
    assert tonality(signal.astype(np.float32)) == Tonality()


def test_what_has_no_key_is_not_believed() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.1, 20 * RATE).astype(np.float32)
    tone = np.sin(2.0 * np.pi * 1_000.0 * np.arange(20 * RATE) / RATE).astype(np.float32)
    assert tonality(noise).key_confidence < 0.3
    assert tonality(tone).key_confidence < 0.5


def test_clipping_to_full_scale_keeps_the_key() -> None:
    assert tonality(np.clip(20.0 * played(MAJOR_CADENCE * 3), -1.0, 1.0).astype(np.float32)).key == 0


def test_probabilities_are_of_all_keys() -> None:
    meter = listen(played(MAJOR_CADENCE))
    probabilities = meter.probabilities()
    assert probabilities.shape == (2, 12)
    assert probabilities.sum() == pytest.approx(1.0)
    assert meter.read().key_confidence == probabilities.max()


def test_an_excerpt_from_the_middle_has_no_opening() -> None:
    analyzer, meter = PartialsAnalyzer(RATE), TonalityMeter(from_start=False)
    meter.push(analyzer.push(played(MAJOR_CADENCE * 3)))
    assert not meter.evidence()[3].any()
    assert meter.read().key == 0


def test_each_second_gives_its_own_chroma() -> None:
    analyzer, meter = PartialsAnalyzer(RATE), TonalityMeter()
    seconds = [meter.push(analyzer.push(played(((note,),), each=1.0)))[0, 0] for note in (60, 67, 62)]
    assert [int(chroma.argmax()) for chroma in seconds[1:]] == [7, 2]
    assert np.sum(seconds, axis=0) / np.sum(seconds) == pytest.approx(meter.read().chroma)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, RATE), min_size=1, max_size=12))
def test_partials_do_not_care_how_samples_arrive(sizes: list[int]) -> None:
    signal = played(MAJOR_CADENCE)
    whole = PartialsAnalyzer(RATE).push(signal)
    analyzer = PartialsAnalyzer(RATE)
    parts, start = [], 0
    for size in [*sizes, len(signal)]:
        parts.append(analyzer.push(signal[start : start + size]))
        start += size
    assert np.array_equal(np.concatenate([part.frequencies for part in parts]), whole.frequencies)
    assert np.array_equal(np.concatenate([part.amplitudes for part in parts]), whole.amplitudes)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-7.0, 6.0), st.integers(1, 4))
def test_never_nan(seed: int, exponent: float, frames: int) -> None:
    random = np.random.default_rng(seed)
    shape = (frames, STRONGEST)
    amplitudes = random.random(shape) * (random.random(shape) < random.random()) * 10.0**exponent
    meter = TonalityMeter()
    meter.push(
        Partials(random.uniform(50.0, 5_000.0, shape).astype(np.float32), amplitudes.astype(np.float32))
    )
    heard = meter.read()
    if heard.key is not None:
        assert 0.0 < heard.key_confidence <= 1.0
        assert heard.key_clarity is not None and abs(heard.key_clarity) <= 1.0 + 1e-9
        assert np.isfinite(heard.chroma).all()
