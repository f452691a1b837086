"""Persistence, hysteresis, refractory time, and clocks that jump."""

from player.listener.episode import EpisodeDetector
from player.model import ListenerState, Trend
from player.settings import PolicySettings
from player.units import Seconds

POLICY = PolicySettings(agitation_on=0.6, agitation_off=0.4, persist_s=Seconds(60), refractory_s=Seconds(600))


def state(agitation: float, at: float, confidence: float = 0.5) -> ListenerState:
    return ListenerState(
        agitation=agitation, confidence=confidence, trend=Trend.STEADY, why=(), at=Seconds(at)
    )


def course(detector: EpisodeDetector, begin: float, *levels: float, every: float = 10.0) -> list[float]:
    """Moments at which an episode begins."""
    found = []
    for n, level in enumerate(levels):
        at = begin + n * every
        if detector.update(state(level, at)) is not None:
            detector.began(Seconds(at))
            found.append(at)
    return found


def test_it_must_persist_and_then_rests() -> None:
    detector = EpisodeDetector(POLICY)
    assert course(detector, 1000.0, *[0.9] * 100) == [1060.0, 1660.0]


def test_between_the_thresholds_the_count_goes_on() -> None:
    assert course(EpisodeDetector(POLICY), 0.0, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.7) == [70.0]
    assert course(EpisodeDetector(POLICY), 0.0, 0.9, 0.5, 0.3, 0.5, 0.5, 0.5, 0.5, 0.7) == []


def test_without_evidence_nothing_begins() -> None:
    detector = EpisodeDetector(POLICY)
    for n in range(30):
        assert detector.update(state(1.0, n * 10.0, confidence=0.0)) is None


def test_two_sights_an_hour_apart_are_no_persistence() -> None:
    assert course(EpisodeDetector(POLICY), 0.0, 0.9, 0.9, every=3600.0) == []


def test_a_clock_that_jumps_back_neither_triggers_nor_blocks_for_long() -> None:
    detector = EpisodeDetector(POLICY)
    assert course(detector, 10_000.0, *[0.9] * 7) == [10_060.0]
    assert course(detector, 1000.0, *[0.9] * 62) == [1600.0]


def test_a_clock_that_jumps_forward_does_not_trigger() -> None:
    detector = EpisodeDetector(POLICY)
    assert course(detector, 0.0, 0.9, 0.9) == []
    assert course(detector, 90_000.0, 0.9, 0.9) == []
