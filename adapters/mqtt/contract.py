"""The contract as an AsyncAPI 3.0 document, made from the types that encode and decode. Pure."""

from typing import Final

import msgspec
from msgspec import Struct

from adapters.mqtt import payloads
from adapters.mqtt.codec import MAX_PAYLOAD
from adapters.mqtt.topics import VERSION
from adapters.mqtt.values import SCALES
from player.model import Verb

AVAILABILITY: Final = "availability"


class Channel(Struct, frozen=True, kw_only=True):
    """One kind of topic below `{base}/v1/{site}/{player}`. payload None: bare `online` or `offline`."""

    name: str
    topic: str
    payload: type[Struct] | None
    inward: bool  # from people and devices to the player
    qos: int
    retain: bool = False
    expiry: str = ""
    says: str


CHANNELS: Final = (
    Channel(
        name="command",
        topic="cmd/{verb}",
        payload=payloads.CommandPayload,
        inward=True,
        qos=1,
        expiry="at most 30 s",
        says="Nothing at all is enough for stop, pause and quieter. A stored one is refused.",
    ),
    Channel(
        name="signal",
        topic="signal/{kind}/{source}",
        payload=payloads.SignalPayload,
        inward=True,
        qos=0,
        says="A bare number, true, false, ON or OFF is the value alone.",
    ),
    Channel(
        name="feedback",
        topic="feedback",
        payload=payloads.FeedbackPayload,
        inward=True,
        qos=1,
        says="On disk before it is acknowledged; the id makes a second delivery count once.",
    ),
    Channel(
        name=AVAILABILITY,
        topic="availability",
        payload=None,
        inward=False,
        qos=1,
        retain=True,
        says="`online` or `offline`, which is also the last will.",
    ),
    Channel(
        name="status",
        topic="status",
        payload=payloads.StatusPayload,
        inward=False,
        qos=1,
        retain=True,
        says="Every minute: what was taken and refused, by mapping too; memory and load.",
    ),
    Channel(
        name="playback",
        topic="state/playback",
        payload=payloads.PlaybackPayload,
        inward=False,
        qos=1,
        retain=True,
        says="What is heard and why. On change and every minute.",
    ),
    Channel(
        name="volume",
        topic="state/volume",
        payload=payloads.VolumePayload,
        inward=False,
        qos=1,
        retain=True,
        says="Percent, and the highest allowed now.",
    ),
    Channel(
        name="mode",
        topic="state/mode",
        payload=payloads.ModePayload,
        inward=False,
        qos=1,
        retain=True,
        says="auto, manual or off.",
    ),
    Channel(
        name="agitation",
        topic="state/agitation",
        payload=payloads.AgitationPayload,
        inward=False,
        qos=1,
        retain=True,
        says="How the resident seems, how sure that is, and the three strongest pieces of evidence.",
    ),
    Channel(
        name="decision",
        topic="event/decision",
        payload=payloads.DecisionPayload,
        inward=False,
        qos=1,
        says="Every choice with its reason; `prompt` asks staff to look.",
    ),
    Channel(
        name="fault",
        topic="event/fault",
        payload=payloads.FaultPayload,
        inward=False,
        qos=1,
        says="Something to be mended by a person.",
    ),
    Channel(
        name="result",
        topic="cmd_result",
        payload=payloads.ResultPayload,
        inward=False,
        qos=1,
        expiry="60 s",
        says="The answer to a command that has an id; also on the response topic of an MQTT 5 request.",
    ),
)

PARAMETERS: Final = {
    "base": {"description": "mqtt.base of the settings", "default": "lull"},
    "site": {"description": "site of the settings, [a-z0-9-]{1,32}"},
    "player": {"description": "player of the settings, [a-z0-9-]{1,32}"},
    "verb": {"enum": [str(verb) for verb in Verb]},
    "kind": {"enum": [str(quantity) for quantity in SCALES]},
    "source": {"description": "the device, up to 64 characters"},
}


def asyncapi() -> dict[str, object]:
    """The whole document; JSON Schema 2020-12 under `components`."""
    types = [channel.payload for channel in CHANNELS if channel.payload is not None]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lull over MQTT",
            "version": VERSION,
            "description": (
                "Unknown fields are allowed on input. Packets above 64 KiB and payloads above "
                f"{MAX_PAYLOAD} bytes are refused. Music never waits for the broker."
            ),
            "license": {"name": "GPL-3.0-or-later"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {_operation(channel): _doing(channel) for channel in CHANNELS},
        "components": {"schemas": schemas},
    }


def json_schema(payload: type[Struct]) -> dict[str, object]:
    """JSON Schema 2020-12 of one payload."""
    return msgspec.json.schema(payload)


def table() -> str:
    """The topics for people, as Markdown."""
    lines = ["| topic | way | QoS, stored | what it says |", "| --- | --- | --- | --- |"]
    for channel in CHANNELS:
        way = "to Lull" if channel.inward else "from Lull"
        kept = ", ".join(filter(None, ["stored" if channel.retain else "", channel.expiry])) or "–"
        lines.append(f"| `{channel.topic}` | {way} | {channel.qos}, {kept} | {channel.says} |")
    return "\n".join(lines) + "\n"


def _channel(channel: Channel) -> dict[str, object]:
    address = f"{{base}}/{VERSION}/{{site}}/{{player}}/{channel.topic}"
    named = {name: value for name, value in PARAMETERS.items() if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": channel.says,
        "parameters": named,
        "messages": {channel.name: _message(channel)},
    }


def _message(channel: Channel) -> dict[str, object]:
    if channel.payload is None:
        return {"contentType": "text/plain", "payload": {"type": "string", "enum": ["online", "offline"]}}
    return {"payload": {"$ref": f"#/components/schemas/{channel.payload.__name__}"}}


def _operation(channel: Channel) -> str:
    return f"{'take' if channel.inward else 'say'}-{channel.name}"


def _doing(channel: Channel) -> dict[str, object]:
    return {
        "action": "receive" if channel.inward else "send",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": "0.2.0"}},
    }
