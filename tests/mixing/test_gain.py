import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.errors import MixingError
from player.mixing.gain import (
    FALL,
    FLOOR_DB,
    RISE,
    SHORTEST_FADE,
    Ramp,
    amplitude,
    fade_frames,
    raised_cosine,
    slew,
)
from player.units import SAMPLE_RATE, SILENCE_DB, Seconds

levels = st.floats(float(SILENCE_DB), 0.0)


@given(start=st.integers(0, 10**9), present=levels, target=levels)
@settings(deadline=None)
def test_slew_reaches_its_target_no_faster_than_allowed(start: int, present: float, target: float) -> None:
    ramp = slew(start, present, target)
    assert ramp.at(start) == present
    assert ramp.at(start + ramp.left(start)) == target
    frames = np.linspace(start, start + ramp.left(start), 50).round().astype(int)
    values = np.array([ramp.at(int(frame)) for frame in frames])
    seconds = np.diff(frames) / SAMPLE_RATE
    steps = np.diff(values)
    assert (np.abs(steps) <= FALL * seconds + 1e-9).all()
    audible = values[:-1] >= FLOOR_DB
    assert (steps[audible] <= RISE * seconds[audible] + 1e-9).all()


@given(st.integers(0, 10**9), st.integers(1, 500), st.data())
@settings(deadline=None)
def test_a_ramp_is_the_same_in_one_piece_and_in_two(start: int, length: int, data: st.DataObject) -> None:
    ramp = Ramp.line(start, 0.25, 1.0, length)
    cut = data.draw(st.integers(0, length))
    whole = np.atleast_1d(ramp.over(start, length))
    parts = [
        np.broadcast_to(ramp.over(at, n), n) for at, n in ((start, cut), (start + cut, length - cut)) if n
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert whole[-1] == 1.0


def test_gain_curves_begin_and_end_exactly() -> None:
    assert raised_cosine(0.0) == 0.0
    assert raised_cosine(1.0) == 1.0
    assert amplitude(float(SILENCE_DB)) == 0.0
    assert amplitude(0.0) == 1.0
    np.testing.assert_allclose(amplitude(np.array([-120.0, -20.0, 0.0])), [0.0, 0.1, 1.0])


@pytest.mark.parametrize("fade", [-0.1, math.nan, math.inf, 61.0])
def test_a_fade_has_a_sensible_length(fade: float) -> None:
    with pytest.raises(MixingError):
        fade_frames(Seconds(fade))


def test_no_fade_is_too_short_to_be_smooth() -> None:
    assert fade_frames(Seconds(0.0)) == SHORTEST_FADE
