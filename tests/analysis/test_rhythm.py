import numpy as np
import pytest
from numpy.typing import NDArray

from player.analysis.rhythm import KEPT, Rhythm, RhythmMeter, fold_tempo
from player.analysis.spectrum import MEL_BANDS, SpectrumAnalyzer
from player.ports.audio import Pcm
from player.units import Bpm
from tests.support.signals import clicks, tune

RATE = 22_050


def listen(signal: Pcm, rate: int = RATE) -> RhythmMeter:
    mono = np.ascontiguousarray(signal.mean(axis=1))
    analyzer = SpectrumAnalyzer(rate)
    meter = RhythmMeter(rate / analyzer.hop)
    for start in range(0, len(mono), rate):
        meter.push(analyzer.push(mono[start : start + rate]))
    return meter


def read(signal: Pcm, rate: int = RATE) -> Rhythm:
    return listen(signal, rate).read()


def noise(seconds: float, scale: float = 0.1) -> NDArray[np.float32]:
    values = np.random.default_rng(3).normal(0.0, scale, (round(seconds * RATE), 1))
    return values.astype(np.float32)


def drums(bpm: float, seconds: float, rate: int) -> Pcm:
    """Kick on every beat, hiss on every half: band-limited, so that every rate holds the same."""
    at = np.arange(round(seconds * rate)) / rate
    beat = at * bpm / 60.0
    since, half = (beat % 1.0) * 60.0 / bpm, (beat % 0.5) * 60.0 / bpm
    kick = np.sin(2.0 * np.pi * 60.0 * since) * np.exp(-since / 0.08)
    tones = np.random.default_rng(5).uniform(300.0, 9_000.0, 60)
    hiss = sum(np.sin(2.0 * np.pi * tone * at + tone) for tone in tones) * np.exp(-half / 0.02) / 60.0
    return np.asarray(0.5 * kick + 0.5 * hiss, dtype=np.float32)[:, None]


def pad(seconds: float) -> Pcm:
    """A held chord that swells and fades over eight seconds."""
    at = np.arange(round(seconds * RATE)) / RATE
    swell = 0.6 + 0.4 * np.sin(2.0 * np.pi * at / 8.0)
    chord = sum(np.sin(2.0 * np.pi * tone * at) for tone in (220.0, 277.2, 329.6, 440.0))
    return np.asarray(0.05 * swell * chord, dtype=np.float32)[:, None]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("bpm", [60.0, 75.0, 90.0, 120.0, 150.0])
def test_click_track(bpm: float, rate: int) -> None:
    rhythm = read(clicks(bpm, 20.0, rate), rate)
    assert rhythm.tempo == pytest.approx(bpm, rel=0.01)
    assert rhythm.tempo_confidence > 0.8
    assert rhythm.onset_rate == pytest.approx(bpm / 60.0, abs=0.11)
    assert rhythm.pulse_clarity is not None and rhythm.pulse_clarity > 0.5


