import pytest
from msgspec import structs

from player.analysis.confidence import MEASURED, confidences
from player.model import TrackFeatures
from player.units import Seconds
from tests.support.signals import tune
from tests.support.songs import analyse

HEARD = analyse(tune(12.0, 22_050), 22_050)


def test_confidence_grows_with_what_was_heard_and_is_whole_at_the_end() -> None:
    at = [structs.replace(HEARD, heard=Seconds(seconds)) for seconds in (2.0, 7.0, 15.0, 40.0, 300.0)]
    for name in MEASURED:
        found = [confidences(features, 301.0)[name] for features in at]
        assert all(0.0 <= value <= 1.0 for value in found)
        assert found[0] < found[-1] == (HEARD.tempo_confidence if name == "felt_pulse" else 1.0)
    assert confidences(at[-1])["calmness"] < 1.0  # of a stream nobody knows the end


def test_three_quarters_are_not_the_whole() -> None:
    part = structs.replace(HEARD, heard=Seconds(90.0))
    assert confidences(part, 120.0)["calmness"] < 1.0 == confidences(part, 91.0)["calmness"]


def test_a_second_says_a_fifth_of_what_five_say() -> None:
    brief = structs.replace(HEARD, heard=Seconds(1.0))
    assert confidences(brief, 120.0)["calmness"] == pytest.approx(MEASURED["calmness"][0] / 5.0)


def test_what_is_not_known_has_none() -> None:
    assert set(confidences(TrackFeatures(heard=Seconds(60.0)), 60.0).values()) == {0.0}
