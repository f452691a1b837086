"""Devices in odd moments: a stop gets through, what was refused does not run on, a lasting alarm lasts."""

import pytest

from adapters.mqtt.codec import Arrival
from adapters.mqtt.devices import Devices
from adapters.mqtt.mapping.apply import apply
from adapters.mqtt.mapping.compiler import compile_mapping
from adapters.mqtt.mapping.errors import MappingError
from adapters.mqtt.mapping.later import due
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.mapping.state import State
from adapters.mqtt.mapping.telling import told
from adapters.mqtt.redaction import Redaction
from adapters.mqtt.topics import Topics
from player.listener.evidence import EvidencePool
from player.model import Command, Reading, Verb
from player.units import Seconds


def arrival(payload: str, at: float = 0.0, *, stored: bool = False) -> Arrival:
    return Arrival(topic="a/b", payload=payload.encode(), at=Seconds(at), wall=Seconds(1e9), retain=stored)


class Tried:
    def __init__(self, **keys: object) -> None:
        self.mapping: Compiled = compile_mapping({"topic": "a/b", **keys})
        self.state = State(self.mapping)

    def says(self, payload: str, at: float, *, stored: bool = False) -> list[str]:
        came = arrival(payload, at, stored=stored)
        return [told(outcome) for outcome in apply(self.mapping, self.state, came)]

    def later(self, at: float) -> list[str]:
        return [told(outcome) for outcome in due(self.mapping, self.state, Seconds(at))]


STOP = {"off": {"command": "stop"}}
PLAY = {"on": {"command": "play"}}


def test_an_alarm_without_an_off_goes_on() -> None:
    alarm = Tried(kind="state", decode="bool", signal={"name": "alarm", "hold": "10s"})
    assert alarm.says("ON", 0.0) == ["reading alarm 1 from a-b"]
    assert alarm.later(300.0) == []
    assert alarm.says("OFF", 301.0) == ["reading alarm 0 from a-b"]


def test_a_stored_alarm_is_on_and_a_stored_cry_is_over() -> None:
    alarm = Tried(kind="state", decode="bool", signal={"name": "alarm", "hold": "10s"})
    assert alarm.says("ON", 0.0, stored=True) == ["reading alarm 1 from a-b (stored, age unknown)"]
    assert alarm.later(60.0) == []
    cry = Tried(
        kind="state", decode="bool", retained={"accept": True}, signal={"name": "sound_event", "hold": "10s"}
    )
    assert cry.says("ON", 0.0, stored=True)[0].startswith("ignored, retained")
    mat = Tried(decode="bool", retained={"accept": True}, signal={"name": "presence", "hold": "10s"})
    assert mat.says("ON", 0.0, stored=True)[0].startswith("ignored, retained")


def test_a_stop_between_other_presses_is_no_bounce() -> None:
    button = Tried(kind="event", decode="text", dedupe={"window": "2s"}, on=STOP | PLAY)
    assert button.says("off", 0.0) == ["command stop by staff"]
    assert button.says("off", 0.3)[0].startswith("ignored, duplicate")
    assert button.says("on", 0.6) == ["command play by staff"]
    assert button.says("off", 1.2) == ["command stop by staff"]


def test_half_a_key_names_no_event() -> None:
    button = Tried(kind="event", select="x", dedupe={"key": ["mac", "packet"]}, on=STOP | PLAY)
    assert button.says('{"mac":"m","x":"on"}', 0.0) == ["command play by staff"]
    assert button.says('{"mac":"m","x":"off"}', 1.0) == ["command stop by staff"]


def test_an_event_that_the_broker_had_stored_acts_neither_then_nor_when_it_is_repeated() -> None:
    for dedupe in ({"key": ["id"]}, {"counter": "id"}):
        button = Tried(kind="event", select="x", dedupe=dedupe, on=STOP | PLAY)
        assert button.says('{"id":7,"x":"on"}', 0.0, stored=True) == ["ignored, retained"]
        assert button.says('{"id":7,"x":"on"}', 1.0)[0].startswith("ignored, duplicate")
        assert button.says('{"id":8,"x":"on"}', 1.5) == ["command play by staff"]


