"""What integrators use: explanation, listening with a redacted recording, sending."""

import asyncio
import json
from pathlib import Path

import pytest

from adapters.mqtt.mapping.errors import MappingError
from adapters.mqtt.redaction import Redaction
from adapters.mqtt.tools import Trial, Watch, explain, reachable, send, sniff, sniff_for
from player.errors import LullError, MqttError
from player.settings import MqttSettings
from tests.mqtt.test_trouble import old_broker
from tests.support.broker import PATIENCE_S, Broker, listening
from tests.support.devices import mapping, profile

BUTTON = "zigbee2mqtt/room12/button"


def test_a_press_is_explained_step_by_step() -> None:
    lines = explain(
        [profile("zigbee2mqtt/ikea-styrbar", BUTTON, id="bed")],
        Trial(topic=BUTTON, payload='{"action":"brightness_move_up"}'),
    )
    assert lines == [
        "mapping bed:",
        f"  topic: matches {BUTTON}",
        '  decode json: {"action":"brightness_move_up"}',
        '  select action: "brightness_move_up"',
        "  result: command louder by staff",
        "  after 0.5 s: command louder by staff",
        "  after 1 s: command louder by staff",
        "  after 1.5 s: command louder by staff",
    ]


def test_what_does_not_match_says_what_is_read_instead() -> None:
    bed = profile("zigbee2mqtt/presence", "zigbee2mqtt/bed", id="bed")
    assert explain([bed], Trial(topic="zigbee2mqtt/bad", payload="")) == [
        "no mapping reads this topic:",
        "mapping bed: reads zigbee2mqtt/bed",
    ]
    away = explain([bed], Trial(topic="zigbee2mqtt/bed/availability", payload='{"state":"offline"}'))
    assert "mapping bed: the device is away" in away


def test_a_refused_value_says_why() -> None:
    strap = mapping("{topic: a/b, id: strap, select: hr, signal: {name: heart_rate, range: [30, 220]}}")
    lines = explain([strap], Trial(topic="a/b", payload='{"hr": 300}'))
    assert lines[-1] == "  result: rejected, out-of-range: 300 is not within 30 to 220"
    assert "retained" in explain([strap], Trial(topic="a/b", payload='{"hr": 70}', retain=True))[-1]


async def test_sniff_shows_what_arrives_and_records_it_without_addresses(
    broker: Broker, tmp_path: Path
) -> None:
    told: list[str] = []
    enough = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if "last" in line:
            enough.set()

    strap = profile("theengs/heart-rate", "home/+/BTtoMQTT/A0B1C2D3E4F5", id="strap")
    out = tmp_path / "recorded.jsonl"
    watch = Watch(tell, out, words=["Oma"])
    with watch:
        wide = ("plain/+", "home/+/BTtoMQTT/+")  # the second covers the mapping's own topic
        task = asyncio.create_task(sniff(MqttSettings(url=broker.url), (strap,), wide, watch))
        async with asyncio.timeout(PATIENCE_S):
            await watch.listening.wait()
            async with listening(broker.port, "nothing/at/all") as person:
                for topic, payload in (
                    ("home/gw/BTtoMQTT/A0B1C2D3E4F5", '{"id":"A0:B1:C2:D3:E4:F5","name":"Oma","bpm":71}'),
                    ("home/gw/BTtoMQTT/A0B1C2D3E4F5", '{"bpm":999}'),
                    ("plain/oma", "192.168.8.93 last"),
                ):
                    await person.client.publish(topic, payload, qos=1)
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert told.count("    strap: reading heart_rate 71 from strap") == 1, "one message seems two"
    assert any(line.startswith("    strap: rejected, out-of-range") for line in told)
    assert told[-1] == "    no mapping reads this topic" or "plain/oma" in told[-1]
    recorded = out.read_text()
    for secret in ("A0B1C2D3E4F5", "A0:B1", "Oma", "oma", "192.168"):
        assert secret not in recorded
    first = json.loads(recorded.splitlines()[0])
    assert json.loads(first["payload"])["bpm"] == 71
    assert first["outcomes"] == {"strap": ["reading heart_rate 71 from strap"]}


