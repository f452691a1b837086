"""How a paced worker divides its time."""

import pytest

from adapters.library import pace
from adapters.library.pace import Pace


class Clock:
    """Time that passes when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = self.slept = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


@pytest.mark.parametrize("piece", [0.001, 0.03, 2.0])
def test_the_busy_share_is_kept_whatever_the_size_of_the_pieces(clock: Clock, piece: float) -> None:
    paced = Pace(0.25)
    for _ in range(1000):
        clock.now += piece
        paced.breathe()
    assert (clock.now - clock.slept) / clock.now == pytest.approx(0.25, abs=0.01)


def test_full_speed_never_sleeps(clock: Clock) -> None:
    unpaced = Pace()
    for _ in range(10):
        clock.now += 1.0
        unpaced.breathe()
    assert clock.slept == 0.0
