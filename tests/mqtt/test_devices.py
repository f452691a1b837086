"""Mappings in the running link, against a real mosquitto."""

import asyncio
import json
from collections.abc import Callable

from adapters.mqtt.codec import Arrival
from adapters.mqtt.devices import Devices
from player.model import Command, Quantity, Reading, Verb
from player.session.messages import PlaybackState
from player.units import Seconds
from tests.support.broker import PATIENCE_S, Broker, Listener, listening
from tests.support.devices import mapping, profile
from tests.support.link import TOPICS, Rig, linked

BUTTON = "zigbee2mqtt/room12/button"
HEART = "h10/hr"
PRESS = json.dumps({"action": "arrow_right_click", "linkquality": 10})


def playback(state: str) -> PlaybackState:
    return PlaybackState(
        state=state, track=None, position=Seconds(0.0), since=Seconds(0.0), reason="", device="", fault=""
    )


async def send_until(
    person: Listener, topic: str, payload: str, done: Callable[[], object], *, retain: bool = False
) -> None:
    """Again and again: nobody tells when a subscription stands."""
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await person.client.publish(topic, payload, qos=1, retain=retain)
            await asyncio.sleep(0.05)


def ignored(rig: Rig, key: str, reason: str) -> int:
    counts = rig.link.mappings[key]["ignored"]
    assert isinstance(counts, dict)
    return int(counts.get(reason, 0))


def readings(rig: Rig, source: str) -> list[Reading]:
    return [item for item in rig.items if isinstance(item, Reading) and item.source == source]


