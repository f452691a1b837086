"""Mappings for tests, from shipped profiles or from YAML text."""

import re
from pathlib import Path

import yaml

from adapters.devices_file import load_profile_tree
from adapters.mqtt.codec import Arrival
from adapters.mqtt.mapping.apply import apply
from adapters.mqtt.mapping.compiler import compile_mapping
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.mapping.profiles import expand
from adapters.mqtt.mapping.state import State
from adapters.mqtt.mapping.telling import told
from player.units import Seconds

PROFILES = Path(__file__).parents[2] / "config" / "devices"
AT = Seconds(1_000.0)


def profile(name: str, topic: str, **own: object) -> Compiled:
    """`own`: overrides."""
    tree = load_profile_tree(name, PROFILES, ())
    return compile_mapping(expand(tree, {"topic": topic, "id": "dev", **own}, ()))


class _Loader(yaml.SafeLoader):
    """`on` and `off` are words, as in settings files."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])


def mapping(text: str) -> Compiled:
    """From YAML."""
    return compile_mapping(yaml.load(text, _Loader))


def arrival(topic: str, payload: str | bytes, at: float = AT, *, retain: bool = False) -> Arrival:
    raw = payload.encode() if isinstance(payload, str) else payload
    return Arrival(topic=topic, payload=raw, at=Seconds(at), wall=Seconds(1.7e9 + at), retain=retain)


class Device:
    """A mapping with its memory; outcomes in words."""

    def __init__(self, mapping: Compiled, topic: str | None = None) -> None:
        self.mapping, self.state = mapping, State(mapping)
        self.topic = topic or mapping.topic

    def says(
        self, payload: str | bytes, at: float = AT, *, retain: bool = False, playing: bool = False
    ) -> list[str]:
        came = arrival(self.topic, payload, at, retain=retain)
        return [told(outcome) for outcome in apply(self.mapping, self.state, came, playing=playing)]
