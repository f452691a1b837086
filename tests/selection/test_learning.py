"""What is learned: the exact posterior, the better piece, less with time, nothing from what was not heard."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json, structs

from player.model import Selection
from player.selection.bandit import MAX_TRACKS, Learned, Learner, Prior, thompson
from player.selection.context import Context, History, Situation
from player.selection.gaussian import cholesky, solve
from player.selection.policies.learn import Learn
from player.selection.reward import Credit
from player.selection.selector import Selector
from player.settings import PolicySettings, Profile
from player.units import Seconds
from tests.support.pieces import features, piece

DAY = 86_400.0
PRIOR = Prior((0.1, 0.0, -0.2), (0.3, 0.2, 0.5), 0.15, 0.25, Seconds(20 * DAY))


def inputs(random: Random) -> list[float]:
    return [1.0, random.uniform(0, 1), random.uniform(-1, 1)]


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(deadline=None)
def test_small_equations_are_solved(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    root = random.normal(size=(size, size))
    matrix, b = root @ root.T + np.eye(size), random.normal(size=size)
    assert solve(cholesky(matrix.tolist()), b.tolist()) == pytest.approx(np.linalg.solve(matrix, b).tolist())


@pytest.mark.parametrize("days", [0.0, 1.5])
def test_the_posterior_is_that_of_the_joint_model(days: float) -> None:
    """Against a plain solution in all weights and deviations at once, evidence discounted by its age."""
    random, learner = Random(4), Learner(PRIOR)
    names, seen = ["a", "b", "c"], []
    for number in range(25):
        row = (random.choice(names), inputs(random), random.gauss(0, 0.5), random.uniform(0.2, 2))
        at = number * days * DAY
        learner.learn_one(*row, Seconds(at))
        seen.append((*row, at))
    now = 24 * days * DAY
    precision = np.diag([1 / d**2 for d in PRIOR.deviation] + [1 / PRIOR.track_deviation**2] * 3)
    start = np.array([*PRIOR.mean, 0, 0, 0])
    shift = precision @ start
    for name, x, reward, weight, at in seen:
        full = np.array(x + [float(name == other) for other in names])
        share = weight / PRIOR.noise**2 * 2 ** (-(now - at) / PRIOR.half_life)
        precision = precision + share * np.outer(full, full)
        shift = shift + share * reward * full
    covariance = np.linalg.inv(precision)
    mean = covariance @ shift
    believed = learner.posterior(Seconds(now))
    for name in [*names, "unheard"]:
        x = inputs(random)
        full = np.array(x + [float(name == other) for other in names])
        new = PRIOR.track_deviation**2 if name == "unheard" else 0.0
        assert believed.mean(name, x) == pytest.approx(float(full @ mean))
        assert believed.deviation(name, x) == pytest.approx(float((full @ covariance @ full + new) ** 0.5))


def test_shares_of_draws_are_the_chances_to_be_the_best() -> None:
    learner = Learner(PRIOR)
    for reward in (0.4, 0.5, 0.45):
        learner.learn_one("good", [1.0, 0.5, 0.0], reward, 1.0, Seconds(0.0))
    believed = learner.posterior(Seconds(0.0))
    options = [(name, [1.0, 0.5, 0.0]) for name in ("good", "new", "other")]
    shares = thompson(believed, options, 4000)
    assert sum(shares) == pytest.approx(1.0)
    assert shares[0] > shares[1] + 0.1 and shares[1] == pytest.approx(shares[2], abs=0.04)


def test_evidence_fades_with_the_half_life() -> None:
    learner = Learner(PRIOR)
    x = [1.0, 0.0, 0.0]
    for _ in range(30):
        learner.learn_one("a", x, 0.8, 1.0, Seconds(0.0))
    means = [learner.posterior(Seconds(days * DAY)).mean("a", x) for days in (0, 20, 100, 400)]
    assert means == sorted(means, reverse=True) and means[0] > 0.5
    assert means[3] == pytest.approx(PRIOR.mean[0], abs=0.01)
    one, half = Learner(PRIOR), Learner(PRIOR)
    one.learn_one("a", x, 0.8, 1.0, Seconds(0.0))
    half.learn_one("a", x, 0.8, 0.5, Seconds(20 * DAY))
    assert one.posterior(Seconds(20 * DAY)).mean("a", x) == pytest.approx(
        half.posterior(Seconds(20 * DAY)).mean("a", x)
    )


def test_memory_is_bounded_and_survives_being_stored() -> None:
    random, learner = Random(1), Learner(PRIOR)
    for number in range(MAX_TRACKS + 50):
        learner.learn_one(f"t{number}", inputs(random), random.gauss(0, 1), 1.0, Seconds(float(number)))
    assert len(learner.learned.tracks) == MAX_TRACKS
    kept = learner.snapshot()
    stored = json.decode(json.encode(kept), type=Learned)
    again, x, now = Learner(PRIOR, stored), inputs(random), Seconds(600.0)
    assert again.posterior(now).mean("t540", x) == learner.posterior(now).mean("t540", x)
    learner.learn_one("t540", x, 1.0, 1.0, now)
    assert kept == stored, "what was handed out to be stored changes no more"
    other = Learner(Prior((0.0,), (1.0,), 0.1, 0.2, Seconds(DAY)), stored)
    assert other.learned.xy == [0.0], "what another version learned is not used"


# --- the policy in a small world --------------------------------------------------------------------------


class SmallWorld:
    """Five pieces that look alike; one of them helps, which only its effects tell."""

    def __init__(self, seed: int, best: str = "p3") -> None:
        self.random, self.best = Random(seed), best
        self.selector = Selector("learn", Profile(id="demo"))
        self.selector.update([piece(f"p{n}", features(0.7)) for n in range(5)])
        self.at = Seconds(0.0)

    def live(self, rounds: int) -> list[Selection]:
        """Four times a day."""
        choices = []
        for _ in range(rounds):
            self.at = Seconds(self.at + 6 * 3600.0)
            context = Context(at=self.at, soothe=True, situation=Situation(agitation=0.6, minute=900))
            choice = self.selector.choose(context, History(), self.random)
            assert choice is not None
            effect = 0.25 if choice.track_id == self.best else 0.05
            reward = effect + self.random.gauss(0, 0.2)
            credit = Credit(track_id=choice.track_id, reward=reward, weight=1.0, basis=choice.basis)
            self.selector.learn_one(credit, self.at)
            choices.append(choice)
        return choices


def test_the_learner_finds_the_better_of_five_and_follows_when_it_changes() -> None:
    found = changed = 0
    for seed in range(6):
        world = SmallWorld(seed)
        world.live(120)
        found += sum(c.track_id == "p3" for c in world.live(40))
        world.best = "p1"
        world.live(280)
        changed += sum(c.track_id == "p1" for c in world.live(40))
    assert found > 0.7 * 240
    assert changed > 0.6 * 240


def test_what_was_learned_is_there_after_a_restart() -> None:
    world = SmallWorld(3)
    world.live(80)
    again = Selector("learn", Profile(id="demo"), learned=world.selector.learned())
    again.update([piece(f"p{n}", features(0.7)) for n in range(5)])
    context = Context(at=world.at, soothe=True, situation=Situation(agitation=0.9))
    first, second = (s.choose(context, History(), Random(1)) for s in (world.selector, again))
    assert first == second and first is not None and first.track_id == "p3"


def test_a_piece_that_harmed_is_not_tried_out_again() -> None:
    policy = Learn(PolicySettings())
    world = SmallWorld(2)
    basis = {"one": 1.0, "comfort": 0.5, "familiarity": 0.4, "calmness": 0.7, "recovery": 1.0}
    for _ in range(6):
        world.selector.learn_one(Credit(track_id="p0", reward=-0.4, weight=4.0, basis=basis), Seconds(0.0))
    assert "p0" not in {c.track_id for c in world.live(40)}
    assert policy.name == "learn/3"


def test_few_pieces_upset_and_those_that_do_show_it_again_and_again() -> None:
    prior = structs.replace(PRIOR, upsetting=0.04, upset=0.2)
    learner, x = Learner(prior), [1.0, 0.5, 0.0]
    assert learner.posterior(Seconds(0.0)).upsets("new") == 0.04
    seen = []
    for n in range(8):
        learner.learn_one("bad", x, 0.0, 0.1, Seconds(n), harm=0.8)
        learner.learn_one("good", x, 0.0, 0.1, Seconds(n), harm=-0.5)
        seen.append(learner.posterior(Seconds(n)).upsets("bad"))
    believed = learner.posterior(Seconds(8.0))
    assert seen == sorted(seen) and seen[0] < 0.1 and seen[-1] > 0.9
    assert believed.upsets("good") < 0.02
    assert believed.mean("good", x) - believed.mean("bad", x) == pytest.approx(0.2, abs=0.03)
    much_later = learner.posterior(Seconds(200 * DAY))
    assert much_later.upsets("bad") == pytest.approx(0.04, abs=0.01), "it fades as all that was learned"


def test_what_upsets_is_hardly_played_in_ordinary_hours_either() -> None:
    chosen = SmallWorld(1).selector
    basis = {"one": 1.0, "comfort": 0.5}
    for _ in range(6):
        chosen.learn_one(Credit(track_id="p0", reward=0.0, weight=0.1, basis=basis, harm=1.0), Seconds(0.0))
    random = Random(1)
    picks = [chosen.choose(Context(), History(), random) for _ in range(200)]
    assert sum(pick is not None and pick.track_id == "p0" for pick in picks) < 10


def test_what_was_heard_again_and_again_makes_room_for_what_is_fresh() -> None:
    chosen = SmallWorld(1).selector
    worn = History(worn={"p0": 30.0})
    random = Random(1)
    picks = [chosen.choose(Context(), worn, random) for _ in range(300)]
    assert sum(pick is not None and pick.track_id == "p0" for pick in picks) < 20, "a fifth would be 60"
    soothing = [chosen.choose(Context(soothe=True), worn, random) for _ in range(50)]
    assert all(pick is not None for pick in soothing)
    assert sum(pick is not None and pick.track_id == "p0" for pick in soothing) < 5