class Listened:
    """A button that counts its presses, and a player that has listened to it since `at`."""

    def __init__(self, at: float) -> None:
        self.devices = Devices(Topics(base="lull", site="home", player="room"))
        self.mapping = Tried(kind="event", select="x", dedupe={"counter": "n"}, on=STOP | PLAY).mapping
        self.devices.use([self.mapping], Seconds(at))

    def says(self, word: str, count: int, at: float) -> list[str]:
        came = arrival(f'{{"x":"{word}","n":{count}}}', at)
        return [told(outcome) for outcome in self.devices.take("buttons", came)]


def test_the_repetition_of_an_old_press_does_not_act_after_a_start() -> None:
    for word in ("on", "off"):
        button = Listened(100.0)
        assert button.says(word, 7, 120.0)[0].startswith("ignored, duplicate")
        assert button.says(word, 8, 121.0)[0].startswith("command")
    silent = Listened(100.0)  # a device that repeats would have done so by now
    assert silent.says("on", 7, 140.0) == ["command play by staff"]


def test_a_press_while_there_was_no_connection_only_stops() -> None:
    button = Listened(0.0)
    button.says("on", 1, 50.0)
    button.devices.connected(Seconds(1000.0))
    assert button.says("on", 2, 1010.0)[0].startswith("ignored, late")
    assert button.says("on", 3, 1011.0) == ["command play by staff"]
    button.devices.connected(Seconds(2000.0))
    assert button.says("off", 4, 2010.0) == ["command stop by staff"]
    button.devices.connected(Seconds(3000.0))
    assert button.says("off", 4, 3010.0)[0].startswith("ignored, duplicate")
    assert button.says("on", 5, 3011.0) == ["command play by staff"]


def test_a_new_file_does_not_bring_an_old_press_back() -> None:
    button = Listened(0.0)
    button.says("on", 1, 50.0)
    other = Tried(id="a-b", kind="event", select="x", dedupe={"counter": "n"}, on=STOP).mapping
    button.devices.use([other], Seconds(100.0))
    assert button.says("off", 1, 120.0)[0].startswith("ignored, duplicate")


def test_a_limit_holds_back_no_alarm_and_no_change_of_a_switch() -> None:
    for name in ("alarm", "bed_occupied"):
        mat = Tried(kind="state", decode="bool", rate_limit="1/60s", signal={"name": name})
        assert mat.says("OFF", 0.0) == [f"reading {name} 0 from a-b"]
        assert mat.says("OFF", 0.3) == [f"reading {name} 0 from a-b"]
        assert mat.says("OFF", 0.5) == ["ignored, rate-limited"]
        assert mat.says("ON", 1.0) == [f"reading {name} 1 from a-b"]
        assert mat.says("OFF", 2.0) == [f"reading {name} 0 from a-b"]


def test_a_value_that_grew_stale_counts_no_longer() -> None:
    strap = Tried(decode="number", signal={"name": "heart_rate", "stale_after": "15s", "max_step": "5/10s"})
    strap.says("120", 0.0)
    assert strap.later(15.0) == []
    assert strap.later(15.25) == ["reading heart_rate 120 from a-b (stale, counts no longer)"]
    assert strap.later(16.0) == []
    (reading,) = apply(strap.mapping, strap.state, arrival("70", 20.0))
    assert isinstance(reading, Reading) and (reading.value, reading.quality) == (70.0, 1.0)
    (gone,) = due(strap.mapping, strap.state, Seconds(40.0))
    assert isinstance(gone, Reading) and (gone.value, gone.quality) == (70.0, 0.0)


def test_the_listener_takes_a_stale_value_for_none() -> None:
    listener, strap = (
        EvidencePool(),
        Tried(decode="number", signal={"name": "agitation", "stale_after": "15s"}),
    )
    (reading,) = apply(strap.mapping, strap.state, arrival("0.9", 0.0))
    assert isinstance(reading, Reading)
    listener.observe(reading)
    assert listener.estimate(Seconds(15.0)).agitation > 0.8
    (gone,) = due(strap.mapping, strap.state, Seconds(15.25))
    assert isinstance(gone, Reading)
    listener.observe(gone)
    assert listener.estimate(Seconds(16.0)).confidence == 0.0


def test_what_cannot_be_is_nothing_to_step_from() -> None:
    strap = Tried(decode="number", signal={"name": "heart_rate", "max_step": "40/10s"})
    assert strap.says("0", 0.0)[0].startswith("rejected, implausible")
    assert strap.says("72", 1.0) == ["reading heart_rate 72 from a-b"]


