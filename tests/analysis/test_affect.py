"""The fitted model as it is shipped. How right it is, `python -m tests.evaluate.affect` tells."""

import numpy as np
import pytest

from player.analysis.affect import EVERYTHING, AffectModel, affect_model, normal_share
from player.analysis.stream import StreamAnalyzer
from player.analysis.summary import FEATURES
from player.model import FEATURES_VERSION, Affect, ScanMode
from player.units import Seconds
from tests.support.signals import clicks, stereo, tune
from tests.support.songs import analyse

MODEL = affect_model()
RATE = 22_050
MEDIAN = MODEL.ranks.knots[len(MODEL.ranks.knots) // 2]


def estimate(features: np.ndarray, heard: float = EVERYTHING) -> Affect:
    return MODEL.estimate(features[None], [Seconds(heard)])[0]


def test_the_model_was_fitted_for_this_version_and_these_features() -> None:
    assert MODEL.description.version == FEATURES_VERSION
    assert MODEL.ranks.knots.shape[1] == len(FEATURES)
    assert "Emotify" in MODEL.description.provenance


def test_ordinary_features_give_an_ordinary_emotion() -> None:
    found = estimate(MEDIAN)
    assert found.calmness == pytest.approx(0.5, abs=0.2)
    assert abs(found.arousal) < 0.3
    assert abs(found.valence) < 0.4


def test_the_longer_the_surer() -> None:
    errors = [estimate(MEDIAN, seconds) for seconds in (3.0, 5.0, 10.0, 20.0, 60.0, 120.0, 600.0, EVERYTHING)]
    for name in ("calmness_se", "arousal_se", "valence_se"):
        found = [getattr(each, name) for each in errors]
        assert found == sorted(found, reverse=True)
        assert found[0] > found[-1] > 0.0


def test_music_unlike_any_example_widens_the_error() -> None:
    odd = np.where(np.arange(len(MEDIAN)) % 2, MODEL.ranks.knots[0], MODEL.ranks.knots[-1])
    assert estimate(odd).arousal_se > 1.1 * estimate(MEDIAN).arousal_se
    assert estimate(odd).valence_se > 1.1 * estimate(MEDIAN).valence_se


@pytest.mark.parametrize("extreme", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_extremes_stay_in_range(extreme: float) -> None:
    found = estimate(np.full(len(MEDIAN), extreme))
    assert 0.0 <= found.calmness <= 1.0
    assert -1.0 <= found.arousal <= 1.0
    assert -1.0 <= found.valence <= 1.0
    assert np.isfinite([found.calmness_se, found.arousal_se, found.valence_se]).all()


def test_many_are_judged_as_one_by_one() -> None:
    several = np.stack((MEDIAN, MODEL.ranks.knots[5], MODEL.ranks.knots[-5]))
    together = MODEL.estimate(several, [Seconds(60.0)] * 3)
    for row, found in zip(several, together, strict=True):
        assert estimate(row).arousal == pytest.approx(found.arousal)


def test_calmness_is_a_share_of_the_reference_corpus() -> None:
    assert normal_share(0.0) == 0.5
    assert normal_share(1.0) == pytest.approx(0.8413, abs=1e-4)


def test_soft_slow_and_dark_is_calmer_than_fast_and_drummed() -> None:
    noise = np.random.default_rng(2).normal(0.0, 0.4, (12 * 44_100, 2))
    beat = np.exp(-12.0 * (np.arange(12 * 44_100) / 44_100 % 0.1875))[:, None]
    calm = analyse(tune(12.0, bpm=60.0, partials=2)).affect
    drums = (noise * beat).astype(np.float32)
    lively = analyse(tune(12.0, bpm=160.0, partials=20) + drums).affect
    assert calm is not None
    assert lively is not None
    assert calm.calmness > lively.calmness + 0.3
    assert calm.arousal < lively.arousal - 0.1


def test_level_says_nothing() -> None:
    piece = tune(12.0, bpm=90.0) + 0.2 * stereo(clicks(90.0, 12.0))
    loud, soft = analyse(piece).affect, analyse(piece * np.float32(0.1)).affect
    assert loud is not None
    assert soft is not None
    assert soft.calmness == pytest.approx(loud.calmness, abs=0.03)
    assert soft.arousal == pytest.approx(loud.arousal, abs=0.03)


def test_a_model_of_another_version_would_be_refused_and_a_new_one_can_be_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("player.analysis.affect.FEATURES_VERSION", FEATURES_VERSION + 1)
    affect_model.cache_clear()
    with pytest.raises(RuntimeError, match="fit it again"):
        affect_model()
    analyser = StreamAnalyzer(44_100)
    analyser.push(tune(10.5, bpm=90.0))
    analyser.flush()
    assert np.isfinite(analyser.describe()).any()
    assert analyser.windows()
    affect_model.cache_clear()
    assert isinstance(MODEL, AffectModel)


def drums(seconds: float = 20.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(2).normal(0.0, 0.3, (len(time), 2))
    return np.asarray(noise * np.exp(-12.0 * (time % 0.375))[:, None], np.float32)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (tune(20.0, RATE, bpm=60.0, partials=2), (-0.424, 0.191, 0.209, 0.262, 0.974, 0.060)),
        (tune(20.0, RATE, bpm=160.0, partials=12) + drums(), (-0.136, 0.195, 0.497, 0.268, 0.651, 0.266)),
        (drums(), (0.460, 0.213, 0.485, 0.296, 0.106, 0.157)),
    ],
)
def test_what_the_model_is_asked_is_what_it_was_fitted_to(
    piece: np.ndarray, expected: tuple[float, ...]
) -> None:
    """Golden numbers of features version 4: who changes a feature fits the model again."""
    affect = analyse(piece, RATE).affect
    assert affect is not None
    found = (affect.arousal, affect.arousal_se, affect.valence, affect.valence_se)
    assert (*found, affect.calmness, affect.calmness_se) == pytest.approx(expected, abs=0.002)


def test_a_part_is_less_sure_than_the_whole_and_excerpts_from_everywhere_lie_between() -> None:
    piece = tune(30.0, RATE, bpm=90.0)
    errors = []
    for mode, part in ((ScanMode.FULL, False), (ScanMode.QUICK, False), (ScanMode.FULL, True)):
        analyser = StreamAnalyzer(RATE, scan_mode=mode)
        analyser.push(piece)
        affect = analyser.finish(part=part).affect
        assert affect is not None
        errors.append((affect.arousal_se, affect.valence_se))
    assert errors == sorted(errors)
    assert len(set(errors)) == 3


def test_each_row_is_as_sure_as_it_was_heard_for() -> None:
    early, late = MODEL.estimate(np.stack((MEDIAN, MEDIAN)), [Seconds(5.0), EVERYTHING])
    assert early.arousal_se > 1.1 * late.arousal_se
    assert late.arousal_se == pytest.approx(estimate(MEDIAN).arousal_se)


@pytest.mark.parametrize("name", ["arousal", "valence"])
def test_what_is_still_to_come_adds_to_the_doubt_as_it_was_measured(name: str) -> None:
    target = MODEL.description.targets[name]
    part, whole = (getattr(estimate(MEDIAN, heard), f"{name}_se") for heard in (20.0, EVERYTHING))
    (measured,) = (row.deviation for row in target.excerpts if row.heard == 20.0)
    assert np.sqrt(part**2 - whole**2) == pytest.approx(target.unit * measured)


def test_the_newest_half_minute_is_as_sure_as_half_a_minute() -> None:
    analyser = StreamAnalyzer(RATE)
    analyser.push(tune(120.0, RATE, bpm=90.0))
    features = analyser.snapshot()
    assert features.affect is not None
    assert features.latest_affect is not None
    assert features.latest_affect.arousal_se > 1.05 * features.affect.arousal_se
