"""Estimators on a bandit whose truth is known, and on decisions of a simulated policy that explores."""

import math
from random import Random

import pytest

from player.simulation.logs import logged
from player.simulation.off_policy import Logged, evaluate
from player.simulation.parameters import World

MEANS = (0.1, 0.3, 0.6)  # reward of each arm
LOGGING = (0.6, 0.3, 0.1)
TARGET = (0.1, 0.2, 0.7)
TRUTH = sum(p * m for p, m in zip(TARGET, MEANS, strict=True))


def bandit(size: int, seed: int, model: tuple[float, ...] = (0.0, 0.0, 0.0)) -> list[Logged]:
    random = Random(seed)
    expected = sum(p * m for p, m in zip(TARGET, model, strict=True))
    arms = random.choices(range(3), LOGGING, k=size)
    return [
        Logged(
            propensity=LOGGING[arm],
            reward=MEANS[arm] + random.gauss(0.0, 0.1),
            target=TARGET[arm],
            predicted=model[arm],
            expected=expected,
        )
        for arm in arms
    ]


def test_the_estimates_hit_the_truth_as_often_as_they_say() -> None:
    hits = {"ips": 0, "self_normalised": 0, "doubly_robust": 0}
    for seed in range(200):
        judged = evaluate(bandit(400, seed, model=(0.2, 0.2, 0.5)))
        assert judged is not None
        for name in hits:
            low, high = getattr(judged, name).interval
            hits[name] += low <= TRUTH <= high
    assert all(175 <= count <= 200 for count in hits.values()), hits


def test_ips_has_no_bias() -> None:
    values = [judged.ips.value for seed in range(300) if (judged := evaluate(bandit(200, seed)))]
    assert sum(values) / len(values) == pytest.approx(TRUTH, abs=0.01)


def test_a_good_model_makes_the_doubly_robust_estimate_sharper() -> None:
    judged = evaluate(bandit(1000, 1, model=MEANS))
    assert judged is not None
    assert judged.doubly_robust.standard_error < 0.6 * judged.ips.standard_error
    assert judged.self_normalised.standard_error < judged.ips.standard_error


def test_a_wrong_model_does_no_harm_to_the_mean() -> None:
    values = [
        j.doubly_robust.value for s in range(300) if (j := evaluate(bandit(200, s, model=(1.0, 0.0, 0.0))))
    ]
    assert sum(values) / len(values) == pytest.approx(TRUTH, abs=0.02)


def test_the_same_policy_keeps_the_whole_sample() -> None:
    records = [Logged(propensity=0.5, target=0.5, reward=float(k)) for k in range(10)]
    judged = evaluate(records)
    assert judged is not None
    assert judged.ips.value == 4.5 == judged.self_normalised.value
    assert judged.ips.effective == 10.0


def test_cut_weights_are_smaller() -> None:
    judged = evaluate([Logged(propensity=0.01, target=1.0, reward=1.0)] * 5, largest_weight=10.0)
    assert judged is not None
    assert judged.ips.value == 10.0


def test_what_was_never_tried_cannot_be_judged() -> None:
    judged = evaluate([Logged(propensity=0.5, target=0.0, reward=1.0)] * 5)
    assert judged is not None
    assert math.isnan(judged.self_normalised.value) and judged.self_normalised.effective == 0.0
    assert evaluate([]) is None


def test_a_deterministic_policy_is_judged_from_the_log_of_one_that_explores() -> None:
    log = logged(World(), 3, residents=6, choices=240, policy="random-approved", target="staff-order")
    judged = evaluate(log.records)
    assert judged is not None
    assert judged.ips.effective > 10
    for estimate in (judged.ips, judged.doubly_robust):
        assert abs(estimate.value - log.true) < 3.5 * estimate.standard_error