async def test_sniff_ends_by_itself_and_reads_nothing_without_a_name(broker: Broker) -> None:
    settings = MqttSettings(url=broker.url)
    assert await sniff_for(settings, (), ("a/b",), Watch(lambda _: None), 0.3) == 0
    with pytest.raises(MqttError):
        await sniff(settings, (), (), Watch(lambda _: None))
    with pytest.raises(MappingError):
        await sniff(settings, (), ("#",), Watch(lambda _: None))


async def test_send_arrives_and_refuses_a_wildcard(broker: Broker) -> None:
    settings = MqttSettings(url=broker.url)
    async with listening(broker.port, "a/b") as person:
        await send(settings, "a/b", '{"x":1}')
        assert await person.wait("a/b") == {"x": 1}
    with pytest.raises(MqttError):
        await send(settings, "a/+", "x")


async def test_a_broker_that_speaks_only_3_1_1_is_good_enough(broker: Broker) -> None:
    told: list[str] = []
    heard = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        heard.set()

    async with old_broker(broker.port) as port:
        settings = MqttSettings(url=f"mqtt://127.0.0.1:{port}")
        watch = Watch(tell)
        task = asyncio.create_task(sniff(settings, (), ("a/+",), watch))
        async with asyncio.timeout(PATIENCE_S):
            await watch.listening.wait()
            await send(settings, "a/b", "here")
            await heard.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert told[0] == "a/b: here"


async def test_without_a_broker_both_say_so() -> None:
    settings = MqttSettings(url="mqtt://127.0.0.1:1")
    with pytest.raises(LullError):
        await send(settings, "a/b", "x")


def test_an_existing_recording_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "there.jsonl"
    out.write_text("x")
    with pytest.raises(MqttError), Watch(lambda _: None, out):
        pass
    assert out.read_text() == "x"


def test_the_same_address_gets_the_same_stand_in_and_numbers_stay() -> None:
    hide = Redaction()
    assert hide.text("zigbee2mqtt/0x90fd9ffffe6494fc") == hide.text("zigbee2mqtt/0x90FD9FFFFE6494FC")
    assert hide.payload(b'{"ts":1646945882.47,"ieee_address":"0x90fd9ffffe6494fc","ssid":"home"}') == (
        '{"ts":1646945882.47,"ieee_address":"id1","ssid":"redacted"}'
    )
    assert hide.payload(b"-34.52") == "-34.52"
    assert hide.payload(b"\xff\xfeabc") == "abc"


def test_the_private_broker_is_found_by_its_port(tmp_path: Path) -> None:
    assert reachable(MqttSettings(url="mqtt://a:1"), tmp_path).url == "mqtt://a:1"
    with pytest.raises(MqttError):
        reachable(MqttSettings(), tmp_path)
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "port").write_text("4711\n")
    assert reachable(MqttSettings(), tmp_path).url == "mqtt://127.0.0.1:4711"


def test_it_knows_what_a_player_itself_reads() -> None:
    def said(topic: str, payload: str = "", *, retain: bool = False) -> str:
        return explain([], Trial(topic=f"lull/v1/home1/room7/{topic}", payload=payload, retain=retain))[-1]

    assert said("cmd/calm", '{"id": "1"}') == "  result: command calm by staff"
    assert said("cmd/calm", "{", retain=True).startswith("  result: rejected, ")
    assert said("cmd/plya").startswith("  result: rejected, ")
    assert said("signal/agitation/mat", "0.8") == "  result: reading agitation 0.8 from mat"
    assert said("feedback", '{"id": "1", "rating": 1}') == "  result: feedback +1 about now"
    assert "a player reads cmd/NAME" in said("state/playback")
    assert explain([], Trial(topic="a/v1/b", payload="")) == ["no mapping reads this topic:"]
