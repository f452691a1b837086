import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.mixing.stretch import AHEAD, Stretcher
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE

STRETCHES = st.floats(1.0 - 500e-6, 1.0 + 500e-6)


def sine(hertz: float, frames: int, step: float = 1.0) -> Pcm:
    phase = 2.0 * np.pi * hertz / SAMPLE_RATE * step * np.arange(frames)
    return np.stack((np.sin(phase), np.cos(phase)), axis=1).astype(np.float32)


def test_nothing_is_changed_at_the_station_s_own_pace() -> None:
    sound = np.random.default_rng(1).normal(0.0, 0.1, (5000, 2)).astype(np.float32)
    made = Stretcher().push(sound, 1.0)
    assert len(made) == 5000 - AHEAD
    np.testing.assert_array_equal(made, sound[: len(made)])


@pytest.mark.parametrize("ppm", [-500.0, -30.0, 200.0, 500.0])
@pytest.mark.parametrize(
    ("hertz", "error_db"), [(100.0, -80), (1000.0, -80), (15_000.0, -78), (18_000.0, -65)]
)
def test_a_tone_is_only_moved(ppm: float, hertz: float, error_db: float) -> None:
    """Against the tone at the pitch it should have."""
    stretch = 1.0 + ppm * 1e-6
    stretcher, frames = Stretcher(), 2 * SAMPLE_RATE
    sound = sine(hertz, frames)
    made = np.concatenate([stretcher.push(sound[at : at + 1152], stretch) for at in range(0, frames, 1152)])
    assert len(made) == pytest.approx(frames * stretch, abs=AHEAD + 2)
    wrong = (made - sine(hertz, len(made), 1.0 / stretch))[100:]
    assert 20.0 * np.log10(float(np.abs(wrong).max())) < error_db


@given(parts=st.lists(st.tuples(st.integers(0, 700), STRETCHES), min_size=1, max_size=20))
@settings(deadline=None)
def test_no_frame_is_lost_however_it_comes(parts: list[tuple[int, float]]) -> None:
    """A straight line comes out as one: no frame twice, none left out, whatever the pace."""
    stretcher, at, wanted = Stretcher(), 0, 0.0
    made: list[Pcm] = []
    for frames, stretch in parts:
        line = np.repeat(np.arange(at, at + frames, dtype=np.float32)[:, np.newaxis] / 16384.0, 2, axis=1)
        made.append(stretcher.push(line, stretch))
        at, wanted = at + frames, wanted + frames * stretch
    whole = np.concatenate(made)
    assert whole.shape == (len(whole), 2)
    assert len(whole) == pytest.approx(max(0.0, wanted - AHEAD), abs=2)
    steps = np.diff(whole[2 * AHEAD :, 0]) * 16384.0
    np.testing.assert_allclose(steps, 1.0, atol=0.05)
