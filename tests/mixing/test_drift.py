"""A day of radio whose clock is not the sound card's, without its sound."""

import random

import pytest

from player.mixing.drift import LARGEST, MOST, ClockDrift
from player.units import SAMPLE_RATE

DAY_S = 24 * 3600
CAPACITY_S = 30.0


class Station:
    """Sends `burst_s` at once, then a piece every `every_s` of its own time, sometimes late."""

    def __init__(self, ppm: float, burst_s: float, every_s: float) -> None:
        self.drift = ClockDrift()
        self.levels: list[float] = []  # s, before each piece: the lowest
        self.highest = 0.0
        self.corrected = True
        self.stretches: list[float] = []
        self._every = every_s
        self._pace = 1.0 + ppm * 1e-6  # of its clock, by the sound card's
        self._level = burst_s * SAMPLE_RATE
        self._consumed = 0.0
        self._dice = random.Random(4)
        self.drift.wrote(round(self._level), 0)

    def play(self, seconds: float) -> None:
        """Seconds of the station's time."""
        delay = 0.0
        for _ in range(round(seconds / self._every)):
            late = self._dice.uniform(0.0, min(0.5, self._every / 2))
            passed = (self._every + late - delay) / self._pace * SAMPLE_RATE
            delay = late
            self._consumed += min(passed, self._level)
            self._level -= passed
            self.levels.append(self._level / SAMPLE_RATE)
            stretch = self.drift.stretch if self.corrected else 1.0
            self._level = max(0.0, self._level) + self._every * SAMPLE_RATE * stretch
            self.highest = max(self.highest, self._level / SAMPLE_RATE)
            self.stretches.append(stretch)
            self.drift.wrote(round(self._level), round(self._consumed))


@pytest.mark.parametrize("ppm", [-200.0, -40.0, 0.0, 200.0])
@pytest.mark.parametrize(("burst_s", "every_s"), [(8.0, 0.1), (18.0, 6.0), (3.0, 0.5)])
def test_a_day_neither_empties_nor_overfills_the_ring(ppm: float, burst_s: float, every_s: float) -> None:
    station = Station(ppm, burst_s, every_s)
    station.play(DAY_S)
    assert min(station.levels) > 0.5
    assert station.highest < CAPACITY_S


def test_without_it_the_same_day_runs_dry() -> None:
    station = Station(-200.0, burst_s=8.0, every_s=0.1)
    station.corrected = False
    station.play(DAY_S)
    assert min(station.levels) < 0.0


def test_the_pitch_is_never_moved_by_a_cent_nor_in_a_hurry() -> None:
    station = Station(200.0, burst_s=18.0, every_s=6.0)
    station.play(DAY_S)
    assert max(abs(s - 1.0) for s in station.stretches) <= LARGEST
    steps = [abs(b - a) for a, b in zip(station.stretches, station.stretches[1:], strict=False)]
    assert max(steps[100:]) < 50e-6
    settled = station.stretches[-1000:]
    assert sum(settled) / len(settled) == pytest.approx(1.0 - 200e-6, abs=10e-6)


def test_what_an_interruption_cost_comes_back() -> None:
    station = Station(0.0, burst_s=12.0, every_s=0.1)
    station.play(3600.0)
    station._level -= 8.0 * SAMPLE_RATE  # eight seconds were never sent
    station.play(6 * 3600.0)
    assert station.levels[-1] > 9.0


def test_it_waits_for_what_a_station_sends_at_once() -> None:
    station = Station(0.0, burst_s=28.0, every_s=6.0)
    station.play(250.0)
    assert set(station.stretches) == {1.0}
    station.play(12 * 3600.0)
    assert station.levels[-1] < MOST + 1.0
