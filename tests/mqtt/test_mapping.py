"""The operators of the mapping language, one by one, over time."""

import pytest

from adapters.mqtt.mapping.compiler import compile_mapping
from adapters.mqtt.mapping.errors import MappingError
from adapters.mqtt.mapping.later import due, observe
from adapters.mqtt.mapping.telling import told
from player.units import Seconds
from tests.support.devices import Device, arrival, mapping, profile

EVENT = "{topic: a/b, kind: event, select: action, on: {x: {command: next}}}"


def later(device: Device, at: float) -> list[str]:
    return [told(outcome) for outcome in due(device.mapping, device.state, Seconds(at))]


def tell(device: Device, topic: str, payload: str, at: float, *, retain: bool = False) -> None:
    observe(device.mapping, device.state, arrival(topic, payload, at, retain=retain))


def test_two_equal_presses_are_two_commands_and_a_counted_repeat_is_none() -> None:
    zigbee = Device(mapping(EVENT))
    assert zigbee.says('{"action":"x"}') == zigbee.says('{"action":"x"}') == ["command next by staff"]
    shelly = Device(profile("shelly/button1", "shellies/b/input_event/0"))
    assert shelly.says('{"event":"S","event_cnt":2}') == ["command play_pause by staff"]
    assert shelly.says('{"event":"S","event_cnt":2}', 1030.0)[0].startswith("ignored, duplicate")
    assert shelly.says('{"event":"S","event_cnt":3}', 1031.0) == ["command play_pause by staff"]
    assert shelly.says('{"event":"","event_cnt":0}', 1032.0) == ["ignored, empty"]  # rebooted
    assert shelly.says('{"event":"S","event_cnt":1}', 1033.0) == ["command play_pause by staff"]


def test_a_stored_event_does_not_act_nor_does_its_repetition() -> None:
    shelly = Device(profile("shelly/button1", "shellies/b/input_event/0"))
    assert shelly.says('{"event":"S","event_cnt":7}', retain=True) == ["ignored, retained"]
    assert shelly.says('{"event":"S","event_cnt":7}')[0].startswith("ignored, duplicate")


def test_the_same_event_through_two_gateways_counts_once() -> None:
    button = profile("theengs/blu-button", "home/+/BTtoMQTT/B1")
    device = Device(button, "home/one/BTtoMQTT/B1")
    payload = '{"model_id":"SBBT-002C","packet":29,"button":1,"mac":"B1"}'
    assert device.says(payload, 1000.0) == ["command play_pause by staff"]
    device.topic = "home/two/BTtoMQTT/B1"
    assert device.says(payload, 1000.4)[0].startswith("ignored, duplicate")
    assert device.says(payload.replace("29", "30"), 1001.0) == ["command play_pause by staff"]


def test_a_bounce_within_the_window_is_ignored() -> None:
    device = Device(mapping(EVENT.replace("select", "dedupe: {window: 500ms}, select")))
    assert device.says('{"action":"x"}', 1000.0) == ["command next by staff"]
    assert device.says('{"action":"x"}', 1000.3)[0].startswith("ignored, duplicate")
    assert device.says('{"action":"x"}', 1001.0) == ["command next by staff"]


class TestRamp:
    def device(self) -> Device:
        return Device(profile("zigbee2mqtt/ikea-styrbar", "zigbee2mqtt/b"))

    def steps(self, device: Device, begin: float, end: float) -> int:
        quarters = int((end - begin) * 4)
        return sum(len(later(device, begin + 0.25 * quarter)) for quarter in range(quarters + 1))

    def test_it_repeats_until_the_button_is_released(self) -> None:
        device = self.device()
        assert device.says('{"action":"brightness_move_down"}', 1000.0) == ["command quieter by staff"]
        assert self.steps(device, 1000.0, 1001.25) == 2
        assert device.says('{"action":"brightness_stop"}', 1001.3) == ["ignored, ramp-end: brightness_stop"]
        assert self.steps(device, 1001.5, 1010.0) == 0

    def test_a_lost_release_ends_at_the_limit(self) -> None:
        device = self.device()
        device.says('{"action":"brightness_move_up"}', 1000.0)
        assert self.steps(device, 1000.0, 1060.0) == 3  # at most 2 s

    def test_after_a_pause_of_the_program_it_does_not_catch_up(self) -> None:
        device = self.device()
        device.says('{"action":"brightness_move_down"}', 1000.0)
        assert len(later(device, 1003.0)) == 1
        assert later(device, 1003.25) == []
        assert later(device, 1005.0) == []

    def test_another_press_and_an_absent_device_end_it(self) -> None:
        device = self.device()
        device.says('{"action":"brightness_move_down"}', 1000.0)
        device.says('{"action":"off"}', 1000.1)
        assert self.steps(device, 1000.25, 1004.0) == 0
        device.says('{"action":"brightness_move_down"}', 1010.0)
        tell(device, "zigbee2mqtt/b/availability", '{"state":"offline"}', 1010.1)
        assert self.steps(device, 1010.25, 1014.0) == 0
        assert device.state.available is False


