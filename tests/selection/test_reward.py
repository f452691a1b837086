"""Reward: against matched moments, by reason of the end, only for what was heard."""

import math
from random import Random

import pytest
from msgspec import json, structs

from player.model import Selection
from player.selection.outcome import Observation, OutcomeWatch
from player.selection.reward import (
    Natural,
    NaturalChange,
    Response,
    StopReason,
    by_sensors,
    by_staff,
    by_stop,
)
from player.units import Seconds

HALF_LIFE = Seconds(25 * 86_400.0)
WINDOW = Seconds(180.0)
CHOICE = Selection(
    track_id="x", propensity=1.0, expected_reward=0.0, policy="iso/1", reason="", basis={"one": 1.0}
)


def response(before: float = 0.8, after: float = 0.4, heard: float = 180.0) -> Response:
    return Response(
        before=before, after=after, confidence=1.0, minute=900, heard=Seconds(heard), window=WINDOW
    )


class Drifting:
    """Agitation that returns to its usual level by itself, more restless in the afternoon; no music helps."""

    def __init__(self, seed: int) -> None:
        self.random, self.level, self.minute = Random(seed), 0.3, 0

    def step(self) -> float:
        self.minute = (self.minute + 3) % 1440
        usual = 0.3 + 0.15 * math.sin(2 * math.pi * (self.minute - 600) / 1440)
        self.level += 0.3 * (usual - self.level) + self.random.gauss(0, 0.12)
        self.level = min(max(self.level, 0.0), 1.0)
        return self.level


def test_falling_back_from_a_peak_is_no_merit_of_the_music() -> None:
    """In a world without any effect the reward of swaps at peaks is 0; before-after says it is large."""
    world, natural = Drifting(1), NaturalChange(HALF_LIFE)
    rewards, naive = [], []
    for number in range(12_000):
        before, minute = world.level, world.minute
        after = world.step()
        if before > 0.6:
            credit = by_sensors(CHOICE, response(before, after), natural)
            assert credit is not None
            if number > 2000:
                rewards.append(credit.reward)
                naive.append(before - after)
        else:
            natural.learn_one(before, minute, after - before, Seconds(180.0 * number))
    assert len(rewards) > 100
    assert sum(naive) / len(naive) > 0.08
    assert abs(sum(rewards) / len(rewards)) < 0.03


def test_expected_change_follows_level_and_hour_and_starts_from_a_prior() -> None:
    natural = NaturalChange(HALF_LIFE)
    assert (
        natural.predict_one(0.9, 0)[0] < natural.predict_one(0.5, 0)[0] < 0 < natural.predict_one(0.1, 0)[0]
    )
    doubt = natural.predict_one(0.6, 900)[1]
    for number in range(200):
        natural.learn_one(0.6, 900, 0.1, Seconds(600.0 * number))
        natural.learn_one(0.6, 180, -0.2, Seconds(600.0 * number))
    assert natural.predict_one(0.6, 900)[0] == pytest.approx(0.1, abs=0.03)
    assert natural.predict_one(0.6, 180)[0] == pytest.approx(-0.2, abs=0.03)
    assert natural.predict_one(0.6, 900)[1] < doubt / 3
    stored = json.decode(json.encode(natural.learned), type=Natural)
    assert NaturalChange(HALF_LIFE, stored).predict_one(0.6, 900) == natural.predict_one(0.6, 900)


def test_only_what_was_heard_is_credited() -> None:
    natural = NaturalChange(HALF_LIFE)
    full, half = (by_sensors(CHOICE, response(heard=s), natural) for s in (180.0, 90.0))
    assert full is not None and half is not None and full.weight > half.weight > 0
    assert by_sensors(CHOICE, response(heard=10.0), natural) is None
    assert by_staff(CHOICE, 1, Seconds(10.0), WINDOW) is None


def test_staff_outweigh_sensors() -> None:
    natural = NaturalChange(HALF_LIFE)
    sensors, staff = by_sensors(CHOICE, response(), natural), by_staff(CHOICE, -1, WINDOW, WINDOW)
    assert sensors is not None and staff is not None
    assert staff.weight > 4 * sensors.weight
    assert sensors.reward * sensors.weight + staff.reward * staff.weight < 0


