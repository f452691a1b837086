"""Repetition, limits and counting at the door."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.codec import Arrival
from adapters.mqtt.reception import MAX_BUCKETS, REMEMBER, REMEMBERED, Gate, Reception, TokenBucket
from adapters.mqtt.topics import Topics
from player.errors import PayloadError
from player.units import Seconds

TOPICS = Topics("lull", "home1", "room7")


def offer(reception: Reception, path: str, payload: bytes = b"", at: float = 0.0) -> str:
    """ "" when it was taken, otherwise the reason."""
    arrival = Arrival(
        topic=f"lull/v1/home1/room7/{path}", payload=payload, at=Seconds(at), wall=Seconds(1.8e9 + at)
    )
    if not reception.admit(arrival.topic, arrival.at):
        return "rate-limited"
    try:
        reception.take(arrival)
    except PayloadError as error:
        return error.reason
    return ""


def test_an_id_counts_once_for_ten_minutes() -> None:
    reception = Reception(TOPICS)
    press = b'{"id":"p1"}'
    assert offer(reception, "cmd/next", press) == ""
    assert offer(reception, "cmd/next", press, at=599.0) == "duplicate"
    assert offer(reception, "cmd/louder", press, at=599.0) == "duplicate"
    assert offer(reception, "cmd/next", press, at=601.0) == ""
    assert reception.accepted == 2
    assert reception.rejects == {"duplicate": 2}


def test_a_refused_command_does_not_use_up_its_id() -> None:
    reception = Reception(TOPICS)
    assert offer(reception, "cmd/volume", b'{"id":"v"}') == "bad-value"
    assert offer(reception, "cmd/volume", b'{"id":"v","args":{"value":30}}') == ""


def test_commands_without_id_are_never_duplicates() -> None:
    reception = Reception(TOPICS)
    assert [offer(reception, "cmd/next"), offer(reception, "cmd/next")] == ["", ""]


@pytest.mark.parametrize("verb", ["stop", "pause", "quieter"])
def test_what_makes_it_quieter_passes_every_limit(verb: str) -> None:
    reception = Reception(TOPICS)
    assert {offer(reception, f"cmd/{verb}", b'{"id":"same"}') for _ in range(1_000)} == {""}


def test_one_topic_gets_a_burst_of_20_and_then_10_per_second() -> None:
    reception = Reception(TOPICS)
    said = Counter(offer(reception, "signal/heart_rate/polar", b"72") for _ in range(100))
    assert said == {"": 20, "rate-limited": 80}
    assert offer(reception, "signal/heart_rate/other", b"72") == ""
    later = Counter(offer(reception, "signal/heart_rate/polar", b"72", at=1.0) for _ in range(100))
    assert later == {"": 10, "rate-limited": 90}


def test_all_signals_together_are_limited_and_commands_do_not_suffer() -> None:
    reception = Reception(TOPICS)
    said = Counter(offer(reception, f"signal/heart_rate/d{n}", b"72") for n in range(1_000))
    assert said == {"": 200, "rate-limited": 800}
    assert offer(reception, "cmd/calm") == ""


def test_the_sensors_of_a_wide_filter_share_that_limit_and_buttons_do_not_suffer() -> None:
    reception = Reception(TOPICS)
    taken = [reception.admit(f"home/gateway{n}/BTtoMQTT/A0", Seconds(0.0), sensor=True) for n in range(1_000)]
    assert taken.count(True) == 200
    assert offer(reception, "signal/heart_rate/polar", b"72") == "rate-limited"
    assert reception.admit("zigbee2mqtt/button", Seconds(0.0))


def test_the_memory_of_the_gate_is_bounded() -> None:
    gate = Gate()
    for n in range(5_000):
        gate.is_new(f"id-{n}", Seconds(0.0))
        gate.may_pass(f"topic-{n}", signal=True, now=Seconds(0.0))
    assert len(gate._seen) == REMEMBERED
    assert len(gate._buckets) == MAX_BUCKETS
    assert not gate.is_new("id-4999", REMEMBER)
    assert gate.is_new("id-0", Seconds(0.0))


@given(st.lists(st.floats(0.0, 5.0), max_size=200))
def test_a_bucket_never_gives_more_than_burst_and_rate(waits: list[float]) -> None:
    bucket = TokenBucket(10.0, 20.0, Seconds(0.0))
    now, given_out = 0.0, 0
    for wait in waits:
        now += wait
        given_out += bucket.take(Seconds(now))
        assert given_out <= 20.0 + 10.0 * now + 1e-6


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(10.0, 1.0, Seconds(100.0))
    assert bucket.take(Seconds(100.0))
    assert not bucket.take(Seconds(50.0))
    assert bucket.take(Seconds(51.0))