class TestThreshold:
    def device(self) -> Device:
        return Device(profile("scale/bed", "home/bed"))

    def test_a_change_must_last(self) -> None:
        device = self.device()
        assert device.says("72", 1000.0)[0].startswith("ignored, waiting")
        assert device.says("72", 1006.0) == ["reading bed_occupied 1 from dev"]
        assert device.says("3", 1010.0) == ["reading bed_occupied 1 from dev"]
        assert device.says("72", 1012.0) == ["reading bed_occupied 1 from dev"]
        assert device.says("3", 1020.0) == ["reading bed_occupied 1 from dev"]
        assert later(device, 1024.0) == []
        assert later(device, 1025.5) == ["reading bed_occupied 0 from dev"]
        assert later(device, 1030.0) == []

    def test_a_change_of_mind_begins_anew(self) -> None:
        device = self.device()
        device.says("72", 1000.0)
        assert device.says("3", 1003.0)[0].startswith("ignored, waiting")
        assert later(device, 1006.0) == []
        assert later(device, 1008.5) == ["reading bed_occupied 0 from dev"]

    def test_between_the_limits_the_last_answer_stands(self) -> None:
        device = self.device()
        assert device.says("20", 1000.0)[0].startswith("ignored, undecided")
        device.says("30", 1001.0)
        assert later(device, 1006.0) == ["reading bed_occupied 1 from dev"]
        assert device.says("20", 1010.0) == ["reading bed_occupied 1 from dev"]
        assert device.says("3", 1011.0) == device.says("20", 1012.0) == ["reading bed_occupied 1 from dev"]
        assert later(device, 1020.0) == []

    def test_a_stored_value_is_shown_without_waiting(self) -> None:
        told_ = self.device().says("72", retain=True)
        assert told_ == ["ignored, retained"]  # kind: sample
        bed = Device(profile("esphome/bed-weight", "bed/sensor/w/state"))
        assert bed.says("72", retain=True) == ["reading bed_occupied 1 from dev (stored, age unknown)"]


def test_a_sound_is_held_and_a_stored_one_starts_nothing() -> None:
    device = Device(profile("frigate/sound-event", "frigate/r/audio/yell"))
    assert device.says("ON", retain=True) == ["ignored, retained"]
    assert device.says("ON", 1000.0) == ["reading sound_event 1 from dev"]
    assert device.says("OFF", 1001.0)[0].startswith("ignored, held")
    assert later(device, 1009.0) == []
    assert later(device, 1010.0) == ["reading sound_event 0 from dev"]
    assert later(device, 1011.0) == []


def test_a_jump_is_refused_unless_time_has_passed() -> None:
    device = Device(profile("polar/h10", "h10/hr"))
    assert device.says('{"hr":70}', 1000.0) == ["reading heart_rate 70 from dev"]
    assert device.says('{"hr":140}', 1001.0)[0].startswith("rejected, step")
    assert device.says('{"hr":105}', 1002.0) == ["reading heart_rate 105 from dev"]
    assert device.says('{"hr":200}', 1018.0) == ["reading heart_rate 200 from dev"]  # the last was stale