def test_a_stop_is_credited_by_its_reason_and_lunch_is_no_dislike() -> None:
    assert by_stop(CHOICE, StopReason.OTHER) is None
    found = {reason: credit for reason in StopReason if (credit := by_stop(CHOICE, reason))}
    values = {reason: credit.reward for reason, credit in found.items()}
    assert values[StopReason.UPSET] < values[StopReason.DISLIKED] < values[StopReason.SKIPPED] < 0
    assert values[StopReason.ASLEEP] > 0


# --- as the day goes on -----------------------------------------------------------------------------------


def watch() -> tuple[OutcomeWatch, NaturalChange]:
    natural = NaturalChange(HALF_LIFE)
    return OutcomeWatch(WINDOW, natural), natural


def see(at: float, agitation: float | None, heard: str | None = "x") -> Observation:
    return Observation(at=Seconds(at), minute=900, agitation=agitation, heard=heard)


def test_a_swap_is_judged_at_the_end_of_its_window() -> None:
    outcomes, _ = watch()
    outcomes.observe(see(0, 0.8, "old"))
    assert outcomes.entered(CHOICE, Seconds(5.0)) == []
    credits = [c for t in range(10, 200, 10) for c in outcomes.observe(see(t, 0.8 - t / 400))]
    assert len(credits) == 1 and credits[0].reward > 0.1 and credits[0].basis == CHOICE.basis
    late = outcomes.judged(1, Seconds(500.0))
    assert len(late) == 1 and late[0].reward > 0
    assert outcomes.judged(1, Seconds(5000.0)) == []


def test_without_sensors_only_people_teach() -> None:
    outcomes, _ = watch()
    outcomes.entered(CHOICE, Seconds(0.0))
    assert not [c for t in range(0, 170, 10) for c in outcomes.observe(see(t, None))]
    assert [c.reward > 0 for c in outcomes.judged(1, Seconds(170.0))] == [True]


def test_a_piece_that_was_not_heard_teaches_nothing() -> None:
    outcomes, _ = watch()
    outcomes.observe(see(0, 0.8, "old"))
    outcomes.entered(CHOICE, Seconds(5.0))
    assert not [c for t in range(10, 400, 10) for c in outcomes.observe(see(t, 0.1, "old"))]
    assert outcomes.judged(1, Seconds(300.0)) == []


def test_a_stop_ends_the_window_and_speaks_by_its_reason() -> None:
    for reason, count in ((StopReason.OTHER, 1), (StopReason.DISLIKED, 2)):
        outcomes, _ = watch()
        outcomes.observe(see(0, 0.8))
        outcomes.entered(CHOICE, Seconds(5.0))
        for t in range(10, 100, 10):
            outcomes.observe(see(t, 0.8))
        assert len(outcomes.stopped(reason)) == count
        assert outcomes.stopped(reason) == []


def test_moments_without_a_swap_teach_what_happens_by_itself() -> None:
    outcomes, natural = watch()
    before = natural.predict_one(0.5, 900)
    for t in range(0, 3600, 10):
        assert outcomes.observe(see(t, 0.5)) == []
    after = natural.predict_one(0.5, 900)
    assert abs(after[0]) < abs(before[0]) / 3 and after[1] < before[1]


def test_staff_who_always_say_better_praise_no_piece() -> None:
    outcomes, natural = watch()
    rewards = []
    for n in range(12):
        at = 1000.0 * n
        outcomes.observe(see(at, 0.8))
        outcomes.entered(CHOICE, Seconds(at))
        for t in range(10, 170, 10):
            outcomes.observe(see(at + t, 0.6))
        rewards += [c.reward for c in outcomes.judged(1, Seconds(at + 160.0)) if "staff" in c.why]
    assert rewards[0] > 3 * rewards[-1] > 0.0
    assert natural.usual_rating > 0.7


def test_one_odd_reading_decides_nothing() -> None:
    plain, odd = (watch()[0] for _ in range(2))
    credits = []
    for outcomes, last in ((plain, 0.5), (odd, 1.0)):
        outcomes.observe(see(0, 0.8))
        outcomes.entered(CHOICE, Seconds(5.0))
        for t in range(10, 160, 10):
            outcomes.observe(see(t, 0.5))
        credits += outcomes.observe(see(175, last))
    assert credits[0].reward - credits[1].reward < 0.12, "of a difference of 0.5"


