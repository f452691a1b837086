"""Every payload of the contract, and every way to get it wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.codec import Arrival, Inbound, decode, peek_id
from adapters.mqtt.reception import Reception
from adapters.mqtt.topics import Topics
from player.errors import PayloadError
from player.model import AdaptMode, Command, Feedback, Quantity, Reading, Verb
from player.units import Seconds

TOPICS = Topics("lull", "home1", "room7")
AT = Seconds(5_000.0)
WALL = Seconds(1_795_352_400.0)  # 2026-11-22T13:00:00Z
NOW = "2026-11-22T13:00:00Z"
LATE = "2026-11-22T12:58:00Z"


def arrive(
    path: str, payload: bytes = b"", *, retain: bool = False, expiry: Seconds | None = None
) -> Arrival:
    topic = f"lull/v1/home1/room7/{path}"
    return Arrival(topic=topic, payload=payload, at=AT, wall=WALL, retain=retain, expiry=expiry)


def read(path: str, payload: bytes = b"", *, retain: bool = False, expiry: Seconds | None = None) -> Inbound:
    return decode(TOPICS, arrive(path, payload, retain=retain, expiry=expiry))


def refused(path: str, payload: bytes = b"", *, retain: bool = False, expiry: Seconds | None = None) -> str:
    with pytest.raises(PayloadError) as caught:
        read(path, payload, retain=retain, expiry=expiry)
    return caught.value.reason


@pytest.mark.parametrize(
    ("path", "payload", "command"),
    [
        ("cmd/stop", b"", Command(verb=Verb.STOP)),
        ("cmd/quieter", b"", Command(verb=Verb.QUIETER)),
        ("cmd/play", b"", Command(verb=Verb.PLAY)),
        ("cmd/calm", b"{}", Command(verb=Verb.CALM)),
        ("cmd/calm", b'{"id":"c1","ts":"2026-11-22T14:00:00+01:00"}', Command(verb=Verb.CALM, id="c1")),
        ("cmd/next", b'{"id":"n","by":"staff-tablet"}', Command(verb=Verb.NEXT, id="n", by="staff-tablet")),
        ("cmd/pause", b'{"by":"resident"}', Command(verb=Verb.PAUSE, by="resident")),
        ("cmd/play_pause", b'{"by":""}', Command(verb=Verb.PLAY_PAUSE)),
        ("cmd/louder", b'{"colour":"blue"}', Command(verb=Verb.LOUDER)),
        ("cmd/volume", b'{"args":{"value":35}}', Command(verb=Verb.VOLUME, value=35.0)),
        ("cmd/rate", b'{"args":{"value":4}}', Command(verb=Verb.RATE, value=4.0)),
        ("cmd/mode", b'{"args":{"value":"off"}}', Command(verb=Verb.MODE, mode=AdaptMode.OFF)),
        ("cmd/like", b'{"id":"l"}', Command(verb=Verb.LIKE, id="l")),
        ("cmd/never", b'{"args":{"track":"ab"}}', Command(verb=Verb.NEVER, track_id="ab")),
        ("cmd/next", b'{"id":"a\\u0000b\\u202e"}', Command(verb=Verb.NEXT, id="ab")),
    ],
)
def test_commands(path: str, payload: bytes, command: Command) -> None:
    assert read(path, payload) == command


@pytest.mark.parametrize(
    ("path", "payload", "value"),
    [
        ("signal/heart_rate/polar", b"72", 72.0),
        ("signal/heart_rate/polar", b" 72.5\n", 72.5),
        ("signal/heart_rate/polar", b'{"value":72,"unit":"bpm","ts":"2026-11-22T13:00:00Z"}', 72.0),
        ("signal/heart_rate_variability/p", b'{"value":40,"unit":"ms"}', 40.0),
        ("signal/eda/e", '{"value":3.2,"unit":"µS"}'.encode(), 3.2),
        ("signal/eda/e", '{"value":3.2,"unit":"μS"}'.encode(), 3.2),
        ("signal/skin_temperature/e", '{"value":33,"unit":"°C"}'.encode(), 33.0),
        ("signal/respiration/mat", b"14", 14.0),
        ("signal/movement/wrist", b"0.03", 0.03),
        ("signal/bed_occupied/mat", b"ON", 1.0),
        ("signal/bed_occupied/mat", b"off", 0.0),
        ("signal/presence/radar", b"true", 1.0),
        ("signal/presence/radar", b'{"value":"OFF"}', 0.0),
        ("signal/presence/radar", b"0", 0.0),
        ("signal/sound_level/mic", b"-3.5", -3.5),
        ("signal/sound_event/mic", b"ON", 1.0),
        ("signal/agitation/wristband", b"1", 1.0),
        ("signal/agitation_rating/nurse", b'{"value":3}', 3.0),
        ("signal/posture/mat", b"2", 2.0),
    ],
)
def test_signals(path: str, payload: bytes, value: float) -> None:
    _, kind, source = path.split("/")
    reading = Reading(source=source, quantity=Quantity(kind), value=value, at=AT)
    assert read(path, payload) == reading


def test_a_reading_keeps_its_quality_and_takes_the_time_of_arrival() -> None:
    item = read("signal/heart_rate/p", b'{"value":72,"quality":0.5,"ts":"2026-11-22T12:59:45Z"}')
    assert item == Reading(source="p", quantity=Quantity.HEART_RATE, value=72.0, at=AT, quality=0.5)


def test_feedback() -> None:
    payload = (
        b'{"id":"f1","ts":"2026-11-22T09:00:00Z","by":"role:nurse","about":"now","rating":-1,'
        b'"observed":["calmer"],"note":"slept\\nwell"}'
    )
    assert read("feedback", payload) == Feedback(
        id="f1",
        rating=-1,
        given=Seconds(1795338000.0),
        by="role:nurse",
        observed=("calmer",),
        note="slept well",
    )


@pytest.mark.parametrize(
    ("path", "payload", "reason"),
    [
        ("cmd/calm", b"not json", "not-json"),
        ("cmd/calm", b'\xff\xfe{\x00}\x00', "not-json"),
        ("cmd/calm", b"\xef\xbb\xbf{}", "not-json"),
        ("cmd/stop", b"{", "not-json"),
        ("cmd/stop", b" [STOP]", "not-json"),
        ("cmd/stop", b"STOP" * 9, "not-json"),
        ("cmd/stop", b"STOP\x00", "not-json"),
        ("cmd/stop", b"\xffSTOP", "not-json"),
        ("cmd/play", b"PLAY", "not-json"),
        ("cmd/louder", b"ON", "not-json"),
        ("cmd/volume", b'{"args":{"value":NaN}}', "not-finite"),
        ("cmd/volume", b'{"args":{"value":-Infinity}}', "not-finite"),
        ("cmd/volume", b'{"args":{"value":1e999}}', "not-finite"),
        ("cmd/calm", b"[" * 9 + b"]" * 9, "too-deep"),
        ("cmd/calm", b'{"a":' * 3_000 + b"1" + b"}" * 3_000, "too-large"),
        ("cmd/calm", b"[" * 4_000 + b"]" * 4_000, "too-deep"),
        ("cmd/calm", b'{"a":[' + b"1," * 600 + b"1]}", "too-many"),
        ("cmd/calm", b" " * 20_000, "too-large"),
        ("cmd/explode", b"", "unknown-verb"),
        ("cmd/", b"", "unknown-verb"),
        ("cmd/calm", b'{"ts":"2026-11-22T12:58:00Z"}', "stale"),
        ("cmd/calm", b'{"ts":"2026-11-22T13:02:00Z"}', "stale"),
        ("cmd/dislike", b'{"ts":"2026-11-22T12:58:00Z"}', "stale"),
        ("cmd/volume", b'{"ts":"2026-11-22T12:58:00Z","args":{"value":35}}', "stale"),
        ("cmd/calm", b'{"ts":"yesterday"}', "bad-value"),
        ("cmd/calm", b'{"ts":"2026-11-22T13:00:00"}', "bad-value"),
        ("cmd/calm", b'{"id":5}', "bad-value"),
        ("cmd/calm", b"[]", "bad-value"),
        ("cmd/volume", b"", "bad-value"),
        ("cmd/volume", b'{"args":{"value":101}}', "bad-value"),
        ("cmd/volume", b'{"args":{"value":-1}}', "bad-value"),
        ("cmd/volume", b'{"args":{"value":"35"}}', "bad-value"),
        ("cmd/volume", b'{"args":{"value":true}}', "bad-value"),
        ("cmd/rate", b'{"args":{"value":5}}', "bad-value"),
        ("cmd/mode", b'{"args":{"value":"loud"}}', "bad-value"),
        ("cmd/mode", b"{}", "bad-value"),
        ("signal/heart_rate/p", b"nan", "not-json"),
        ("signal/heart_rate/p", b"NaN", "not-finite"),
        ("signal/heart_rate/p", b"-Infinity", "not-finite"),
        ("signal/heart_rate/p", b"1e999", "not-finite"),
        ("signal/heart_rate/p", b"1_0", "not-json"),
        ("signal/heart_rate/p", "٧٢".encode(), "not-json"),
        ("signal/heart_rate/p", b"9" * 400, "bad-value"),
        ("signal/heart_rate/p", b"", "not-json"),
        ("signal/heart_rate/p", b"300", "bad-value"),
        ("signal/heart_rate/p", b"0", "bad-value"),
        ("signal/heart_rate/p", b"ON", "bad-value"),
        ("signal/heart_rate/p", b"true", "bad-value"),
        ("signal/heart_rate/p", b'{"value":72,"unit":"km/h"}', "bad-unit"),
        ("signal/heart_rate/p", b'{"value":72,"ts":"2026-11-22T12:58:00Z"}', "stale"),
        ("signal/heart_rate/p", b'{"value":72,"quality":1.5}', "bad-value"),
        ("signal/agitation/p", b"1.01", "bad-value"),
        ("signal/agitation_rating/p", b"5", "bad-value"),
        ("signal/bed_occupied/p", b"0.5", "bad-value"),
        ("signal/bed_occupied/p", b'"maybe"', "bad-value"),
        ("signal/mood/p", b"1", "unknown-kind"),
        ("signal/heart_rate/\x01", b"72", "bad-source"),
        ("signal/heart_rate", b"72", "unknown-topic"),
        ("signal/heart_rate/p/q", b"72", "unknown-topic"),
        ("feedback", b"", "not-json"),
        ("feedback", b'{"rating":1}', "bad-value"),
        ("feedback", b'{"id":"f","rating":2}', "bad-value"),
        ("feedback", b'{"id":"\\u0001","rating":1}', "bad-value"),
        ("state/playback", b"{}", "unknown-topic"),
    ],
)  # fmt: skip
def test_what_is_refused(path: str, payload: bytes, reason: str) -> None:
    assert refused(path, payload) == reason


@pytest.mark.parametrize("verb", list(Verb))
def test_a_retained_command_is_always_refused(verb: Verb) -> None:
    assert refused(f"cmd/{verb}", b"", retain=True) == "retained"


@pytest.mark.parametrize("kind", list(Quantity))
def test_a_retained_signal_counts_only_for_a_state(kind: Quantity) -> None:
    payload = b'{"value":1,"ts":"2020-01-01T00:00:00Z"}'
    if kind in (Quantity.BED_OCCUPIED, Quantity.PRESENCE, Quantity.ALARM):
        assert isinstance(read(f"signal/{kind}/p", payload, retain=True), Reading)
    else:
        assert refused(f"signal/{kind}/p", payload, retain=True) == "retained"


@pytest.mark.parametrize("verb", ["stop", "pause", "quieter"])
@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"{}", b"1", b"STOP", b"ON\n", b"nan", "drück".encode(), b"x" * 32),
        *(b'{"ts":"2020-01-01T00:00:00Z"}', b'{"ts":"yesterday","id":"s"}', b'{"id":5}'),
    ],
)
def test_what_makes_it_quieter_is_taken_whatever_its_fields_say(verb: str, payload: bytes) -> None:
    command = read(f"cmd/{verb}", payload)
    assert isinstance(command, Command)
    assert command.verb == verb


def test_a_judgement_that_names_its_track_may_be_late() -> None:
    late = f'{{"ts":"{LATE}","args":{{"track":"ab"}}}}'.encode()
    assert read("cmd/dislike", late) == Command(verb=Verb.DISLIKE, track_id="ab")
    assert refused("cmd/allow", late) == "stale", "it might undo a newer “never”"
    assert read("cmd/allow", b'{"args":{"track":"ab"}}') == Command(verb=Verb.ALLOW, track_id="ab")


def test_a_short_expiry_makes_fresh_and_a_long_one_does_not() -> None:
    late = f'{{"ts":"{LATE}"}}'.encode()
    assert isinstance(read("cmd/calm", late, expiry=Seconds(20)), Command)
    assert refused("cmd/calm", late, expiry=Seconds(86_400)) == "stale"


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b'{"id":"a1","args":{"value":NaN}}', "a1"),
        (b'{"id" : "a1"', "a1"),
        (b'{"id":5}', ""),
        (b"", ""),
        (b'{"id":"a\\u0000"}', ""),
    ],
)
def test_the_id_of_a_refused_message_is_still_seen(payload: bytes, found: str) -> None:
    assert peek_id(payload) == found


BRANCHES = ["cmd", "signal", "feedback", "state", ""]
NAMES = st.sampled_from([*Verb, *Quantity, "x", ""]) | st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "ts", "by", "args", "value", "unit", "quality", "rating", "about", "observed"]
            )
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
TIMES = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
PAYLOADS = (
    st.binary(max_size=64)
    | JSON.map(lambda tree: json.dumps(tree).encode())
    | st.fixed_dictionaries({"value": JSON, "ts": TIMES, "id": st.text(max_size=5)}).map(
        lambda tree: json.dumps(tree).encode()
    )
)
PATHS = st.builds("/".join, st.lists(NAMES, max_size=3)).flatmap(
    lambda rest: st.sampled_from(BRANCHES).map(lambda branch: f"{branch}/{rest}")
)


@given(path=PATHS, payload=PAYLOADS, retain=st.booleans(), expiry=st.none() | st.integers(0, 2**32 - 1))
def test_anything_decodes_or_is_refused_by_the_one_error(
    path: str, payload: bytes, retain: bool, expiry: int | None
) -> None:
    reception = Reception(TOPICS)
    item: Inbound | None = None
    reason = ""
    try:
        item = reception.take(
            arrive(path, payload, retain=retain, expiry=None if expiry is None else Seconds(expiry))
        )
    except PayloadError as error:
        reason = error.reason
    assert reception.accepted == (0 if reason else 1)
    assert reception.rejects == ({reason: 1} if reason else {})
    assert reason or isinstance(item, Command | Reading | Feedback)
    assert not (retain and isinstance(item, Command | Feedback))


@given(st.text(max_size=40), st.binary(max_size=40))
def test_any_topic_is_refused_or_understood(topic: str, payload: bytes) -> None:
    arrival = Arrival(topic=topic, payload=payload, at=AT, wall=WALL)
    with pytest.raises(PayloadError):
        decode(TOPICS, arrival)


def test_a_track_beside_the_arguments_is_the_one_that_is_meant() -> None:
    command = read("cmd/never", b'{"id":"n1","track":"abc"}')
    assert isinstance(command, Command)
    assert command.track_id == "abc"
