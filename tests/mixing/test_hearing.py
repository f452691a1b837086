"""Shaped for one person's ears: never louder, no click, the same in blocks of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from player.analysis.loudness import LoudnessMeter
from player.errors import MixingError
from player.mixing.hearing import BLEND, MOST_TREBLE, TAPS, Hearing, kernel
from player.mixing.limiter import CEILING
from player.mixing.mixer import Mixer
from player.model import Crossfade, MixCommand, Shape, Volume
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Decibels, Seconds
from tests.support.decks import noise, ring_of

shapes = st.builds(
    Shape,
    mono=st.booleans(),
    balance=st.floats(-1.0, 1.0),
    treble=st.one_of(st.just(0.0), st.floats(0.1, 6.0)).map(Decibels),
)
ANY = Shape(mono=True, balance=-0.4, treble=MOST_TREBLE)


def sine(hertz: float, frames: int = SAMPLE_RATE) -> Pcm:
    wave = np.sin(2 * np.pi * hertz * np.arange(frames) / SAMPLE_RATE)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32) * np.float32(0.5)


def shaped(shape: Shape, block: Pcm) -> Pcm:
    hearing = Hearing()
    hearing.shape(shape, heard=False)
    return hearing.process(block)


def rms(block: Pcm) -> float:
    return float(np.sqrt(np.mean(np.square(block[TAPS:], dtype=np.float64))))


def test_nothing_is_touched_without_a_shape() -> None:
    block = noise(5000, 0.1, 1)
    assert shaped(Shape(), block) is block


@pytest.mark.parametrize("treble", [3.0, 6.0])
def test_treble_stands_out_by_what_was_asked_for(treble: float) -> None:
    shape = Shape(treble=Decibels(treble))
    low, mid, high = (rms(shaped(shape, sine(hz))) / rms(sine(hz)) for hz in (200.0, 2000.0, 9000.0))
    assert 20 * np.log10(high / low) == pytest.approx(treble, abs=0.15)
    assert 20 * np.log10(mid / low) == pytest.approx(treble / 2, abs=0.15)
    assert high <= 1.0 + 1e-6


def test_one_ear_hears_both_sides_and_balance_takes_from_the_other() -> None:
    left = sine(440.0)
    left[:, 1] = 0.0
    mono = shaped(Shape(mono=True), left)
    np.testing.assert_array_equal(mono[:, 0], mono[:, 1])
    assert mono[:, 0].max() == pytest.approx(0.25, abs=1e-3)
    right_only = shaped(Shape(mono=True, balance=1.0), left)
    assert not right_only[:, 0].any() and right_only[:, 1].any()
    np.testing.assert_array_equal(shaped(Shape(balance=-0.5), left)[:, 0], left[:, 0])


@given(shapes)
def test_no_frequency_is_amplified(shape: Shape) -> None:
    response = np.abs(np.fft.rfft(kernel(shape).astype(np.float64), 8192, axis=2))
    largest = np.linalg.norm(np.moveaxis(response, 2, 0), 2, axis=(1, 2))
    assert largest.max() <= 1.0 + 1e-5


@settings(max_examples=20, deadline=None)
@given(shapes, st.integers(0, 1000))
def test_loudness_never_grows(shape: Shape, seed: int) -> None:
    coloured = np.cumsum(noise(2 * SAMPLE_RATE, 0.1, seed), axis=0)
    block = (coloured / np.abs(coloured).max() * 0.5 + 0.5 * noise(len(coloured), 0.1, seed + 1)).astype(
        np.float32
    )
    assert loudness(shaped(shape, block)) <= loudness(block) + 0.01


def loudness(block: Pcm) -> float:
    meter = LoudnessMeter(SAMPLE_RATE, 2)
    meter.push(np.ascontiguousarray(block.T))
    measured = meter.read().integrated
    assert measured is not None
    return measured


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9000), shapes), min_size=1, max_size=5), st.data())
def test_any_partition_gives_the_same_frames(steps: list[tuple[int, Shape]], data: st.DataObject) -> None:
    whole, parted = Hearing(), Hearing()
    for number, (frames, shape) in enumerate(steps):
        block = noise(frames, 0.1, number)
        for hearing in (whole, parted):
            hearing.shape(shape, heard=True)
        at, parts = 0, []
        while at < frames:
            size = data.draw(st.integers(1, frames - at))
            parts.append(parted.process(block[at : at + size]))
            at += size
        np.testing.assert_array_equal(np.concatenate(parts), whole.process(block))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40_000), shapes), min_size=1, max_size=5))
def test_a_change_makes_no_click_not_even_within_another(steps: list[tuple[int, Shape]]) -> None:
    """A slow sine stays within the slope that its blend allows."""
    hearing = Hearing()
    tone = sine(100.0, sum(frames for frames, _ in steps) + 3 * int(BLEND))
    hearing.process(tone[:BLEND])
    at, parts = int(BLEND), [tone[:BLEND]]
    for frames, shape in steps:
        hearing.shape(shape, heard=True)
        parts.append(hearing.process(tone[at : at + frames]))
        at += frames
    parts.append(hearing.process(tone[at:]))
    output = np.concatenate(parts)
    steepest = 0.5 * 2 * np.pi * 100.0 / SAMPLE_RATE
    assert np.abs(np.diff(output, axis=0)).max() <= steepest * 1.05 + 2 * 0.5 / BLEND


def test_the_programme_of_the_mixer_is_shaped_before_the_limiter() -> None:
    mixer = Mixer()
    mixer.apply(ANY)
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.attach(0, ring_of(noise(SAMPLE_RATE, 0.1, 1), ended=False), Decibels(12.0))
    mixer.apply(Crossfade(deck=0, fade=Seconds(0.0)))
    out = mixer.render(SAMPLE_RATE // 2)
    np.testing.assert_allclose(out[:, 1], out[:, 0] * np.float32(0.6), atol=0.2)
    assert out.any() and np.abs(out).max() <= CEILING
    assert json.decode(json.encode(ANY), type=MixCommand) == ANY


@pytest.mark.parametrize(
    "wrong", [Shape(balance=1.5), Shape(treble=Decibels(9.0)), Shape(balance=float("nan"))]
)
def test_what_is_no_shape_is_refused(wrong: Shape) -> None:
    with pytest.raises(MixingError):
        Mixer().apply(wrong)
