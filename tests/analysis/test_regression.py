import numpy as np
import pytest

from player.analysis.regression import GaussianProcess, Kernel, Ranks, scores

RANDOM = np.random.default_rng(5)
KERNEL = Kernel(linear=1.0, radial=1.0, length=0.5)


def test_a_smooth_function_is_found_within_its_own_doubt() -> None:
    inputs = RANDOM.normal(size=(200, 3))
    truth = np.sin(inputs[:, 0]) + 0.5 * inputs[:, 1]
    labels = truth + RANDOM.normal(0.0, 0.2, 200)
    process = GaussianProcess(KERNEL, inputs, labels, np.full(200, 0.04))
    asked = RANDOM.normal(size=(300, 3))
    means, doubts = process.predict(asked)
    errors = np.abs(means - (np.sin(asked[:, 0]) + 0.5 * asked[:, 1]))
    assert np.corrcoef(means, np.sin(asked[:, 0]) + 0.5 * asked[:, 1])[0, 1] > 0.95
    assert 0.55 < (errors < doubts).mean() < 0.95


def test_doubt_grows_away_from_the_examples_and_falls_with_their_number() -> None:
    inputs = RANDOM.normal(size=(100, 4))
    few = GaussianProcess(KERNEL, inputs[:10], inputs[:10, 0], np.full(10, 0.1))
    many = GaussianProcess(KERNEL, inputs, inputs[:, 0], np.full(100, 0.1))
    near, far = inputs[:1], np.full((1, 4), 8.0)
    assert many.predict(near)[1][0] < few.predict(near)[1][0]
    assert many.predict(far)[1][0] > 2.0 * many.predict(near)[1][0]


def test_an_example_of_infinite_noise_would_say_nothing() -> None:
    inputs = RANDOM.normal(size=(20, 2))
    noise = np.full(20, 0.1)
    noise[0] = 1e9
    wild = np.zeros(20)
    wild[0] = 1_000.0
    assert abs(GaussianProcess(KERNEL, inputs, wild, noise).predict(inputs)[0]).max() < 0.1


def test_ranks_take_any_unit_and_leave_out_what_is_not_known() -> None:
    values = np.exp(RANDOM.normal(size=(500, 1)))
    ranks = Ranks(np.quantile(values, np.linspace(0.0, 1.0, 41), axis=0))
    assert ranks(values).mean() == pytest.approx(0.0, abs=0.1)
    assert ranks(values).std() == pytest.approx(1.0, abs=0.1)
    assert ranks(np.array([[np.nan], [1e9], [-1e9]]))[:, 0].tolist() == [0.0, 2.33, -2.33]


def test_normal_scores_are_near_the_normal_quantiles() -> None:
    found = scores(41)
    assert found[20] == pytest.approx(0.0)
    assert found[30] == pytest.approx(0.674, abs=0.04)  # of the third quartile
    assert (np.diff(found) >= 0.0).all()
