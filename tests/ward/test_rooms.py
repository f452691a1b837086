"""A ward knows its rooms from the wire alone, and is not misled by it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.codec import MAX_PAYLOAD
from adapters.ward.rooms import SILENT_AFTER, Condition, Room, Ward
from player.session.need import ASKING_FOR
from player.units import Seconds

ROOT = "lull/v1/home1"
NOW = Seconds(1000.0)
TRACK = {"id": "t", "title": "Greensleeves", "artist": "Trad.", "duration_s": 200.0}
STAMP = {"seq": 1, "ts": "2026-03-01T12:00:00Z"}


def playback(state: str = "playing", fault: str = "", **more: Any) -> bytes:
    said = {
        "state": state, "track": TRACK, "position_s": 1.0, "since": STAMP["ts"], "reason": "loved",
        "device": "default", "fault": fault, "calmness": 0.7,
    }  # fmt: skip
    return json.dumps({**STAMP, **said, **more}).encode()


def agitation(value: float, confidence: float = 0.8, validity: str = "valid") -> bytes:
    said = {"agitation": value, "confidence": confidence, "trend": "steady", "validity": validity, "why": []}
    return json.dumps({**STAMP, **said}).encode()


def decision(event_type: str, trigger: str = "agitation", level: float | None = 0.7) -> bytes:
    said = {
        "event_type": event_type, "reason": "please look", "from_track": None, "to_track": None,
        "trigger": trigger, "policy": "p", "propensity": 1.0, "expected_reward": 0.0, "agitation": level,
    }  # fmt: skip
    return json.dumps({**STAMP, **said}).encode()


def ward_of(**rooms: tuple[tuple[str, bytes], ...]) -> Ward:
    ward = Ward("lull", "home1")
    for player, messages in rooms.items():
        for kind, payload in messages:
            ward.take(f"{ROOT}/{player}/{kind}", payload, NOW)
    return ward


def only(ward: Ward) -> Room:
    (room,) = ward.rooms(NOW)
    return room


def test_a_room_is_what_its_player_says() -> None:
    ward = ward_of(
        room7=(
            ("availability", b"online"),
            ("state/playback", playback()),
            ("state/agitation", agitation(0.2)),
        )
    )
    room = only(ward)
    assert (room.title, room.artist, room.state, room.agitation) == ("Greensleeves", "Trad.", "playing", 0.2)
    assert room.condition(NOW) is Condition.CALM
    assert ward.refused == {}


def test_the_most_urgent_room_comes_first() -> None:
    online = ("availability", b"online")
    ward = ward_of(
        calm=(online, ("state/playback", playback()), ("state/agitation", agitation(0.1))),
        restless=(online, ("state/playback", playback()), ("state/agitation", agitation(0.7))),
        asks=(online, ("state/agitation", agitation(0.7)), ("event/decision", decision("prompt"))),
        away=(("availability", b"offline"), ("state/playback", playback())),
        silent=(online, ("state/playback", playback("idle", fault="no sound card"))),
        dark=(online, ("state/playback", playback())),
    )
    assert [room.player for room in ward.rooms(NOW)] == [
        "silent", "away", "asks", "restless", "calm", "dark",
    ]  # fmt: skip


def test_music_that_is_said_to_play_without_a_sound_device_is_silence() -> None:
    """A player plays on into nothing while its speaker is gone, to be back at once."""
    online, lost = ("availability", b"online"), playback(fault="The speaker is gone: switch it on.")
    ward = ward_of(room7=(online, ("state/playback", lost), ("state/agitation", agitation(0.3))))
    assert only(ward).condition(NOW) is Condition.SILENT
    ward.take(f"{ROOT}/room7/state/playback", playback(), NOW)
    assert only(ward).condition(NOW) is Condition.CALM


def test_a_player_that_says_nothing_is_away() -> None:
    room = only(ward_of(room7=(("availability", b"online"), ("state/agitation", agitation(0.1)))))
    assert room.condition(Seconds(NOW + SILENT_AFTER)) is Condition.CALM
    assert room.condition(Seconds(NOW + SILENT_AFTER + 1.0)) is Condition.AWAY


@pytest.mark.parametrize(("confidence", "validity"), [(0.1, "valid"), (0.9, "asleep"), (0.9, "not_worn")])
def test_what_is_not_known_is_not_called_calm(confidence: float, validity: str) -> None:
    room = only(ward_of(room7=(("state/agitation", agitation(0.0, confidence, validity)),)))
    assert room.condition(NOW) is Condition.UNKNOWN


def test_a_prompt_stands_until_somebody_came_or_it_helped() -> None:
    asked = (("event/decision", decision("prompt")),)
    assert only(ward_of(room7=asked)).condition(NOW) is Condition.ASKING
    assert only(ward_of(room7=asked)).condition(Seconds(NOW + ASKING_FOR + 1.0)) is not Condition.ASKING
    for after in (decision("keep", "window", 0.3), decision("swap", "staff")):
        ward = ward_of(room7=(*asked, ("event/decision", after)))
        assert only(ward).condition(NOW) is not Condition.ASKING
    for nobody in (
        decision("keep", "retry"),  # nothing calmer is known: the same moment in which it asked
        decision("swap", "retry"),
        decision("keep", "window"),  # no other piece is tried, and it did not help
        decision("keep", "window", None),  # whether it helps cannot be told
        decision("next", "ended"),
    ):
        ward = ward_of(room7=(*asked, ("event/decision", nobody)))
        assert only(ward).condition(NOW) is Condition.ASKING
        assert only(ward).request == "please look"
    ward = ward_of(room7=(("event/decision", decision("next")),))
    ward.take(f"{ROOT}/room7/event/decision", decision("prompt"), NOW, stored=True)
    assert only(ward).condition(NOW) is not Condition.ASKING, "a stored event is old"


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        (f"{ROOT}/room7/state/playback", b"{", "not understood"),
        (f"{ROOT}/room7/state/playback", b'{"state": 1}', "not understood"),
        (f"{ROOT}/room7/availability", b"maybe", "not understood"),
        (f"{ROOT}/room7/state/agitation", b"[" * 5000, "not understood"),
        (f"{ROOT}/room7/state/playback", b" " * (MAX_PAYLOAD + 1), "too large"),
        (f"{ROOT}/Room 7/availability", b"online", "name"),
        ("lull/v1/other/room7/availability", b"online", "name"),
        ("elsewhere", b"online", "name"),
    ],
)
def test_what_is_broken_is_counted_and_changes_nothing(topic: str, payload: bytes, why: str) -> None:
    ward = Ward("lull", "home1")
    ward.take(topic, payload, NOW)
    assert ward.rooms(NOW) == [] and ward.refused == {why: 1}


def test_rooms_are_bounded_and_a_cleared_one_makes_room() -> None:
    ward = Ward("lull", "home1", max_rooms=2)
    for player in ("a", "b", "c"):
        ward.take(f"{ROOT}/{player}/availability", b"online", NOW)
    assert [room.player for room in ward.rooms(NOW)] == ["a", "b"]
    assert ward.refused == {"too many rooms": 1}
    ward.take(f"{ROOT}/a/availability", b"", NOW)
    ward.take(f"{ROOT}/c/availability", b"online", NOW)
    assert [room.player for room in ward.rooms(NOW)] == ["b", "c"]


def test_text_from_the_wire_is_one_short_printable_line() -> None:
    track = {**TRACK, "title": "a\x1b[2J\nb" + "c" * 5000}
    ward = ward_of(room7=(("state/playback", playback(track=track)),))
    title = only(ward).title
    assert title.isprintable() and len(title) <= 200


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["availability", "state/playback", "state/agitation", "event/decision", "x"]),
            st.binary(max_size=40) | st.sampled_from([b"online", playback(), agitation(0.5), b"null"]),
        )
    )
)
def test_nothing_from_the_wire_raises(messages: list[tuple[str, bytes]]) -> None:
    ward = Ward("lull", "home1")
    for kind, payload in messages:
        ward.take(f"{ROOT}/room7/{kind}", payload, NOW)
    assert len(ward.rooms(NOW)) <= 1


def test_a_ward_reads_no_signals_and_no_commands() -> None:
    assert all(
        "signal" not in each and "cmd" not in each and "#" not in each for each in Ward("b", "s").filters
    )
