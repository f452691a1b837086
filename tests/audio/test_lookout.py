import numpy as np
import pytest

from adapters.audio.lookout import RiseMeter
from player.units import SAMPLE_RATE


def rises(block: int, step_db: float) -> list[float]:
    """What is told of 40 s of noise that becomes louder at 30 s."""
    sound = np.random.default_rng(1).normal(0.0, 0.01, (40 * SAMPLE_RATE, 2)).astype(np.float32)
    sound[30 * SAMPLE_RATE :] *= np.float32(10 ** (step_db / 20))
    meter = RiseMeter()
    told = [meter.push(sound[at : at + block]) for at in range(0, len(sound), block)]
    return [rise for rise in told if rise is not None]


@pytest.mark.parametrize("block", [311, 1152, 4800, 8192, 100_000])
def test_a_rise_is_found_however_small_the_blocks(block: int) -> None:
    assert max(rises(block, 14.0)) == pytest.approx(14.0, abs=1.0)
    assert max(rises(block, 0.0)) < 2.0


def test_nothing_is_told_of_no_sound() -> None:
    assert RiseMeter().push(np.zeros((0, 2), np.float32)) is None
