import msgspec
import pytest

from player.analysis.affect import estimate_affect
from player.model import Affect, TrackFeatures
from player.units import Bpm, Hertz, Lu, Lufs, PerSecond, Seconds

ORDINARY = TrackFeatures(
    heard=Seconds(60.0),
    tempo=Bpm(73.0),
    tempo_confidence=1.0,
    onset_rate=PerSecond(3.4),
    integrated_loudness=Lufs(-14.4),
    largest_rise=Lu(6.2),
    spectral_centroid=Hertz(600.0),
    spectral_flux=0.233,
    roughness=0.43,
)


def affect(**changes: object) -> Affect:
    found = estimate_affect(msgspec.structs.replace(ORDINARY, **changes))
    assert found is not None
    return found


def test_ordinary_music_is_of_median_calmness() -> None:
    assert affect().calmness == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    "livelier",
    [
        {"integrated_loudness": Lufs(-9.0)},
        {"onset_rate": PerSecond(6.0)},
        {"spectral_flux": 0.3},
        {"tempo": Bpm(105.0)},
        {"spectral_centroid": Hertz(1_500.0)},
        {"largest_rise": Lu(15.0)},
        {"roughness": 0.8},
    ],
)
def test_every_feature_counts_against_calmness(livelier: dict[str, object]) -> None:
    assert affect(**livelier).calmness < affect().calmness - 0.02


def test_arousal_is_the_same_on_another_scale_and_valence_is_owned_up_to() -> None:
    lively = affect(integrated_loudness=Lufs(-6.0), onset_rate=PerSecond(9.0), spectral_flux=0.4)
    assert lively.arousal == pytest.approx(1.0 - 2.0 * lively.calmness)
    assert lively.arousal_se == pytest.approx(2.0 * lively.calmness_se)
    assert -1.0 <= -lively.arousal < 0.0 < lively.arousal <= 1.0
    assert lively.valence == 0.0
    assert lively.valence_se == pytest.approx(0.577, abs=0.001)


def test_the_longer_the_surer() -> None:
    errors = [affect(heard=Seconds(s)).calmness_se for s in (3.0, 10.0, 20.0, 30.0, 60.0, 210.0, 36_000.0)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 1.2 * errors[-1]


def test_what_is_not_known_widens_the_error() -> None:
    assert affect(largest_rise=None, tempo=None).calmness_se > affect().calmness_se
    assert affect(tempo_confidence=0.1).calmness_se > affect().calmness_se


def test_extremes_stay_in_range() -> None:
    loud = affect(integrated_loudness=Lufs(30.0), onset_rate=PerSecond(1e6), roughness=1e9)
    soft = affect(integrated_loudness=Lufs(-69.9), spectral_centroid=Hertz(0.0), largest_rise=Lu(0.0))
    assert 0.0 < loud.calmness < 0.1
    assert 0.9 < soft.calmness < 1.0


def test_none_when_there_is_nothing_to_judge() -> None:
    assert estimate_affect(msgspec.structs.replace(ORDINARY, heard=Seconds(2.9))) is None
    assert estimate_affect(msgspec.structs.replace(ORDINARY, integrated_loudness=None)) is None