def test_numbers_are_converted_in_order() -> None:
    device = Device(
        mapping(
            "{topic: a/b, select: f, signal: {name: skin_temperature, unit: F, multiply: 0.5556,"
            " offset: -17.78, range: [50, 120]}}"
        )
    )
    assert device.says('{"f": "95"}') == ["reading skin_temperature 35.002 from a-b"]
    scaled = Device(
        mapping("{topic: a/b, signal: {name: agitation, scale: {from: [-60, -15], to: [0, 1], clamp: true}}}")
    )
    assert scaled.says("-60") == ["reading agitation 0 from a-b"]
    assert scaled.says("0") == ["reading agitation 1 from a-b"]
    assert scaled.says("-90") == ["reading agitation 0 from a-b"]
    half = Device(mapping("{topic: a/b, signal: {name: agitation, scale: {from: [0, 10], to: [0, 1]}}}"))
    assert half.says("-1")[0].startswith("rejected, implausible")


def test_the_longer_ago_the_further_a_value_may_step() -> None:
    device = Device(mapping("{topic: a/b, signal: {name: heart_rate, max_step: 10/10s}}"))
    assert device.says("70", 1000.0) == ["reading heart_rate 70 from a-b"]
    assert device.says("95", 1020.0)[0].startswith("rejected, step")
    assert device.says("95", 1025.0) == ["reading heart_rate 95 from a-b"]


@pytest.mark.parametrize("value", ["0", "0.0", '"0.0"', '"-0"', '"n/a"', "false"])
def test_what_is_dropped_is_dropped_in_every_spelling(value: str) -> None:
    device = Device(mapping("{topic: a/b, select: x, signal: {name: movement, drop: [0, n/a, false]}}"))
    assert device.says(f'{{"x":{value}}}')[0].startswith("ignored, dropped")


def test_what_cannot_be_is_refused_even_without_a_range() -> None:
    device = Device(mapping("{topic: a/b, signal: {name: heart_rate}}"))
    assert device.says("400")[0].startswith("rejected, implausible")


def test_the_room_is_not_measured_while_the_music_plays() -> None:
    device = Device(profile("frigate/sound-level", "frigate/r/audio/dBFS"))
    assert device.says("-30", playing=True)[0].startswith("ignored, while-playing")
    assert device.says("-30") == ["reading sound_level 30 from dev"]


def test_what_a_bridge_repeats_after_its_start_is_no_change() -> None:
    device = Device(profile("zigbee2mqtt/occupancy", "zigbee2mqtt/room"))
    tell(device, "zigbee2mqtt/bridge/state", '{"state":"online"}', 1000.0)
    assert device.says('{"occupancy":true}', 1001.0) == ["ignored, after-birth"]
    assert device.says('{"occupancy":true}', 1006.0) == ["reading presence 1 from dev"]
    tell(device, "zigbee2mqtt/bridge/state", "online", 1010.0, retain=True)  # stored: it did not start now
    assert device.says('{"occupancy":true}', 1011.0) == ["reading presence 1 from dev"]


@pytest.mark.parametrize("payload", ["online", "Online", '"online"', '{"state":"online"}'])
def test_availability_is_read_in_every_spelling(payload: str) -> None:
    device = Device(profile("zigbee2mqtt/presence", "zigbee2mqtt/room"))
    tell(device, "zigbee2mqtt/room/availability", payload, 1000.0, retain=True)
    assert device.state.available is True
    tell(
        device,
        "zigbee2mqtt/room/availability",
        "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
        1001.0,
    )
    assert device.state.available is False


def test_a_stored_state_counts_only_where_it_still_holds() -> None:
    presence = Device(profile("esphome/presence", "a/b/c/state"))
    assert presence.says("ON", retain=True) == ["reading presence 1 from dev (stored, age unknown)"]
    heart = Device(profile("homeassistant/heart-rate", "ha/sensor/x/state"))
    assert heart.says("64", retain=True) == ["ignored, retained"]
    asked = Device(profile("homeassistant/heart-rate", "ha/sensor/x/state", retained={"accept": True}))
    assert asked.says("64", retain=True) == ["reading heart_rate 64 from dev (stored, age unknown)"]


