"""A soothing piece enters no louder than what is heard, and recovers slowly."""

import numpy as np
import pytest

from player.mixing.entrance import HeardLevel, head_level
from player.mixing.mixer import Mixer
from player.mixing.ring import Ring
from player.model import Crossfade, Volume
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Decibels, Frames, Seconds, db_to_amplitude

SECOND = SAMPLE_RATE


def noise(seed: int, level_db: float, seconds: float) -> Pcm:
    sigma = db_to_amplitude(level_db - 10 * np.log10(2))  # the level is the sum of both channels
    return np.random.default_rng(seed).normal(0.0, sigma, (int(seconds * SECOND), 2)).astype(np.float32)


def ring_of(pcm: Pcm) -> Ring:
    ring = Ring(Frames(len(pcm)))
    ring.write(pcm)
    return ring


def swapped(heard_db: float, entering_db: float, *, gentle: bool, seconds: float = 12.0) -> Pcm:
    """4 s of the first piece, then a 3-s swap to the second."""
    mixer = Mixer()
    mixer.attach(0, ring_of(noise(1, heard_db, 30.0)), Decibels(0.0))
    mixer.attach(1, ring_of(noise(2, entering_db, 30.0)), Decibels(0.0))
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.apply(Crossfade(deck=0, fade=Seconds(0.01)))
    before = mixer.render(4 * SECOND)
    mixer.apply(Crossfade(deck=1, fade=Seconds(3.0), gentle=gentle))
    return np.concatenate((before, mixer.render(int(seconds * SECOND))))


def level(pcm: Pcm) -> float:
    return float(10 * np.log10(np.mean(np.sum(pcm.astype(np.float64) ** 2, axis=1))))


def test_a_louder_piece_enters_at_the_level_that_is_heard() -> None:
    heard = swapped(-35.0, -27.0, gentle=True)
    assert level(heard[7 * SECOND : 9 * SECOND]) == pytest.approx(-35.0, abs=0.5)


def test_it_recovers_by_six_decibels_a_minute() -> None:
    heard = swapped(-35.0, -27.0, gentle=True, seconds=20.0)
    early, late = level(heard[8 * SECOND : 9 * SECOND]), level(heard[18 * SECOND : 19 * SECOND])
    assert late - early == pytest.approx(1.0, abs=0.2)


def test_a_softer_piece_keeps_its_gain() -> None:
    assert level(swapped(-20.0, -27.0, gentle=True)[-SECOND:]) == pytest.approx(-27.0, abs=0.3)


def test_other_swaps_keep_the_gain_of_the_piece() -> None:
    assert level(swapped(-35.0, -27.0, gentle=False)[-SECOND:]) == pytest.approx(-27.0, abs=0.3)


def test_a_piece_is_lowered_by_at_most_12_db() -> None:
    heard = swapped(-60.0, -20.0, gentle=True)
    assert level(heard[7 * SECOND : 8 * SECOND]) == pytest.approx(-32.0, abs=0.5)


def test_the_loudest_three_seconds_of_the_head_count() -> None:
    head = np.concatenate((noise(1, -40.0, 4.0), noise(2, -20.0, 3.0), noise(3, -40.0, 3.0)))
    assert head_level(head) == pytest.approx(-20.0, abs=0.3)
    assert head_level(head[:10]) < -30.0


@pytest.mark.parametrize("block", [1, 479, 48_000])
def test_any_partition_gives_the_same_level(block: int) -> None:
    pcm = noise(4, -25.0, 0.5 if block == 1 else 5.0)
    meter, whole = HeardLevel(), HeardLevel()
    for start in range(0, len(pcm), block):
        meter.add(pcm[start : start + block])
    whole.add(pcm)
    assert meter.level == pytest.approx(whole.level, abs=1e-9)