def test_levels_of_a_click_track() -> None:
    rhythm = read(clicks(120.0, 30.0, RATE))
    tempi = [candidate.tempo for candidate in rhythm.tempo_candidates]
    assert sorted(tempi) == pytest.approx([40.0, 60.0, 80.0, 120.0, 180.0, 240.0, 360.0], rel=0.01)
    probabilities = [candidate.probability for candidate in rhythm.tempo_candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0.6 < sum(probabilities) <= 1.0 + 1e-9
    assert rhythm.felt_pulse == pytest.approx(60.0, rel=0.01)


@pytest.mark.parametrize("bpm", [72.0, 100.0, 128.0])
def test_same_at_every_rate(bpm: float) -> None:
    tempi = [read(drums(bpm, 20.0, rate), rate).tempo for rate in (22_050, 44_100, 48_000)]
    assert tempi == pytest.approx([tempi[0]] * 3, rel=0.02)
    assert tempi[0] is not None
    octaves = np.log2(tempi[0] / bpm)
    assert octaves == pytest.approx(round(octaves), abs=0.03)


@pytest.mark.parametrize("decibels", [-20.0, 6.0])
def test_level_does_not_matter(decibels: float) -> None:
    plain = drums(100.0, 15.0, RATE)
    one, other = read(plain), read(plain * np.float32(10.0 ** (decibels / 20.0)))
    assert other.tempo == pytest.approx(one.tempo, rel=1e-3)
    assert other.onset_rate == pytest.approx(one.onset_rate, abs=0.1)
    assert other.percussiveness == pytest.approx(one.percussiveness, abs=0.02)


def test_beats_are_where_they_sound() -> None:
    """Within 15 ms, rather early than late, after the first three seconds, at the level that was chosen."""
    meter = listen(clicks(100.0, 30.0, RATE))
    tempo = meter.read().tempo
    at = np.array([beat.at for beat in meter.beats()])
    later = at[at > 3.0]
    assert len(later) >= 25.0 * tempo / 60.0 if tempo else False
    off = (later + 0.15) % 0.3 - 0.15
    assert np.abs(off).max() < 0.015
    assert off.mean() < 0.0


def test_downbeats_follow_the_bass() -> None:
    """Every fourth click stands on a low tone."""
    signal = clicks(90.0, 40.0, RATE)
    at = np.arange(len(signal)) / RATE
    since = at % (4 * 60.0 / 90.0)
    signal[:, 0] += (0.5 * np.sin(2 * np.pi * 110.0 * since) * np.exp(-since / 0.2)).astype(np.float32)
    down = np.array([beat.at for beat in listen(signal).beats() if beat.downbeat])
    bar = 4 * 60.0 / 90.0
    assert len(down) >= 10
    assert np.abs((down + bar / 2) % bar - bar / 2).max() < 0.03


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_silence_and_dc_have_no_rhythm(value: float) -> None:
    rhythm = read(np.full((15 * RATE, 1), value, dtype=np.float32))
    assert rhythm.tempo is None or rhythm.tempo_confidence < 0.2
    assert rhythm.onset_rate == pytest.approx(0.0, abs=0.1)


def test_noise_has_no_tempo_to_rely_on() -> None:
    rhythm = read(noise(30.0))
    assert rhythm.tempo_confidence < 0.35
    assert rhythm.pulse_clarity is not None and rhythm.pulse_clarity < 0.4
    assert rhythm.percussiveness is not None and rhythm.percussiveness < 0.1


def test_pads_are_not_drums() -> None:
    held, struck = read(pad(24.0)), read(drums(100.0, 24.0, RATE))
    assert held.percussiveness is not None and struck.percussiveness is not None
    assert held.percussiveness < 0.1
    assert struck.percussiveness > 0.6
    assert held.pulse_clarity is not None and struck.pulse_clarity is not None
    assert held.pulse_clarity < 0.4
    assert struck.pulse_clarity > 0.5
    assert held.onset_rate is not None and held.onset_rate < 0.5
    assert held.tempo_confidence < 0.5 < struck.tempo_confidence


def test_soft_and_fast_onsets_are_counted() -> None:
    assert read(clicks(240.0, 20.0, RATE)).onset_rate == pytest.approx(4.0, abs=0.1)
    soft = read(tune(20.0, RATE, bpm=120.0, partials=2))
    assert soft.onset_rate == pytest.approx(2.0, abs=0.15)


def test_too_little_is_no_tempo() -> None:
    rhythm = read(clicks(120.0, 0.9, RATE))
    assert rhythm.tempo is None and rhythm.felt_pulse is None
    assert rhythm.tempo_candidates == () and rhythm.tempo_confidence == 0.0
    assert rhythm.onset_rate is None
    empty = RhythmMeter(43.0)
    empty.push(np.empty((0, MEL_BANDS), np.float32))
    assert empty.read().tempo is None and empty.beats() == ()


def test_less_was_heard_less_is_sure() -> None:
    sure = [read(clicks(90.0, seconds, RATE)).tempo_confidence for seconds in (8.0, 15.0, 40.0)]
    assert sure == sorted(sure)


def test_reading_changes_nothing() -> None:
    mono = drums(96.0, 20.0, RATE)[:, 0]
    analyzer = SpectrumAnalyzer(RATE)
    asked, quiet = (RhythmMeter(RATE / analyzer.hop) for _ in range(2))
    for start in range(0, len(mono), RATE):
        bands = analyzer.push(mono[start : start + RATE])
        asked.push(bands)
        asked.read()
        asked.beats()
        quiet.push(bands)
    assert asked.read() == quiet.read()
    assert asked.beats() == quiet.beats()


def test_excerpts_of_one_song_agree_with_it() -> None:
    """No onset where they meet, and the tempo of each counts."""
    analyzer = SpectrumAnalyzer(RATE)
    meter = RhythmMeter(RATE / analyzer.hop)
    song = clicks(100.0, 60.0, RATE)[:, 0]
    for begin in (0.0, 20.13, 40.31):
        start = round(begin * RATE)
        analyzer = SpectrumAnalyzer(RATE)
        for second in range(15):
            at = start + second * RATE
            meter.push(analyzer.push(song[at : at + RATE]))
        meter.splice()
    rhythm = meter.read()
    assert rhythm.tempo == pytest.approx(100.0, rel=0.01)
    assert rhythm.onset_rate == pytest.approx(100.0 / 60.0, abs=0.1)


def test_a_splice_is_no_onset() -> None:
    meter = RhythmMeter(43.0)
    for excerpt in range(10):
        level = 1e-3 if excerpt % 2 else 1e-6
        for _ in range(3):
            meter.push(np.full((43, MEL_BANDS), level, dtype=np.float32))
        meter.splice()
    rhythm = meter.read()
    assert rhythm.onset_rate == 0.0 and rhythm.onset_strength == pytest.approx(0.0, abs=1e-6)


def test_state_is_bounded_and_keeps_up() -> None:
    """Ten minutes: beats of the last two, still at their place."""
    bands = np.full((43 * 60, MEL_BANDS), 1e-4, dtype=np.float32)
    bands[::20] = 1e-2
    bands[1::20] = 1e-3
    meter = RhythmMeter(43.0)
    for _ in range(10):
        for start in range(0, len(bands), 43):
            meter.push(bands[start : start + 43])
    beats = meter.beats()
    assert beats[0].at >= 600.0 - KEPT - 1.0
    assert 590.0 < beats[-1].at <= 600.0
    gaps = np.diff([beat.at for beat in beats])
    assert np.median(gaps) == pytest.approx(20.0 / 43.0, rel=0.01) or np.median(gaps) == pytest.approx(
        40.0 / 43.0, rel=0.01
    )


def test_tempo_follows_a_player_who_slows_down() -> None:
    """From 110 to 80 BPM: every beat of the second half is found."""
    true = np.cumsum(60.0 / np.linspace(110.0, 80.0, 60))
    signal = np.zeros((round(true[-1] + 1.0) * RATE, 1), dtype=np.float32)
    burst = clicks(60.0, 0.05, RATE)
    for at in true:
        start = round(at * RATE)
        signal[start : start + len(burst)] += burst
    found = np.array([beat.at for beat in listen(signal).beats()])
    late = true[30:]
    assert np.mean([np.abs(found - at).min() < 0.03 for at in late]) > 0.95


@pytest.mark.parametrize(
    ("bpm", "felt"), [(40.0, 80.0), (50.0, 50.0), (110.0, 110.0), (150.0, 75.0), (240.0, 60.0)]
)
def test_fold(bpm: float, felt: float) -> None:
    assert fold_tempo(Bpm(bpm)) == felt