async def test_a_button_and_a_strap_work_and_are_counted_in_the_status(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/#") as person:
        rig.link.use_mappings(
            [
                profile("zigbee2mqtt/ikea-styrbar", BUTTON, id="button"),
                profile("polar/h10", HEART, id="strap"),
            ]
        )
        await rig.connected()
        await send_until(person, BUTTON, PRESS, lambda: Command(verb=Verb.NEXT) in rig.items)
        await send_until(person, HEART, '{"hr":72}', lambda: readings(rig, "strap"))
        reading = readings(rig, "strap")[0]
        assert (reading.quantity, reading.value) == (Quantity.HEART_RATE, 72.0)
        assert set((await person.wait("status"))["mappings"]) == {"button", "strap"}
        assert rig.link.mappings["strap"]["rejects"] == {}


def test_what_is_read_from_the_broker_is_only_what_mappings_need() -> None:
    devices = Devices(TOPICS)
    devices.use(
        [
            profile("zigbee2mqtt/ikea-styrbar", BUTTON, id="a"),
            profile("zigbee2mqtt/occupancy", "zigbee2mqtt/room12/motion", id="b"),
            profile("esphome/event", "bed/event/button/state", id="c"),
        ]
    )
    assert devices.filters("buttons") == {BUTTON: True, "bed/event/button/state": False}
    assert devices.filters("sensors") == {
        f"{BUTTON}/availability": False,
        "zigbee2mqtt/room12/motion": False,
        "zigbee2mqtt/room12/motion/availability": False,
        "zigbee2mqtt/bridge/state": False,
        "bed/status": False,
    }


async def test_a_press_counts_once_also_when_another_mapping_reads_all_devices(broker: Broker) -> None:
    """A broker delivers once for each filter that matches."""
    verbs = "single: {command: play_pause}, double: {command: next}, hold: {command: stop}"
    on = f"kind: event, select: action, on: {{{verbs}}}"
    async with linked(broker.url) as rig, listening(broker.port, "nothing") as person:
        rig.link.use_mappings(
            [
                mapping(f"{{id: one, topic: zigbee2mqtt/button, {on}}}"),
                mapping(f"{{id: any, topic: zigbee2mqtt/+, {on}}}"),
            ]
        )
        await rig.connected()
        await send_until(person, "zigbee2mqtt/other", '{"action":"hold"}', lambda: rig.items)
        await person.client.publish("zigbee2mqtt/button", '{"action":"single"}', qos=1)
        await person.client.publish("zigbee2mqtt/button", '{"action":"double"}', qos=1)
        await rig.until(lambda: Command(verb=Verb.NEXT) in rig.items)
        toggled = [item for item in rig.items if item == Command(verb=Verb.PLAY_PAUSE)]
        assert len(toggled) == 2, "one for each mapping"


def test_the_strict_way_to_read_wins_where_one_filter_covers_another() -> None:
    devices = Devices(TOPICS)
    devices.use(
        [
            profile("esphome/event", "bed/event/+/state", id="a"),
            profile("zigbee2mqtt/ikea-styrbar", "bed/event/button/state", id="b"),
        ]
    )
    assert devices.filters("buttons") == {"bed/event/+/state": True}


def test_the_players_own_topics_are_no_device() -> None:
    devices = Devices(TOPICS)
    devices.use(
        [
            profile("polar/h10", f"{TOPICS.root}/telemetry"),
            profile("polar/h10", "lull/+/home1/room7/x", id="y"),
        ]
    )
    assert devices.filters("sensors") == {}


def test_a_mapping_that_did_not_change_keeps_its_memory() -> None:
    devices = Devices(TOPICS)
    strap, other = profile("polar/h10", HEART, id="s"), profile("tasmota/hx711", "tele/bed/SENSOR", id="bed")
    devices.use([strap, other])
    came = Arrival(topic=HEART, payload=b'{"hr":72}', at=Seconds(1.0), wall=Seconds(2.0))
    devices.take("sensors", came)
    devices.use([profile("polar/h10", HEART, id="s"), profile("tasmota/hx711", "tele/bed/SENSOR", id="bed")])
    assert devices.report(Seconds(4.0))["s"]["age_s"] == 3.0
    devices.use([profile("polar/h10", "other/hr", id="s")])
    assert devices.report(Seconds(5.0))["s"]["accepted"] == 0


def test_a_lost_connection_ends_a_ramp() -> None:
    devices = Devices(TOPICS)
    devices.use([profile("zigbee2mqtt/ikea-styrbar", BUTTON)])
    came = Arrival(
        topic=BUTTON, payload=b'{"action":"brightness_move_up"}', at=Seconds(1.0), wall=Seconds(2.0)
    )
    assert devices.take("buttons", came) == [Command(verb=Verb.LOUDER)]
    devices.disconnected()
    assert devices.due(Seconds(1.6)) == []


async def test_new_mappings_are_read_at_once_and_old_ones_no_longer(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/#") as person:
        rig.link.use_mappings([profile("polar/h10", HEART, id="old")])
        await rig.connected()
        await send_until(person, HEART, '{"hr":72}', lambda: readings(rig, "old"))
        rig.link.use_mappings([profile("polar/h10", "new/hr", id="new")])
        await send_until(person, "new/hr", '{"hr":80}', lambda: readings(rig, "new"))
        before = len(readings(rig, "old"))
        await person.client.publish(HEART, '{"hr":75}', qos=1)
        await person.client.publish("new/hr", '{"hr":81}', qos=1)
        await rig.until(lambda: readings(rig, "new")[-1].value == 81)
        assert len(readings(rig, "old")) == before


async def test_stored_events_never_act_also_after_the_broker_comes_back(broker: Broker) -> None:
    async with linked(broker.url) as rig:
        async with listening(broker.port, f"{TOPICS.root}/#") as person:
            await person.client.publish(BUTTON, PRESS, qos=1, retain=True)
            rig.link.use_mappings([profile("zigbee2mqtt/ikea-styrbar", BUTTON, id="button")])
            await rig.connected()
            stop = profile("zigbee2mqtt/tuya-sos", "zigbee2mqtt/sos", id="sos")
            await send_until(person, BUTTON, PRESS, lambda: ignored(rig, "button", "retained"), retain=True)
        before = ignored(rig, "button", "retained")
        broker.kill()
        broker.restart()
        await rig.connected(times=2)
        async with listening(broker.port, f"{TOPICS.root}/#") as person:
            rig.link.use_mappings([profile("zigbee2mqtt/ikea-styrbar", BUTTON, id="button"), stop])
            emergency = '{"action":"emergency"}'
            await send_until(
                person, "zigbee2mqtt/sos", emergency, lambda: Command(verb=Verb.STOP) in rig.items
            )
        assert ignored(rig, "button", "retained") > before  # it came again, and did nothing
        assert {item.verb for item in rig.items if isinstance(item, Command)} == {Verb.STOP}


async def test_esphome_marks_live_values_as_retained_and_they_count(broker: Broker) -> None:
    topic = "bed/sensor/tickr/state"
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/#") as person:
        rig.link.use_mappings([profile("esphome/heart-rate", topic, id="strap")])
        await rig.connected()
        await send_until(person, topic, "71", lambda: readings(rig, "strap"), retain=True)
        assert readings(rig, "strap")[0].quality == 1.0


async def test_the_link_knows_when_music_is_heard(broker: Broker) -> None:
    topic = "frigate/r/audio/dBFS"
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/#") as person:
        rig.link.publish(playback("playing"))
        rig.link.use_mappings([profile("frigate/sound-level", topic, id="room")])
        await rig.connected()
        await send_until(person, topic, "-30", lambda: ignored(rig, "room", "while-playing"))
        rig.link.publish(playback("idle"))
        await send_until(person, topic, "-30", lambda: readings(rig, "room"))


async def test_a_flood_of_one_sensor_does_not_stand_before_a_button(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/#") as person:
        rig.link.use_mappings(
            [profile("zigbee2mqtt/tuya-sos", BUTTON, id="button"), profile("polar/h10", HEART, id="strap")]
        )
        await rig.connected()
        await send_until(person, HEART, '{"hr":72}', lambda: readings(rig, "strap"))
        for _ in range(2_000):
            await person.client.publish(HEART, '{"hr":72}', qos=0)
        await send_until(
            person, BUTTON, '{"action":"emergency"}', lambda: Command(verb=Verb.STOP) in rig.items
        )
        limited = lambda: rig.link.rejects.get("rate-limited", 0) > 1_000  # noqa: E731
        await send_until(person, HEART, '{"hr":72}', limited)
        assert len(readings(rig, "strap")) < 200


async def test_what_is_held_ends_without_a_broker_too(broker: Broker) -> None:
    bell = mapping("{topic: ward/bell, id: bell, decode: bool, signal: {name: alarm, hold: 3s}}")
    async with linked(broker.url) as rig:
        rig.link.use_mappings([bell])
        await rig.connected()
        async with listening(broker.port, "nothing") as person:
            await send_until(person, "ward/bell", "ON", lambda: readings(rig, "bell"))
        broker.kill()
        await rig.until(lambda: not rig.link.connected)
        await rig.until(lambda: readings(rig, "bell")[-1].value == 0.0)


async def test_a_device_that_goes_away_in_its_alarm_is_told(broker: Broker) -> None:
    """The alarm goes on: that it is over was not said."""
    gate = mapping(
        "{topic: ward/gate, id: gate, kind: state, decode: bool, signal: {name: alarm}, "
        "availability: {topic: ward/gate/online}}"
    )
    async with linked(broker.url) as rig, listening(broker.port, f"{TOPICS.root}/event/fault") as person:
        rig.link.use_mappings([gate])
        await rig.connected()
        await send_until(person, "ward/gate", "ON", lambda: readings(rig, "gate"))
        await send_until(person, "ward/gate/online", "offline", lambda: person.all("event/fault"))
        (fault, *_) = person.all("event/fault")
        assert "gate went away while its alarm was on" in fault["problem"]
        assert readings(rig, "gate")[-1].value == 1.0
