"""What was never measured: from its head to the target, and down before it grows loud."""

from itertools import pairwise

import numpy as np
import pytest

from adapters.audio.unmeasured import STEP, SWELL, UNKNOWN, UnmeasuredGain
from player.ports.audio import Pcm
from player.units import PROGRAMME_LUFS, SAMPLE_RATE

BLOCK = 8192


def tone(seconds: float, lufs: float) -> Pcm:
    """A sine of 997 Hz on both sides: at full scale 0 LUFS (BS.1770-4)."""
    wave = 10 ** (lufs / 20) * np.sin(2 * np.pi * 997 / SAMPLE_RATE * np.arange(int(seconds * SAMPLE_RATE)))
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def blocks(sound: Pcm) -> list[Pcm]:
    return [sound[start : start + BLOCK] for start in range(0, len(sound), BLOCK)]


@pytest.mark.parametrize("seconds", [0.5, 1.0, 7.3])
@pytest.mark.parametrize("lufs", [-6.0, -23.0])
def test_the_head_brings_it_to_the_target(seconds: float, lufs: float) -> None:
    unmeasured = UnmeasuredGain()
    for block in blocks(tone(seconds, lufs)):
        assert unmeasured.push(block) is None, "nothing is lowered that was not guessed"
    assert unmeasured.guess() == pytest.approx(PROGRAMME_LUFS - lufs, abs=0.2)


def test_what_is_soft_is_not_amplified_and_silence_is_not_trusted() -> None:
    soft, silent = UnmeasuredGain(), UnmeasuredGain()
    soft.push(tone(5.0, -45.0))
    silent.push(np.zeros((5 * SAMPLE_RATE, 2), np.float32))
    assert (soft.guess(), silent.guess()) == (0.0, UNKNOWN)


def test_it_falls_with_the_first_loud_second_and_never_rises() -> None:
    unmeasured = UnmeasuredGain()
    unmeasured.push(tone(20.0, -40.0))
    gains = [float(unmeasured.guess())]
    for part in (tone(60.0, -12.0), tone(60.0, -40.0)):
        for block in blocks(part):
            if (gain := unmeasured.push(block)) is not None:
                gains.append(float(gain))
    assert all(after < before - STEP for before, after in pairwise(gains))
    assert -12.0 + gains[1] <= PROGRAMME_LUFS + SWELL + 5.0, "most of it at once: within the first second"
    assert -12.0 + gains[-1] == pytest.approx(PROGRAMME_LUFS, abs=1.0)
