"""What `lull check` asks of a broker: does it know us, may we read and write what a player needs?"""

import asyncio
from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

import msgspec

from adapters.mqtt.connection import Connection, ProtocolRefusedError, Terms, connect
from adapters.mqtt.discovery import announcement
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.endpoint import Endpoint
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.topics import Topics
from player.errors import MqttError
from player.settings import MqttSettings
from player.units import Seconds

ECHO: Final = Seconds(3.0)  # a broker needs milliseconds to give back what it took


async def try_rights(settings: MqttSettings, topics: Topics, mappings: Iterable[Compiled] = ()) -> str:
    """What works, in one sentence. Raises `MqttError`, `SettingsError`: what does not, and what to do."""
    try:
        return await _tried(settings, topics, mappings, version5=True)
    except ProtocolRefusedError:
        return await _tried(settings, topics, mappings, version5=False)


async def _tried(
    settings: MqttSettings, topics: Topics, mappings: Iterable[Compiled], *, version5: bool
) -> str:
    endpoint = Endpoint.of(settings)
    refused: list[str] = []
    terms = Terms(
        client_id="",  # a running player keeps its own
        version5=version5,
        droppable=lambda _topic: True,
        on_refused=lambda topic, _reason: refused.append(topic),
    )
    own = [topics.commands, topics.signals, topics.feedback, topics.telemetry]
    others = sorted({mapping.topic for mapping in mappings})
    async with connect(endpoint, terms) as connection:
        for topic_filter in [*own, *others]:
            await connection.subscribe(topic_filter, 0)
        await connection.publish(Outgoing(topic=topics.telemetry, payload=b"{}"))
        came_back = not refused and await _comes(connection, topics.telemetry)
        if came_back and settings.discovery:
            await connection.publish(_introduction(topics))
    if came_back and refused:
        raise MqttError(
            f"the broker does not let us write {refused[0]}, where Home Assistant finds the player: give "
            "this account the right (config/broker/acl), or set mqtt.discovery: false"
        )
    if refused:
        raise MqttError(
            f"the broker does not let us write {refused[0]}: give this account the right to write "
            f"{topics.root}/# (config/broker/acl)"
        )
    if not came_back:  # mosquitto agrees to every subscription, and then keeps back what may not be read
        raise MqttError(
            f"what we write to {topics.telemetry} does not come back: give this account the right to read "
            f"and write {topics.root}/# (config/broker/acl)"
        )
    spoken = "MQTT 5" if version5 else "MQTT 3.1.1"
    safe = "TLS" if endpoint.tls else "not encrypted"
    said = f"answers ({spoken}, {safe}), reads and writes {topics.root}/#"
    if others:
        said += (
            f"; asks for {len(others)} device topics: whether this account may read them shows only when "
            "they speak (lull mqtt sniff)"
        )
    return said


def _introduction(topics: Topics) -> Outgoing:
    """What the player itself tells Home Assistant: one that hears it learns nothing else. Not stored."""
    return msgspec.structs.replace(announcement(topics, version("lull")), retain=False)


async def _comes(connection: Connection, topic: str) -> bool:
    try:
        async with asyncio.timeout(ECHO):
            async for message in connection.messages():
                if message.topic == topic:
                    return True
    except TimeoutError:
        return False
    return False
