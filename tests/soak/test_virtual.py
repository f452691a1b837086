"""A part of the day that `make soak` runs through."""

from tests.soak.virtual import soak


def test_half_an_hour_of_virtual_time_without_a_gap() -> None:
    found = soak(hours=0.5, seed=3)
    assert (found.underruns, found.bad_samples, found.refused, found.silent_s) == (0, 0, 0, 0.0)
    assert found.pieces > 5