def test_rate_limit_thins_readings_but_never_a_stop() -> None:
    device = Device(mapping("{topic: a/b, rate_limit: 1/10s, signal: {name: heart_rate}}"))
    assert [device.says("70", 1000.0 + second)[0][:7] for second in range(11)].count("reading") == 2
    button = Device(
        mapping("{topic: a/b, kind: event, rate_limit: 1/10s, on: {s: {command: stop}, n: {command: next}}}")
    )
    assert button.says('"n"') == ["command next by staff"]
    assert button.says('"n"') == ["ignored, rate-limited"]
    assert button.says('"s"') == ["command stop by staff"]


def test_each_source_of_a_wildcard_has_its_own_memory() -> None:
    mats = mapping("{topic: mats/+/kg, source: 'mat-{1}', decode: number, signal: {name: bed_occupied,"
                   " threshold: {on: '>= 25', off: '<= 15'}}}")  # fmt: skip
    device = Device(mats, "mats/left/kg")
    assert device.says("70") == ["reading bed_occupied 1 from mat-left"]
    device.topic = "mats/right/kg"
    assert device.says("20")[0].startswith("ignored, undecided")


def test_sixty_devices_of_three_values_remember_all_of_them() -> None:
    field = "{select: %s, signal: {name: %s, threshold: {on: '>= 25', off: '<= 15'}}}"
    fields = ", ".join(
        field % each for each in (("a", "bed_occupied"), ("b", "presence"), ("c", "sound_event"))
    )
    device = Device(mapping(f"{{topic: mats/+/kg, source: 'mat-{{1}}', fields: [{fields}]}}"))
    for value, said in ((70, "1"), (20, "1")):  # 20 lies between off and on: what it was, it stays
        for number in range(60):
            device.topic = f"mats/{number}/kg"
            for outcome in device.says(f'{{"a":{value},"b":{value},"c":{value}}}'):
                assert f" {said} from mat-{number}" in outcome


def test_jmespath_filters_and_survives_other_types() -> None:
    device = Device(
        mapping(
            "{topic: a/b, kind: event, select: \"params.events[?component=='input:0'].event | [0]\","
            " on: {single_push: {command: calm}}}"
        )
    )
    assert device.says('{"params":{"events":[{"component":"input:0","event":"single_push"}]}}') == [
        "command calm by staff"
    ]
    assert device.says('{"params":3}') == ["ignored, empty"]


def test_a_batch_in_nested_lists_gives_its_newest_value() -> None:
    phone = Device(  # Health Auto Export
        mapping(
            "{topic: a/b, each: data.metrics, where: {name: heart_rate}, select: 'data[-1].Avg',"
            " signal: {name: heart_rate}}"
        )
    )
    batch = (
        '{"data":{"metrics":[{"name":"steps","data":[{"qty":3}]},{"name":"heart_rate","units":"count/min",'
        '"data":[{"date":"2026-01-21 08:01:02 +0100","Min":58,"Avg":61,"Max":70}]}]}}'
    )
    assert phone.says(batch) == [
        "ignored, other-message: name is steps, not heart_rate",
        "reading heart_rate 61 from a-b",
    ]


def test_by_and_values_are_handed_on() -> None:
    device = Device(
        mapping(
            "{topic: a/b, kind: event, decode: text, by: resident, on: {v: {command: volume, value: 30},"
            " m: {command: mode, mode: manual}}}"
        )
    )
    assert device.says("v") == ["command volume 30 by resident"]
    assert device.says("m") == ["command mode manual by resident"]