def test_ordinary_pieces_are_matched_moments_too() -> None:
    outcomes, natural = watch()
    before = natural.predict_one(0.5, 900)[0]
    for n in range(30):
        at = 400.0 * n
        outcomes.observe(see(at - 5.0, 0.5))
        outcomes.entered(CHOICE, Seconds(at), soothing=False)
        for t in range(0, 190, 10):
            outcomes.observe(see(at + t, 0.5))
    assert abs(natural.predict_one(0.5, 900)[0]) < abs(before) / 2


def test_rising_agitation_speaks_for_harm_within_bounds() -> None:
    natural = NaturalChange(HALF_LIFE)
    harm = {}
    for after in (0.2, 0.5, 0.65, 0.8, 1.0):
        credit = by_sensors(CHOICE, response(before=0.5, after=after), natural)
        assert credit is not None
        harm[after] = credit.harm
    assert list(harm.values()) == sorted(harm.values())
    assert harm[0.2] < 0 < harm[0.8] and abs(harm[1.0]) <= 1.0


def test_a_noisy_sensor_makes_no_music_look_harmful() -> None:
    """Nothing helps, the sensor is noisy, swaps come after high levels: the mean reward is near 0."""
    outcomes, random = watch()[0], Random(5)
    level, swapped, rewards = 0.4, -1e9, []
    shown = [0.4] * 7
    for n in range(60_000):
        at = 10.0 * n
        level += 0.02 * (0.4 - level) + random.gauss(0, 0.025)
        seen = min(max(level + random.gauss(0, 0.15), 0.0), 1.0)
        shown = [*shown[1:], seen]
        rewards += [(at, c.reward) for c in outcomes.observe(see(at, seen))]
        if sum(shown) / 7 > 0.55 and at - swapped > 600.0 and at % 3600.0 < 300.0:
            swapped = at
            outcomes.entered(CHOICE, Seconds(at))
    late = [reward for at, reward in rewards if at > 100_000.0]
    assert len(late) > 40
    assert abs(sum(late) / len(late)) < 0.05


def test_a_word_in_the_first_seconds_of_a_piece_is_about_the_one_before() -> None:
    outcomes, _ = watch()
    outcomes.entered(CHOICE, Seconds(0.0))
    for t in range(0, 170, 10):
        outcomes.observe(see(t, None))
    outcomes.entered(structs.replace(CHOICE, track_id="next"), Seconds(170.0))
    outcomes.observe(see(170, None, "next"))
    outcomes.observe(see(180, None, "next"))
    assert [c.track_id for c in outcomes.judged(1, Seconds(185.0))] == ["x"]
    for t in range(190, 230, 10):
        outcomes.observe(see(t, None, "next"))
    assert [c.track_id for c in outcomes.judged(1, Seconds(230.0))] == ["next"]


def test_a_piece_refused_after_its_window_is_credited_once() -> None:
    outcomes, _ = watch()
    outcomes.entered(CHOICE, Seconds(0.0))
    for t in range(0, 300, 10):
        outcomes.observe(see(t, None))
    assert outcomes.stopped(StopReason.SKIPPED) == []
    assert [c.reward < 0 for c in outcomes.stopped(StopReason.DISLIKED)] == [True]
    assert outcomes.stopped(StopReason.DISLIKED) == []


def test_what_follows_a_piece_that_broke_off_is_not_credited_to_it() -> None:
    outcomes, _ = watch()
    outcomes.observe(see(0, 0.6, "old"))
    outcomes.entered(CHOICE, Seconds(5.0))
    credits = [c for t in range(10, 100, 10) for c in outcomes.observe(see(t, 0.6))]
    credits += [c for t in range(100, 200, 10) for c in outcomes.observe(see(t, 1.0, "pad"))]
    assert len(credits) == 1 and credits[0].reward > -0.1


def test_what_helped_and_what_was_followed_by_another_try_weigh_the_same() -> None:
    """Readings once a minute; the next try is chosen at the end of the window, and enters a moment later."""
    weights = []
    for again in (False, True):
        outcomes, _ = watch()
        outcomes.observe(see(0, 0.7, "old"))
        outcomes.entered(CHOICE, Seconds(2.0))
        credits = [c for t in (60, 120, 180) for c in outcomes.observe(see(t, 0.7))]
        if again:
            credits += outcomes.entered(structs.replace(CHOICE, track_id="next"), Seconds(182.0))
        else:
            credits += outcomes.observe(see(240, 0.7))
        weights += [(c.weight, c.reward) for c in credits]
    assert len(weights) == 2 and weights[0] == weights[1]
