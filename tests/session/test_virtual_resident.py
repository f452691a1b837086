"""The resident of the demonstration grows restless by script and settles with calm music only."""

from collections.abc import Callable

from player.simulation.resident import PERIOD, VirtualResident
from player.units import Seconds


def course(calmness: Callable[[float], float | None], seconds: float) -> list[float]:
    """Agitation every 2 s."""
    resident = VirtualResident(seed=1, at=Seconds(100.0))
    return [resident.agitation(Seconds(100.0 + 2.0 * n), calmness(2.0 * n)) for n in range(int(seconds / 2))]


def test_calm_for_the_first_part_of_a_minute_then_restless() -> None:
    agitation = course(lambda _: 0.2, 120.0)
    assert max(agitation[:20]) < 0.4
    assert min(agitation[40:]) > 0.6


def test_calm_music_settles_and_the_next_episode_comes() -> None:
    agitation = course(lambda at: 0.2 if at < 80.0 or at > PERIOD else 0.9, PERIOD + 120.0)
    assert max(agitation[75:140]) < 0.4
    assert min(agitation[-20:]) > 0.6


def test_silence_settles_nobody() -> None:
    assert min(course(lambda _: None, 200.0)[50:]) > 0.6


def test_the_same_seed_gives_the_same_course() -> None:
    assert course(lambda _: 0.2, 60.0) == course(lambda _: 0.2, 60.0)