def test_what_people_say_is_not_looked_at_through_a_wildcard_either() -> None:
    devices = Devices(Topics(base="lull", site="home", player="room"))
    devices.use([compile_mapping({"topic": "frigate/+/+/+", "id": "wide", "signal": {"name": "presence"}})])
    came = Arrival(
        topic="frigate/room/audio/transcription", payload=b"on", at=Seconds(0.0), wall=Seconds(0.0)
    )
    assert devices.take("sensors", came) == []
    assert devices.report(Seconds(0.0))["wide"]["rejects"] == {}


def test_a_refused_ramp_does_not_run() -> None:
    up = {"up": {"command": "louder", "ramp": {"until": "release", "max": "10s"}}}
    button = Tried(kind="event", decode="text", rate_limit="1/60s", on=up)
    button.says("up", 0.0)
    button.says("release", 0.1)
    assert button.says("up", 1.0) == ["ignored, rate-limited"]
    assert button.later(2.0) == []


def test_a_stop_that_also_ends_a_ramp_stops() -> None:
    up = {"up": {"command": "louder", "ramp": {"until": "off", "max": "10s"}}}
    button = Tried(kind="event", decode="text", on=up | STOP)
    button.says("up", 0.0)
    assert button.says("off", 0.2) == ["command stop by staff"]
    assert button.later(1.0) == []


def test_the_release_of_a_ramp_starts_nothing() -> None:
    up = {"up": {"command": "louder", "ramp": {"until": "on", "max": "10s"}}}
    button = Tried(kind="event", decode="text", on=up | PLAY)
    button.says("up", 0.0)
    assert button.says("on", 0.2) == ["ignored, ramp-end: on"]
    assert button.says("on", 0.4) == ["command play by staff"]


def test_a_field_may_ask_for_more_of_its_message() -> None:
    kilograms = {"select": "v", "require": {"unit": "kg"}, "signal": {"name": "posture"}}
    scale = Tried(fields=[kilograms, {"select": "v", "signal": {"name": "presence"}}])
    assert scale.says('{"unit":"lb","v":1}', 0.0) == [
        "ignored, other-message: unit is lb, not kg",
        "reading presence 1 from a-b",
    ]


def test_a_stored_event_of_another_input_is_not_taken_for_ours() -> None:
    button = Tried(kind="event", select="x", where={"in": 1}, dedupe={"counter": "n"}, on=STOP | PLAY)
    assert button.says('{"in":0,"n":7,"x":"on"}', 0.0, stored=True) == ["ignored, retained"]
    assert button.says('{"in":1,"n":7,"x":"on"}', 1.0) == ["command play by staff"]


def test_what_is_remembered_of_devices_has_an_end() -> None:
    """Seen from outside: the first of many is forgotten, the last is not."""

    def says(button: Compiled, state: State, topic: str, payload: str) -> str:
        came = Arrival(topic=topic, payload=payload.encode(), at=Seconds(0.0), wall=Seconds(1e9))
        return told(apply(button, state, came)[0])

    for dedupe, many in (({"key": ["n"]}, 300), ({"counter": "n"}, 100), ({"window": "2s"}, 100)):
        keys = {"kind": "event", "select": "x", "dedupe": dedupe, "on": PLAY}
        button = compile_mapping({"topic": "a/+", **keys})
        state = State(button)
        payloads = [f'{{"n":{n if "key" in dedupe else 7},"x":"on"}}' for n in range(many)]
        for n, payload in enumerate(payloads):
            assert says(button, state, f"a/{n}", payload) == "command play by staff"
        assert says(button, state, f"a/{many - 1}", payloads[-1]).startswith("ignored, duplicate")
        assert says(button, state, "a/0", payloads[0]) == "command play by staff"
    limits = {"name": "presence", "threshold": {"on": ">= 25", "off": "<= 15"}}
    mat = compile_mapping({"topic": "a/+", "source": "{1}", "signal": limits})
    state = State(mat)
    for n in range(100):
        assert says(mat, state, f"a/{n}", "70") == f"reading presence 1 from {n}"
    assert says(mat, state, "a/99", "20") == "reading presence 1 from 99"
    assert says(mat, state, "a/0", "20").startswith("ignored, undecided")


