"""Whatever comes in, what comes out is finite, in range, and never calls a missing sensor calm."""

import math
import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from player.listener.episode import EpisodeDetector
from player.listener.evidence import EvidencePool
from player.model import Quantity, Reading
from player.settings import PolicySettings
from player.units import Decibels, Seconds

values = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(-50, 250), st.sampled_from([0.0, 1.0, 70.0])
)
steps = st.one_of(st.sampled_from([0.0, 1.0, 60.0]), st.floats(-1e5, 1e6))
readings = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(list(Quantity)), values, steps, st.floats(0.0, 1.0)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(readings, max_size=40), st.lists(st.one_of(st.none(), st.floats(-120, 40)), max_size=5))
def test_any_sequence_gives_a_sound_state(
    sequence: list[tuple[str, Quantity, float, float, float]], music: list[float | None]
) -> None:
    pool, detector = EvidencePool(), EpisodeDetector(PolicySettings())
    at = 1.6e9
    for n, (source, quantity, value, step, quality) in enumerate(sequence):
        at += step
        if n < len(music):
            level = music[n]
            pool.playing(None if level is None else Decibels(level), Seconds(at))
        pool.observe(Reading(source=source, quantity=quantity, value=value, at=Seconds(at), quality=quality))
        state = pool.estimate(Seconds(at))
        assert 0.0 <= state.agitation <= 1.0 and 0.0 <= state.confidence <= 1.0
        assert len(state.why) <= 3 and all(0.0 <= why.weight <= 1.0 + 1e-9 for why in state.why)
        for why in state.why:
            told = (why.agitation, why.age, why.value or 0.0, why.usual or 0.0, why.departure or 0.0)
            assert all(map(math.isfinite, told)) and why.age >= 0.0
        if detector.update(state) is not None:
            assert state.confidence > 0.0
            detector.began(state.at)
    gone = pool.estimate(Seconds(at + 1e7))
    assert gone.confidence == 0.0 and gone.why == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(readings, max_size=30))
def test_removing_a_sensor_never_adds_confidence_over_time(
    sequence: list[tuple[str, Quantity, float, float, float]],
) -> None:
    """With nothing new, confidence only falls."""
    pool, at = EvidencePool(), 1.6e9
    for source, quantity, value, step, quality in sequence:
        at += abs(step) % 10.0
        pool.observe(Reading(source=source, quantity=quantity, value=value, at=Seconds(at), quality=quality))
    seen = [pool.estimate(Seconds(at + 300.0 * n)).confidence for n in range(8)]
    assert seen[-1] == 0.0 and min(seen) >= 0.0


def test_memory_does_not_grow_with_time() -> None:
    sizes = []
    pool = EvidencePool()
    for n in range(20_000):
        at = Seconds(1.6e9 + n)
        for quantity in (Quantity.HEART_RATE, Quantity.EDA, Quantity.MOVEMENT, Quantity.SOUND_LEVEL):
            pool.observe(Reading(source="w", quantity=quantity, value=0.1 + n % 97, at=at))
        if n in (4_000, 19_999):
            pool.estimate(at)
            sizes.append(len(pickle.dumps(pool)))
    assert sizes[1] <= sizes[0] + 200
