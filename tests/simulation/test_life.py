"""The simulated world: same seed, same bytes; common random numbers; a sensor as weak as published ones."""

from itertools import pairwise

import pytest
from msgspec import json

from adapters.simulate import simulate
from player.errors import SelectionError
from player.model import Verb
from player.session.messages import (
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    FeedbackArrived,
    ReadingArrived,
    Started,
)
from player.session.session import Session
from player.simulation.days import READS, make_day
from player.simulation.life import Life
from player.simulation.parameters import NO_EFFECT, RESTLESS, SETTLED, World
from player.simulation.person import Person
from player.simulation.unrest import Unrest

THRESHOLD = 0.6  # of the score: `agitation_on` of the default settings


def days(
    policy: str, count: int, *, world: World | None = None, seed: int = 1, resident: int = 0
) -> list[bytes]:
    life = Life(world or World(), policy, seed, resident)
    lived = []
    for _ in range(count):
        day = life.day()
        lived.append(json.encode((day, life.truth)))
    return lived


def test_the_same_seed_lives_the_same_days() -> None:
    assert days("learn", 2) == days("learn", 2)
    assert days("learn", 2) != days("learn", 2, seed=2) != days("learn", 2, resident=1)


def test_policies_differ_where_music_has_an_effect_and_only_there() -> None:
    truths = []
    for world in (World(), NO_EFFECT):
        for policy in ("calmest-familiar", "random-approved"):
            life = Life(world, policy, 1, 0)
            truth = [value for _ in range(3) for value in (life.day(), life.truth)[1]]
            truths.append(truth)
    assert truths[0] != truths[1]
    assert truths[2] == truths[3]


def test_the_days_of_a_person_do_not_depend_on_how_many_went_before() -> None:
    person = Person(World(), 1, 4)
    assert make_day(World(), person, 1, 4, 9) == make_day(World(), Person(World(), 1, 4), 1, 4, 9)


def test_the_sensor_is_as_weak_as_the_published_ones() -> None:
    """Minutes told apart with an AUC near 0.8; about ten false alarms for each true one (SCIENCE)."""
    world = World()
    scores: list[tuple[float, bool]] = []
    true = false = 0
    for resident in range(30):
        person = Person(world, 7, resident)
        for number in range(8):
            day, unrest = make_day(world, person, 7, resident, number), Unrest(world, person)
            above = episode = known = False
            for minute in range(day.wakes, day.sleeps):
                if cause := day.causes.get(minute):
                    unrest.cause(cause.size, need=False)
                agitation = unrest.step(day.usual[minute])
                if agitation >= RESTLESS and not episode:
                    episode, known = True, False
                elif agitation < SETTLED:
                    episode = False
                if day.sensor[minute] != READS:
                    continue
                score = min(max(person.gain * agitation + day.error[minute], 0.0), 1.0)
                scores.append((score, agitation >= RESTLESS))
                if score >= THRESHOLD and not above:
                    true += episode and not known
                    false += not episode
                    known = episode
                above = score >= THRESHOLD
    assert 0.77 <= auc(scores) <= 0.85
    assert 7.0 <= false / true <= 14.0


def auc(scores: list[tuple[float, bool]]) -> float:
    """Probability that a restless minute has the higher score (Mann & Whitney)."""
    positives = [rank for rank, (_, restless) in enumerate(sorted(scores)) if restless]
    n = len(positives)
    return (sum(positives) - n * (n - 1) / 2) / (n * (len(scores) - n))


def test_a_week_replays_to_the_same_effects_byte_for_byte() -> None:
    events: list[bytes] = []
    effects: list[bytes] = []

    def watch(event: Event, caused: tuple[Effect, ...]) -> None:
        events.append(json.encode(event))
        effects.append(json.encode(caused))

    life = Life(World(), "learn", 3, 2, watch)
    for _ in range(7):
        life.day()
    session = Session(json.decode(events[0], type=Started))
    for number, line in enumerate(events):
        again = json.encode(session.handle(json.decode(line, type=Event)))
        assert again == effects[number], f"event {number}: {line[:200]!r}"


def test_a_week_has_readings_each_minute_presses_and_changes_of_music() -> None:
    events: list[Event] = []
    decisions: list[Decision] = []

    def watch(event: Event, caused: tuple[Effect, ...]) -> None:
        events.append(event)
        decisions.extend(effect.decision for effect in caused if isinstance(effect, Decide))

    measured = []
    for resident in range(2):
        life = Life(World(), "calmest-familiar", 3, resident, watch)
        measured += [life.day() for _ in range(7)]
    readings = sum(isinstance(event, ReadingArrived) for event in events)
    assert 7_000 < readings < 14 * 900
    verbs = {event.command.verb for event in events if isinstance(event, CommandArrived)}
    assert {Verb.CALM, Verb.RATE} <= verbs
    assert any(isinstance(event, FeedbackArrived) for event in events)
    assert any(d.event_type == "swap" and d.trigger == "agitation" for d in decisions)
    assert sum(day.swaps for day in measured) == sum(d.event_type == "swap" for d in decisions)
    assert sum(before.at > after.at for before, after in pairwise(events)) == 1  # from one to the other


def test_the_answer_has_the_agreed_shape_and_depends_only_on_the_seed() -> None:
    first, second = (simulate(2, 1, ("learn", "staff-order"), seed=4, workers=workers) for workers in (1, 2))
    plain = [json.decode(json.encode(answer)) for answer in (first, second)]
    for answer in plain:
        assert answer.pop("resident_days_per_minute") > 0
    assert plain[0] == plain[1]
    assert set(plain[0]["policies"]) == {"learn", "staff-order"}
    for name in ("agitation_minutes_per_day", "relapses_per_day", "swaps_per_hour", "harm_events", "regret"):
        assert set(plain[0]["policies"]["learn"][name]) == {"mean", "low", "high"}
    assert plain[0]["no_effect"]["same_truth"] is True
    nothing = plain[0]["no_effect"]["differences"]["staff-order"]["agitation_minutes_per_day"]
    assert nothing == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_an_unknown_policy_is_a_named_error() -> None:
    with pytest.raises(SelectionError, match="there is no policy 'best'"):
        simulate(1, 1, ("best",))
