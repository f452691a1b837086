"""Sums of descriptors: golden numbers from synthetic sounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.spectrum import MEL_BANDS, SpectrumAnalyzer, mel_filters
from player.analysis.timbre import NAMES, WIDTH, TimbreMeter, describe, read_timbre

RATE = 22_050
NOISE = np.random.default_rng(3).normal(0.0, 0.1, 8 * RATE).astype(np.float32)


def sine(hertz: float, seconds: float = 4.0, rate: int = RATE, level: float = 0.1) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sqrt(2.0) * np.sin(2.0 * np.pi * hertz * time), np.float32)


def sums(signal: np.ndarray, rate: int = RATE) -> np.ndarray:
    spectrum, meter = SpectrumAnalyzer(rate), TimbreMeter()
    rows = [meter.push(spectrum.push(signal[i : i + rate]))[0] for i in range(0, len(signal), rate)]
    return np.asarray(np.sum(rows, axis=0))


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_the_bands_of_a_frame_add_up_to_its_mean_square(rate: int) -> None:
    bands = SpectrumAnalyzer(rate).push(sine(1_000.0, 1.0, rate))
    assert bands.shape[1] == MEL_BANDS
    assert bands.sum(axis=1) == pytest.approx(0.01, rel=1e-4)


def test_the_filters_add_up_to_one_between_the_outer_centres() -> None:
    filters = mel_filters(2_048, 44_100)
    frequencies = np.fft.rfftfreq(2_048, 1.0 / 44_100)
    inside = (frequencies > 120.0) & (frequencies < 10_000.0)
    assert filters.sum(axis=0)[inside] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("hertz", [250.0, 440.0, 1_000.0, 4_000.0])
def test_the_centroid_of_a_sine_is_its_frequency(hertz: float) -> None:
    timbre = read_timbre(sums(sine(hertz)))
    assert timbre.centroid == pytest.approx(hertz, rel=0.01)
    assert timbre.flux == pytest.approx(0.0, abs=1e-3)


def test_energy_is_split_at_200_and_2000_hertz() -> None:
    timbre = read_timbre(sums(sine(80.0) + sine(600.0, level=0.2) + sine(5_000.0, level=0.1)))
    assert timbre.low == pytest.approx(1 / 6, abs=0.05)
    assert timbre.mid == pytest.approx(4 / 6, abs=0.05)
    assert timbre.high == pytest.approx(1 / 6, abs=0.05)
    assert timbre.rolloff == pytest.approx(5_000.0, rel=0.2)


def test_noise_is_flatter_than_a_tone_and_a_struck_sound_fluctuates_more_than_a_held_one() -> None:
    noise, tone = read_timbre(sums(NOISE)), read_timbre(sums(sine(440.0)))
    assert noise.flatness is not None
    assert tone.flatness is not None
    assert noise.flatness > 10.0 * tone.flatness
    decay = np.exp(-8.0 * (np.arange(4 * RATE) / RATE % 0.5)).astype(np.float32)
    struck = read_timbre(sums(sine(440.0) * decay))
    assert struck.fluctuation is not None
    assert tone.fluctuation is not None
    assert struck.fluctuation > tone.fluctuation + 0.5


def test_movement_peaks_at_the_lag_of_the_modulation() -> None:
    time = np.arange(8 * RATE) / RATE
    slow = (1.0 + 0.8 * np.sin(2.0 * np.pi * 2.7 * time)).astype(np.float32)  # half a period is 8 frames
    described = describe(sums(sine(440.0, 8.0) * slow))
    moved = [described[NAMES.index(f"level_moved_{lag}")] for lag in (1, 2, 4, 8, 16)]
    assert int(np.argmax(moved)) == 3


def test_level_changes_nothing_but_level() -> None:
    music = NOISE * (1.0 + 0.5 * np.sin(np.arange(len(NOISE)) / 3_000.0)).astype(np.float32)
    assert describe(sums(music * 0.1)) == pytest.approx(describe(sums(music)), abs=0.02)


def test_sums_of_parts_are_the_sums_of_the_whole() -> None:
    spectrum, meter = SpectrumAnalyzer(RATE), TimbreMeter()
    rows = [meter.push(spectrum.push(NOISE[i : i + RATE]))[0] for i in range(0, len(NOISE), RATE)]
    assert np.sum(rows[:3], axis=0) + np.sum(rows[3:], axis=0) == pytest.approx(np.sum(rows, axis=0))


@pytest.mark.parametrize("signal", [np.zeros(3 * RATE, np.float32), NOISE[:0], NOISE[:1]])
def test_nothing_heard_says_nothing(signal: np.ndarray) -> None:
    found = sums(signal) if len(signal) else np.zeros(WIDTH)
    assert not found.any()
    assert np.isnan(describe(found)).all()
    assert read_timbre(found).centroid is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["silence", "noise", "tone"]), min_size=1, max_size=6))
def test_pauses_make_neither_nan_nor_a_false_rise(parts: list[str]) -> None:
    kinds = {"silence": np.zeros(RATE, np.float32), "noise": NOISE[:RATE], "tone": sine(440.0, 1.0)}
    found = sums(np.concatenate([kinds[part] for part in parts]))
    assert np.isfinite(found).all()
    if "noise" in parts or "tone" in parts:
        assert np.isfinite(describe(found)).all() or found[0] < 32
