"""What `lull check` asks of a broker: does it know us, may we read and write what a player needs?"""

from collections.abc import Iterable

from adapters.mqtt.connection import ProtocolRefusedError, Terms, connect
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.endpoint import Endpoint
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.topics import Topics
from player.errors import MqttError
from player.settings import MqttSettings


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
    read = [topics.commands, topics.signals, topics.feedback, *(mapping.topic for mapping in mappings)]
    async with connect(endpoint, terms) as connection:
        for topic_filter in read:
            await connection.subscribe(topic_filter, 0)
        await connection.publish(Outgoing(topic=topics.telemetry, payload=b"{}"))
    if refused:
        raise MqttError(
            f"the broker does not let us write {refused[0]}: give this account the right to write "
            f"{topics.root}/# (config/broker/acl)"
        )
    spoken = "MQTT 5" if version5 else "MQTT 3.1.1: a right to write that is missing cannot be seen"
    safe = "TLS" if endpoint.tls else "not encrypted"
    return f"answers ({spoken}, {safe}), reads {len(read)} topics"
