"""The link against a real mosquitto: what comes in, what goes out, and what is refused."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.connection import QUEUE, Terms, connect
from adapters.mqtt.endpoint import Endpoint
from player.errors import MqttError, SettingsError, StoreError
from player.model import AdaptMode, Command, Feedback, Quantity, Reading, Verb
from player.session.messages import Decision, Fault, ModeState, Reply, VolumeState
from player.settings import MqttSettings
from player.units import Percent, Seconds
from tests.support.broker import Broker, Listener, listening, running_broker
from tests.support.link import TOPICS, Rig, linked

ROOT = TOPICS.root
ARGS = {Verb.VOLUME: {"value": 35}, Verb.RATE: {"value": 3}, Verb.MODE: {"value": "manual"}}
VALUES = {Quantity.HEART_RATE: 72, Quantity.SKIN_TEMPERATURE: 33, Quantity.RESPIRATION: 14}


def commands(rig: Rig) -> list[Command]:
    return [item for item in rig.items if isinstance(item, Command)]


async def answer_to(person: Listener, wanted: str) -> Any:
    return await person.wait("cmd_result", lambda result: result["id"] == wanted)


async def test_every_verb_and_every_signal_makes_the_round(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        now = datetime.now(UTC).isoformat()
        for verb in Verb:
            sent = {"id": f"id-{verb}", "ts": now, "args": ARGS.get(verb, {})}
            await person.client.publish(f"{ROOT}/cmd/{verb}", json.dumps(sent), qos=1)
        for kind in Quantity:
            await person.client.publish(f"{ROOT}/signal/{kind}/bed", str(VALUES.get(kind, 1)), qos=0)
        await rig.until(lambda: len(rig.items) == len(Verb) + len(Quantity))
        assert [command.verb for command in commands(rig)] == list(Verb)
        assert [command.id for command in commands(rig)] == [f"id-{verb}" for verb in Verb]
        readings = {item.quantity: item.value for item in rig.items if isinstance(item, Reading)}
        assert readings == {kind: VALUES.get(kind, 1) for kind in Quantity}


async def test_what_is_shown_decided_and_answered_is_published(broker: Broker) -> None:
    async with linked(broker.url, vitals=lambda: {"memory_mib": 81}) as rig:
        rig.link.publish(ModeState(mode=AdaptMode.OFF))  # before there is a broker
        rig.link.publish(ModeState(mode=AdaptMode.AUTO))
        rig.link.publish(Decision(event_type="swap", at=Seconds(0.0), reason="restless"))
        async with listening(broker.port, f"{ROOT}/#") as person:
            await rig.connected()
            assert (await person.wait("state/mode"))["mode"] == "auto"
            assert (await person.wait("event/decision"))["event_type"] == "swap"
            assert await person.wait("availability") == "online"
            status = await person.wait("status")
            assert (status["boot"], status["version"], status["memory_mib"]) == ("boot-1", "0.1.0", 81)
            rig.link.publish(VolumeState(percent=Percent(35), max=Percent(70), level_db=-32.5))
            rig.link.publish(Reply(id="c1", ok=True))
            rig.link.publish(Fault(part="audio", problem="no device"))
            rig.link.publish_telemetry({"underruns": 0})
            assert (await person.wait("state/volume"))["percent"] == 35
            assert (await person.wait("cmd_result"))["id"] == "c1"
            assert (await person.wait("event/fault"))["part"] == "audio"
            assert (await person.wait("telemetry"))["underruns"] == 0
            numbers = [json.loads(m.payload)["seq"] for m in person.seen if m.payload.startswith(b"{")]
            assert len(set(numbers)) == len(numbers)
    async with listening(broker.port, f"{ROOT}/#") as late:
        assert await late.wait("availability") == "offline"
        kept = {message.topic.value.removeprefix(f"{ROOT}/") for message in late.seen if message.retain}
        assert {"availability", "status", "state/mode", "state/volume"} >= kept


async def test_a_retained_command_is_refused_live_and_at_subscription(broker: Broker) -> None:
    async with listening(broker.port, f"{ROOT}/#") as person:
        sent = b'{"id":"old"}'
        await person.client.publish(f"{ROOT}/cmd/play", sent, qos=1, retain=True)
        async with linked(broker.url) as rig:
            await rig.connected()
            answer = await answer_to(person, "old")
            assert (answer["ok"], answer["reason"]) == (False, "retained")
            await person.client.publish(f"{ROOT}/cmd/calm", b'{"id":"live"}', qos=1, retain=True)
            answer = await answer_to(person, "live")
            assert (answer["ok"], answer["reason"]) == (False, "retained")
            await person.client.publish(f"{ROOT}/cmd/stop", qos=1)
            await rig.until(lambda: len(rig.items) == 1)
            assert commands(rig)[0].verb is Verb.STOP


BAD = [
    ("cmd/volume", b'{"id":"b0","args":{"value":NaN}}', "not-finite"),
    ("cmd/calm", b'{"id":"b1","a":' + b"[" * 20 + b"]" * 20 + b"}", "too-deep"),
    ("cmd/calm", b'{"id":"b2",', "not-json"),
    ("cmd/explode", b'{"id":"b3"}', "unknown-verb"),
    ("cmd/next", b'{"id":"b4","ts":"2020-01-01T00:00:00Z"}', "stale"),
    ("cmd/volume", b'{"id":"b5","args":{"value":1000}}', "bad-value"),
    ("cmd/calm", b'{"id":"b6","a":"' + b"x" * 20_000 + b'"}', "too-large"),
    ("feedback", b'{"id":"b7","rating":9}', "bad-value"),
]


async def test_bad_input_is_refused_counted_answered_and_forgotten(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        for path, payload, reason in BAD:
            await person.client.publish(f"{ROOT}/{path}", payload, qos=1)
            wanted = payload[7:9].decode()
            answer = await answer_to(person, wanted)
            assert (answer["ok"], answer["reason"]) == (False, reason)
        await person.client.publish(f"{ROOT}/signal/heart_rate/p", b"1e999", qos=1)
        await person.client.publish(f"{ROOT}/cmd/next", b'{"id":"n"}', qos=1)
        await person.client.publish(f"{ROOT}/cmd/next", b'{"id":"n"}', qos=1)
        answer = await answer_to(person, "n")
        assert (answer["ok"], answer["reason"]) == (False, "duplicate")
        assert [command.verb for command in commands(rig)] == [Verb.NEXT]
        assert rig.feedback == []
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/status") as person:
        await rig.connected()
        assert rig.items == []  # a new clean session brings nothing back


async def test_commands_that_come_too_fast_are_answered_but_not_in_a_flood(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        frozen = rig.link._clock()
        rig.link._clock = lambda: frozen  # no token comes back
        for n in range(60):
            await person.client.publish(f"{ROOT}/cmd/next", f'{{"id":"n{n}"}}', qos=1)
        await person.client.publish(f"{ROOT}/cmd/stop", qos=1)
        await rig.until(lambda: len(rig.items) == 21)
        assert rig.link.rejects == {"rate-limited": 40}
        rig.link.publish(Reply(id="last", ok=True))
        await answer_to(person, "last")
        answers = person.all("cmd_result")[:-1]
        assert [answer["id"] for answer in answers] == [f"n{n}" for n in range(20, 30)]
        assert {(answer["ok"], answer["reason"]) for answer in answers} == {(False, "rate-limited")}


async def test_a_repeated_state_keeps_the_time_of_its_content(broker: Broker) -> None:
    async with linked(broker.url) as rig:
        rig.link.publish(ModeState(mode=AdaptMode.AUTO))
        async with listening(broker.port, f"{ROOT}/state/mode") as person:
            first = await person.wait("state/mode")
            await rig.connected()
            broker.kill()
            broker.restart()
            await rig.connected(times=2)
    async with listening(broker.port, f"{ROOT}/state/mode") as person:
        again = await person.wait("state/mode")
    assert again["seq"] > first["seq"]
    late = datetime.fromisoformat(again["ts"]) - datetime.fromisoformat(first["ts"])
    assert abs(late.total_seconds()) < 0.01


async def test_rejects_stand_in_the_status(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        await person.client.publish(f"{ROOT}/cmd/explode", b'{"id":"x"}', qos=1)
        await person.wait("cmd_result")
        await person.client.publish(f"{ROOT}/cmd/stop", qos=1)
        await rig.until(lambda: len(rig.items) == 1)
        broker.kill()
        broker.restart()
        await rig.connected(times=2)
    async with listening(broker.port, f"{ROOT}/status") as late:
        status = await late.wait("status")
        assert (status["accepted"], status["rejects"]) == (1, {"unknown-verb": 1})


async def test_an_mqtt_5_request_is_answered_where_it_asks(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, "tablet/#") as person:
        await rig.connected()

        async def ask(path: str, payload: bytes, topic: str = "tablet/answers") -> None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types
            properties.ResponseTopic = topic
            properties.CorrelationData = b"q17"
            await person.client.publish(f"{ROOT}/{path}", payload, qos=1, properties=properties)

        await ask("cmd/next", b'{"id":"n"}')
        await rig.until(lambda: len(rig.items) == 1)
        await ask("cmd/next", b'{"id":"n"}', "tablet/other")
        assert (await person.wait("tablet/other"))["reason"] == "duplicate"
        rig.link.publish(Reply(id="n", ok=True))
        assert (await person.wait("tablet/answers"))["ok"]
        await ask("cmd/pause", b"", "tablet/nameless")
        await rig.until(lambda: len(rig.items) == 2)
        rig.link.publish(Reply(id=commands(rig)[1].id, ok=True))
        assert (await person.wait("tablet/nameless"))["ok"]
        assert {getattr(m.properties, "CorrelationData", None) for m in person.seen} == {b"q17"}


async def test_a_handler_that_fails_does_not_stop_the_next(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        failures = [StoreError("disk full")]

        def fail_once() -> None:
            if failures:
                raise failures.pop()

        rig.persist = fail_once
        await person.client.publish(f"{ROOT}/feedback", b'{"id":"f1","rating":1}', qos=1)
        await person.client.publish(f"{ROOT}/feedback", b'{"id":"f2","rating":0}', qos=1)
        await rig.until(lambda: len(rig.feedback) == 2)
        assert rig.feedback == [Feedback(id="f1", rating=1), Feedback(id="f2", rating=0)]
        assert failures == []


async def test_feedback_that_needs_no_acknowledgement_gets_none_and_is_dropped_when_there_is_too_much(
    broker: Broker,
) -> None:
    """A broker ends the connection of one who acknowledges QoS 0."""
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        failures = [StoreError("disk full")]

        def fail_once() -> None:
            if failures:
                raise failures.pop()

        rig.persist = fail_once  # for two seconds the row only grows
        count = QUEUE + 40
        for n in range(count):
            await person.client.publish(f"{ROOT}/feedback", f'{{"id":"f{n}","rating":1}}', qos=0)
        await rig.until(lambda: len(rig.feedback) >= QUEUE)
        await person.client.publish(f"{ROOT}/feedback", b'{"id":"sure","rating":1}', qos=1)
        await rig.until(lambda: rig.feedback[-1].id == "sure")
        assert rig.link.rejects["overflow"] == count - (len(rig.feedback) - 1) > 0
        assert rig.changes == [(True, "")]


async def test_a_broker_that_refuses_us_says_what_to_do() -> None:
    with running_broker("allow_anonymous false\n") as closed:
        async with linked(closed.url) as rig:
            await rig.until(lambda: len(rig.changes) == 1)
            connected, why = rig.changes[0]
            assert not connected
            assert "credentials_file" in why


@pytest.mark.parametrize(
    "url",
    [
        "broker.home",
        "http://x:1",
        "mqtt://",
        "mqtt://u:p@host",
        "mqtt://h:99999",
        "mqtt://h/path",
        "mqtt://a..b",
        f"mqtt://{'x' * 64}.home",
    ],
)
async def test_an_url_that_cannot_be_used_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Rig(MqttSettings(url=url), dict)
    assert caught.value.key == "mqtt.url"


async def test_a_host_that_the_name_look_up_cannot_take_is_no_surprise() -> None:
    with pytest.raises(MqttError, match=r"a\.\.b"):
        async with connect(Endpoint(host="a..b", port=1883), Terms(client_id="x", version5=True)):
            pass


async def test_a_missing_credentials_file_is_a_settings_error() -> None:
    with pytest.raises(SettingsError) as caught:
        Rig(MqttSettings(url="mqtt://h", credentials_file="/nowhere/secret"), dict)
    assert caught.value.key == "mqtt.credentials_file"


async def test_no_broker_is_named_and_waited_for(broker: Broker) -> None:
    broker.kill()
    async with linked(broker.url) as rig:
        await rig.until(lambda: len(rig.changes) == 1)
        assert "no broker at 127.0.0.1" in rig.changes[0][1]
        await asyncio.to_thread(broker.restart)
        await rig.connected()
