"""How agitation comes and goes, with music and without."""

import pytest

from player.simulation.parameters import NO_EFFECT, RESTLESS, World
from player.simulation.person import Person
from player.simulation.unrest import Unrest

REST = 0.15


def unrest(world: World | None = None) -> Unrest:
    world = world or World()
    return Unrest(world, Person(world, 1, 0))


def agitated_minutes(effect: float, world: World | None = None) -> int:
    """Of an episode in which the music begins after eight minutes."""
    mind = unrest(world)
    mind.cause(0.9, need=False)
    before = [mind.step(REST) for _ in range(8)]
    mind.hear(effect)
    return sum(value >= RESTLESS for value in [*before, *(mind.step(REST) for _ in range(180))])


def test_an_episode_fades_by_itself_sooner_with_the_right_music_later_with_the_wrong() -> None:
    right, silence, wrong = (agitated_minutes(effect) for effect in (0.8, 0.0, -0.6))
    assert 0 < right < silence < wrong


def test_where_music_has_no_effect_every_piece_is_like_silence() -> None:
    assert (
        agitated_minutes(0.8, NO_EFFECT)
        == agitated_minutes(0.0, NO_EFFECT)
        == agitated_minutes(-1.0, NO_EFFECT)
    )


def test_an_upsetting_piece_agitates_a_calm_resident_and_is_seen_beside_what_would_have_been() -> None:
    mind = unrest()
    mind.hear(-1.0)
    for _ in range(4):
        mind.step(REST)
    assert mind.agitation - mind.alone > 0.1
    assert mind.alone == pytest.approx(REST)


def test_a_piece_that_is_merely_not_loved_agitates_nobody() -> None:
    mind = unrest()
    mind.hear(-0.2)
    assert mind.step(REST) == REST


def test_music_does_not_mend_a_need_and_staff_do() -> None:
    mind = unrest()
    mind.hear(1.0)
    mind.cause(0.6, need=True)
    for _ in range(120):
        mind.step(REST)
    assert mind.needs and mind.agitation > RESTLESS
    mind.mend()
    for _ in range(180):
        mind.step(REST)
    assert not mind.needs and mind.agitation == pytest.approx(REST, abs=0.01)


def test_agitation_stays_between_0_and_1() -> None:
    mind = unrest()
    for _ in range(10):
        mind.cause(0.9, need=True)
        mind.cause(0.9, need=False)
        assert 0.0 <= mind.step(REST) <= 1.0
    assert 0.0 <= mind.step(-2.0) <= 1.0
