"""Home Assistant's device-based discovery: what is announced, when, and that it works when used."""

import asyncio
import json
import re
from typing import Any

import pytest

from adapters.mqtt.codec import Arrival, decode
from adapters.mqtt.discovery import REMOVED, announcement, birth_topic, config_topic, farewell
from adapters.mqtt.topics import Topics
from player.model import AdaptMode, Command, Verb
from player.session.messages import ModeState
from player.settings import MqttSettings
from player.units import Seconds
from tests.support.broker import PATIENCE_S, Broker, Listener, listening
from tests.support.link import TOPICS, linked

PAYLOAD: dict[str, Any] = json.loads(announcement(TOPICS, "0.3.1").payload)
PARTS: dict[str, dict[str, Any]] = PAYLOAD["cmps"]
STATELESS = {"button"}


def sent(part: dict[str, Any], payload: str) -> Command:
    """What the player understands when Home Assistant publishes this."""
    came = Arrival(topic=part["cmd_t"], payload=payload.encode(), at=Seconds(0.0), wall=Seconds(1.7e9))
    item = decode(TOPICS, came)
    assert isinstance(item, Command)
    return item


def test_ids_are_unique_and_of_allowed_characters() -> None:
    ids = [part["unique_id"] for part in PARTS.values()]
    assert len(set(ids)) == len(ids)
    for name in (*ids, *PARTS, *PAYLOAD["dev"]["ids"]):
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", name)
    odd = Topics("häuser und", "home1", "room7")
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", config_topic(odd))


def test_every_entity_reads_and_writes_only_our_own_topics() -> None:
    for part in PARTS.values():
        used = [part[key] for key in ("stat_t", "cmd_t", "json_attr_t") if key in part]
        assert used
        assert all(topic.startswith(f"{TOPICS.root}/") for topic in used)
        assert ("stat_t" in part) or part["p"] in STATELESS
        assert part.get("ret", False) is False  # a retained command would be refused


def test_what_home_assistant_sends_is_understood() -> None:
    for verb in (Verb.CALM, Verb.STOP, Verb.NEXT, Verb.LIKE, Verb.DISLIKE):
        command = sent(PARTS[str(verb)], PARTS[str(verb)]["pl_prs"])
        assert (command.verb, command.by) == (verb, "home-assistant")
    volume = PARTS["volume"]["cmd_tpl"].replace("{{ value }}", "35.0")
    assert sent(PARTS["volume"], volume).value == 35.0
    mode = PARTS["mode"]["cmd_tpl"].replace("{{ value | tojson }}", '"manual"')
    assert sent(PARTS["mode"], mode).mode is AdaptMode.MANUAL
    assert sent(PARTS["adaptive"], PARTS["adaptive"]["pl_on"]).mode is AdaptMode.AUTO
    assert sent(PARTS["adaptive"], PARTS["adaptive"]["pl_off"]).mode is AdaptMode.MANUAL


def test_what_an_earlier_version_had_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not set(REMOVED) & {key for key, part in PARTS.items() if len(part) > 1}
    monkeypatch.setitem(REMOVED, "old", "sensor")
    assert json.loads(announcement(TOPICS, "0.3.1").payload)["cmps"] == {**PARTS, "old": {"p": "sensor"}}
    last = farewell(TOPICS)
    assert (last.topic, last.payload, last.retain) == (config_topic(TOPICS), b"", True)


async def test_it_is_announced_on_connect_and_again_when_home_assistant_starts(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, "homeassistant/#") as person:
        rig.link.publish(ModeState(mode=AdaptMode.AUTO))
        await rig.connected()
        found = await person.wait("/config")
        assert found["dev"]["sw"] == "0.1.0"
        async with listening(broker.port, f"{TOPICS.root}/state/+") as player:
            await player.wait("state/mode")
            before, states = len(person.seen), len(player.seen)
            await send_birth_until_answered(person, before)
            await player.wait("state/mode", since=states)


async def test_the_setting_takes_it_out_again(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, "homeassistant/#") as person:
        await rig.connected()
        await person.wait("/config")
    async with linked(MqttSettings(url=broker.url, discovery=False)) as rig:
        await rig.connected()
        async with listening(broker.port, f"{TOPICS.root}/availability") as player:
            await player.wait("availability", lambda said: said == "online")
        async with listening(broker.port, "homeassistant/#") as later:
            await later.client.publish("homeassistant/end", b"", qos=1)
            await later.wait("/end")
            assert [m.topic.value for m in later.seen if m.payload] == [], "nothing is stored any more"


async def send_birth_until_answered(person: Listener, before: int) -> None:
    """Again and again: nobody tells when a subscription stands."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(message.topic.value.endswith("/config") for message in person.seen[before:]):
            await person.client.publish(birth_topic(), "online", qos=1)
            await asyncio.sleep(0.05)
