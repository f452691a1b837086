"""What is published: payloads, the row that waits, and the schemas of both directions."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt import encode, payloads
from adapters.mqtt.encode import Moment, Outgoing
from adapters.mqtt.outbox import Held, Outbox
from adapters.mqtt.topics import Topics
from player.model import AdaptMode, Evidence, ListenerState, Quantity, Trend
from player.session.messages import (
    AgitationState,
    Decision,
    Fault,
    ModeState,
    PlaybackState,
    Reply,
    StateView,
    TrackView,
    VolumeState,
)
from player.units import Percent, Seconds

TOPICS = Topics("lull", "home1", "room7")
MOMENT = Moment(seq=7, at=Seconds(1_000.0), wall=Seconds(1_795_352_400.0))
TRACK = TrackView(id="ab", title="La mer", artist="Trenet", duration=Seconds(200.5))


def playing(title: str = "La mer", position: float = 12.0) -> PlaybackState:
    return PlaybackState(
        state="playing",
        track=TrackView(id="ab", title=title, artist="Trenet", duration=Seconds(200.5)),
        position=Seconds(position),
        since=Seconds(990.0),
        reason="Start of the day",
        device="null",
        fault="",
        step="library",
        step_reason="“Radio” does not come.",
        calmness=0.61239,
    )


def test_playback() -> None:
    message = encode.state(TOPICS, playing(), MOMENT)
    assert (message.topic, message.qos, message.retain) == ("lull/v1/home1/room7/state/playback", 1, True)
    assert json.loads(message.payload) == {
        "seq": 7,
        "ts": "2026-11-22T13:00:00Z",
        "state": "playing",
        "track": {"id": "ab", "title": "La mer", "artist": "Trenet", "duration_s": 200.5},
        "position_s": 12.0,
        "since": "2026-11-22T12:59:50Z",
        "reason": "Start of the day",
        "device": "null",
        "fault": "",
        "calmness": 0.612,
        "step": "library",
        "step_reason": "“Radio” does not come.",
        "now_playing": "",
    }


def test_agitation_says_why() -> None:
    why = Evidence(
        source="polar",
        quantity=Quantity.HEART_RATE,
        agitation=0.8,
        weight=0.75,
        age=Seconds(2.04),
        value=92.04,
        usual=71.0,
        departure=2.5,
    )
    listener = ListenerState(
        agitation=0.7, confidence=0.5, trend=Trend.RISING, why=(why,), at=Seconds(1_000.0)
    )
    sent = json.loads(encode.state(TOPICS, AgitationState(listener=listener), MOMENT).payload)
    assert sent == {
        "seq": 7,
        "ts": "2026-11-22T13:00:00Z",
        "agitation": 0.7,
        "confidence": 0.5,
        "trend": "rising",
        "validity": "valid",
        "why": [
            {
                "source": "polar",
                "quantity": "heart_rate",
                "agitation": 0.8,
                "weight": 0.75,
                "age_s": 2.0,
                "value": 92.04,
                "usual": 71.0,
                "departure": 2.5,
            }
        ],
    }


@pytest.mark.parametrize(
    ("view", "fields"),
    [
        (
            VolumeState(percent=Percent(35), max=Percent(70), level_db=-32.5),
            {"percent": 35.0, "max": 70.0, "level_db": -32.5},
        ),
        (ModeState(mode=AdaptMode.MANUAL), {"mode": "manual"}),
    ],
)
def test_small_states(view: StateView, fields: dict[str, object]) -> None:
    sent = json.loads(encode.state(TOPICS, view, MOMENT).payload)
    assert sent == {"seq": 7, "ts": "2026-11-22T13:00:00Z", **fields}


def test_a_decision_carries_its_own_time() -> None:
    decision = Decision(event_type="swap", at=Seconds(999.0), reason="restless", to_track=TRACK)
    message = encode.event(TOPICS, decision, MOMENT)
    assert (message.topic, message.retain) == ("lull/v1/home1/room7/event/decision", False)
    sent = json.loads(message.payload)
    assert (sent["event_type"], sent["ts"]) == ("swap", "2026-11-22T12:59:59Z")
    assert (sent["from_track"], sent["to_track"]["title"]) == (None, "La mer")


def test_fault_and_result() -> None:
    fault = encode.event(TOPICS, Fault(part="audio", problem="no device"), MOMENT)
    assert json.loads(fault.payload)["event_type"] == "fault"
    assert fault.topic.endswith("/event/fault")
    result = encode.result(TOPICS.result, Reply(id="c", ok=False, reason="retained"), MOMENT)
    assert json.loads(result.payload) == {
        "seq": 7,
        "ts": "2026-11-22T13:00:00Z",
        "id": "c",
        "ok": False,
        "reason": "retained",
    }
    assert result.expiry == 60


@given(title=st.text(st.characters() | st.just("\udcff")), at=st.floats(allow_nan=False))
def test_any_title_and_time_can_be_published_and_stays_small(title: str, at: float) -> None:
    moment = Moment(seq=1, at=Seconds(0.0), wall=Seconds(at))
    message = encode.state(TOPICS, playing(title * 50), moment)
    assert len(message.payload) < 16 * 1024
    assert json.loads(message.payload)["track"]["title"].isprintable()


def test_the_contract_wins_over_vitals_of_the_same_name() -> None:
    status = payloads.StatusPayload(
        seq=1,
        ts=MOMENT.ts,
        boot="b",
        version="1",
        connected_s=0.0,
        accepted=3,
        rejects={"stale": 1},
        outbox_dropped=0,
    )
    sent = json.loads(encode.status(TOPICS, status, {"boot": "x", "memory_mib": 80}).payload)
    assert (sent["boot"], sent["memory_mib"], sent["rejects"]) == ("b", 80, {"stale": 1})


@pytest.mark.parametrize(
    "payload",
    [
        payloads.CommandPayload,
        payloads.SignalPayload,
        payloads.FeedbackPayload,
        payloads.PlaybackPayload,
        payloads.DecisionPayload,
        payloads.StatusPayload,
    ],
)
def test_every_payload_has_a_schema_that_allows_more_fields(payload: type[msgspec.Struct]) -> None:
    schema = msgspec.json.schema(payload)["$defs"][payload.__name__]
    assert schema["type"] == "object"
    assert schema.get("additionalProperties", True) is True


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("tablet/answers/17", True),
        ("lull/v1/home1/room8/cmd/stop", False),
        ("lull/v1/home1/room7/feedback", False),
        ("tablet/#", False),
        ("$SYS/x", False),
        ("", False),
        ("a\x00b", False),
    ],
)
def test_an_answer_cannot_become_a_command(topic: str, allowed: bool) -> None:
    assert TOPICS.may_answer_on(topic) is allowed


def row(outbox: Outbox, now: float = 0.0) -> list[str]:
    taken = []
    while (message := outbox.first(Seconds(now))) is not None:
        taken.append(message.topic)
        outbox.done(message)
    return taken


def test_the_row_is_bounded_and_keeps_the_newest() -> None:
    outbox = Outbox(capacity=3)
    for n in range(5):
        outbox.add(Outgoing(topic=f"t{n}", payload=b""), Seconds(0.0))
    assert row(outbox) == ["t2", "t3", "t4"]
    assert outbox.dropped == 2


def test_an_answer_that_came_too_late_is_not_sent() -> None:
    outbox = Outbox()
    outbox.add(Outgoing(topic="answer", payload=b"", expiry=60), Seconds(0.0))
    outbox.add(Outgoing(topic="decision", payload=b""), Seconds(0.0))
    assert row(outbox, now=61.0) == ["decision"]
    assert outbox.dropped == 1


def test_what_was_dropped_while_it_was_sent_takes_nothing_else_with_it() -> None:
    outbox = Outbox(capacity=1)
    outbox.add(Outgoing(topic="old", payload=b""), Seconds(0.0))
    sending = outbox.first(Seconds(0.0))
    outbox.add(Outgoing(topic="new", payload=b""), Seconds(0.0))
    assert sending is not None
    outbox.done(sending)
    assert row(outbox) == ["new"]


def test_only_the_newest_of_a_state_waits_and_all_are_repeated() -> None:
    outbox = Outbox()
    for position in range(100):
        outbox.hold(playing(position=float(position)), Seconds(position))
    outbox.hold(ModeState(mode=AdaptMode.AUTO), Seconds(100.0))
    newest = outbox.take_state()
    assert newest == Held(view=playing(position=99.0), since=Seconds(99.0))
    assert outbox.take_state() == Held(view=ModeState(mode=AdaptMode.AUTO), since=Seconds(100.0))
    assert outbox.take_state() is None
    outbox.repeat_states()
    again = (outbox.take_state(), outbox.take_state())
    assert [held.since for held in again if held] == [99.0, 100.0]  # as old as they are