def test_a_list_without_end_is_refused_as_a_whole() -> None:
    button = Tried(kind="event", each="x", on=STOP | PLAY)
    assert button.says('{"x":[' + ",".join(['"on"'] * 32) + "]}", 0.0) == ["command play by staff"] * 32
    assert button.says('{"x":[' + ",".join(['"on"'] * 33) + "]}", 1.0)[0].startswith("rejected, too-many")


def test_of_a_message_over_the_limit_only_a_stop_is_taken() -> None:
    devices = Devices(Topics(base="lull", site="home", player="room"))
    devices.use([Tried(kind="event", decode="text", on=STOP | PLAY).mapping])
    assert devices.stops(arrival("on")) == []
    assert devices.stops(arrival("off")) == [Command(verb=Verb.STOP, by="staff")]


def test_a_stop_over_the_limit_ends_a_ramp() -> None:
    up = {"up": {"command": "louder", "ramp": {"until": "release", "max": "10s"}}}
    devices = Devices(Topics(base="lull", site="home", player="room"))
    devices.use([Tried(kind="event", decode="text", on=up | STOP).mapping])
    devices.take("buttons", arrival("up"))
    devices.stops(arrival("off"))
    assert devices.due(Seconds(1.0)) == []


def test_a_press_is_none_where_only_sensors_are_read() -> None:
    devices = Devices(Topics(base="lull", site="home", player="room"))
    devices.use([Tried(kind="event", decode="text", on=PLAY).mapping])
    assert devices.take("sensors", arrival("on")) == []
    assert devices.take("buttons", arrival("on")) == [Command(verb=Verb.PLAY, by="staff")]


def test_of_a_pair_that_is_given_twice_the_first_counts_and_of_many_the_end_is_left() -> None:
    page = Tried(decode="kv", select="HR", signal={"name": "heart_rate"})
    assert page.says("HR=70<br>HR=90", 0.0) == ["reading heart_rate 70 from a-b"]
    assert page.says("X=1;" * 600 + "HR=90", 1.0) == ["ignored, absent"]


@pytest.mark.parametrize("decode", ["json", "text", "number", "bool", "kv", {"map": {"on": True}}])
def test_too_much_is_refused_however_it_is_read(decode: object) -> None:
    device = Tried(decode=decode, signal={"name": "presence"})
    assert device.says(" " * 16_385, 0.0)[0].startswith("rejected, too-large")
    assert not device.says(" " * 16_384, 0.0)[0].startswith("rejected, too-large")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "nan", "inf"])
def test_a_number_is_finite(number: str) -> None:
    said = Tried(decode="number", signal={"name": "movement"}).says(number, 0.0)
    assert said[0].startswith(("rejected, not-finite", "ignored, no-value"))


def test_a_mapping_on_our_own_topics_is_named() -> None:
    devices = Devices(Topics(base="lull", site="home", player="room"))
    devices.use([compile_mapping({"topic": "lull/v1/+/room/x", "id": "own", "signal": {"name": "presence"}})])
    assert devices.own() == ["own"] and devices.filters("sensors") == {}


@pytest.mark.parametrize(
    "keys",
    [{"source": "{²}"}, {"source": "{" + "1" * 5000 + "}"}, {"select": "foo(x)"}, {"select": "$.x"},
     {"rate_limit": "0.5/1s"}, {"signal": {"name": "presence", "stale_after": "15s"}}],
)  # fmt: skip
def test_what_cannot_work_is_an_error(keys: dict[str, object]) -> None:
    with pytest.raises(MappingError):
        Tried(**{"signal": {"name": "presence"}, **keys})


def test_odd_digits_are_no_place_in_a_list() -> None:
    assert Tried(select="x.²", signal={"name": "presence"}).says('{"x":[1]}', 0.0) == ["ignored, absent"]


def test_a_device_cannot_write_to_the_terminal() -> None:
    said = Tried(signal={"name": "posture", "map": {"k": 1}}, select="x").says('{"x":"\\u001b[2J\\n"}', 0.0)
    assert all(line.isprintable() for line in said)


@pytest.mark.parametrize(
    "payload",
    [b'{"name":"Anna","x":"' + b"x" * 17_000, b"\xef\xbb\xbf" + b'{"name":"Anna"}', b"name=Anna<br>HR=6",
     b'{"Name":"Anna"}', b"[" * 600 + b"]" * 600],
)  # fmt: skip
def test_no_name_is_recorded(payload: bytes) -> None:
    assert "Anna" not in Redaction().payload(payload)