def test_counters_tell_what_became_of_every_message() -> None:
    device = Device(profile("polar/h10", "h10/hr"))
    for payload in ('{"hr":70}', '{"hr":400}', "{", '{"hr":0}'):
        device.says(payload)
    tally = device.state.tally
    assert tally.accepted == 1
    assert dict(tally.rejects) == {"out-of-range": 1, "not-json": 1}
    assert dict(tally.ignored) == {"zero": 1}


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("{topic: a/b, signl: {name: eda}}", ("signl",), "did you mean 'signal'"),
        ("{topic: a/b, signal: {name: heartrate}}", ("signal", "name"), "did you mean 'heart_rate'"),
        ("{topic: a/b, signal: {name: eda, rnge: [0, 1]}}", ("signal", "rnge"), "did you mean 'range'"),
        ("{topic: a/b, signal: {name: eda, range: [1, 0]}}", ("signal", "range"), "low, high"),
        ("{topic: a/b, signal: {name: eda, range: 3}}", ("signal", "range"), "must be a list"),
        ("{topic: a/b, signal: {name: heart_rate, unit: ms}}", ("signal", "unit"), "convert it"),
        ("{topic: a/b, signal: {name: heart_rate, hold: 5s}}", ("signal", "hold"), "on or off"),
        ("{topic: a/b, signal: {name: presence, hold: 5}}", ("signal", "hold"), "must be text"),
        ("{topic: a/b, signal: {name: presence, hold: 5 days}}", ("signal", "hold"), "write it as"),
        (
            "{topic: a/b, signal: {name: presence, threshold: {on: '>= 5', off: '<= 9'}}}",
            ("signal", "threshold", "off"),
            "gap",
        ),
        ("{topic: a/b, signal: {name: posture, map: {x: lying}}}", ("signal", "map", "x"), "in_bed"),
        ("{topic: a/b}", (), "does nothing"),
        ("{topic: a/b, on: {x: {command: next}}}", ("on",), "kind: event"),
        ("{topic: a/b, kind: event, on: {x: {command: nxt}}}", ("on", "x", "command"), "nxt"),
        ("{topic: a/b, kind: event, on: {x: {comand: next}}}", ("on", "x", "comand"), "'command'"),
        ("{topic: a/b, kind: event, on: {x: {command: volume}}}", ("on", "x", "value"), "0 to 100"),
        ("{topic: a/b, kind: event, on: {x: {command: next, ramp: {until: y}}}}",
         ("on", "x", "ramp"), "louder"),
        (
            "{topic: a/b, kind: event, on: {x: {command: louder, ramp: {until: y, max: 1min}}}}",
            ("on", "x", "ramp", "max"),
            "at most 10 s",
        ),
        ("{topic: a/#, signal: {name: eda}}", ("topic",), "not allowed"),
        ("{topic: +/b, signal: {name: eda}}", ("topic",), "begin with a word"),
        ("{topic: $SYS/b, signal: {name: eda}}", ("topic",), "begin with a word"),
        ("{topic: a/b+, signal: {name: eda}}", ("topic",), "no topic"),
        ("{topic: frigate/r/audio/transcription, signal: {name: eda}}", ("topic",), "people say"),
        ("{topic: frigate/r/audio/+, signal: {name: eda}}", ("topic",), "people say"),
        ("{topic: a/b, source: 'x{1}', signal: {name: eda}}", ("source",), "no + of the topic"),
        ("{topic: a/b, kind: event, retained: {accept: true}, on: {x: {command: next}}}",
         ("retained", "accept"), "never act"),
        ("{topic: a/b, select: 'a[', signal: {name: eda}}", ("select",), "JMESPath"),
        ("{topic: a/b, dedupe: {window: 1min}, kind: event, on: {x: {command: next}}}",
         ("dedupe", "window"), "at most 2 s"),
        ("{topic: a/b, dedupe: {counter: n, window: 1s}, kind: event, on: {x: {command: next}}}",
         ("dedupe", "window"), "remove it"),
        ("{topic: a/b, kind: evnt, signal: {name: eda}}", ("kind",), "event, state, sample"),
        ("{topic: a/b, id: 'Room 12', signal: {name: eda}}", ("id",), "small letters"),
        ("{signal: {name: eda}}", (), "topic is missing"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error_with_its_place(
    text: str, place: tuple[str | int, ...], problem: str
) -> None:
    with pytest.raises(MappingError) as caught:
        mapping(text)
    assert caught.value.place == place
    assert problem in caught.value.problem


@pytest.mark.parametrize("select", ["(" * 3_000, "(" * 250, "a" * 257])
def test_a_query_cannot_hurt_at_load(select: str) -> None:
    with pytest.raises(MappingError):
        compile_mapping({"topic": "a/b", "select": select, "signal": {"name": "eda"}})
