"""Home Assistant finds the player by itself: one retained message that describes every entity. Pure.

Keys and their short forms are those of Home Assistant's `mqtt` integration (device-based discovery).
"""

import re
from typing import Final

import msgspec

from adapters.mqtt.encode import Outgoing
from adapters.mqtt.topics import Topics
from player.model import AdaptMode, Verb

PREFIX: Final = "homeassistant"
PLAYBACK: Final = ("idle", "starting", "playing", "soothing", "paused", "held")
DECISIONS: Final = ("start", "swap", "next", "keep", "prompt", "rest", "hold", "release", "resume")
BUTTONS: Final = {
    Verb.CALM: ("Calm", "mdi:meditation"),
    Verb.PLAY: ("Play", "mdi:play"),
    Verb.STOP: ("Stop", "mdi:stop"),
    Verb.NEXT: ("Next", "mdi:skip-next"),
    Verb.LIKE: ("Like", "mdi:thumb-up"),
    Verb.DISLIKE: ("Dislike", "mdi:thumb-down"),
}
DIAGNOSTICS: Final = {  # of `status`: name and unit
    "memory_mib": ("Memory", "MiB"),
    "load": ("Load", None),
    "underruns": ("Underruns", None),
    "inbox": ("Waiting events", None),
    "connected_s": ("Connected for", "s"),
}
REMOVED: Final[dict[str, str]] = {}  # key to platform of what an earlier version had: it is taken away
BY: Final = "home-assistant"

Component = dict[str, object]


def birth_topic(prefix: str = PREFIX) -> str:
    """`online` here: Home Assistant has started and has forgotten us."""
    return f"{prefix}/status"


def config_topic(topics: Topics, prefix: str = PREFIX) -> str:
    return f"{prefix}/device/{node(topics)}/config"


def node(topics: Topics) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", f"{topics.base}_{topics.site}_{topics.player}")


def announcement(topics: Topics, version: str, prefix: str = PREFIX) -> Outgoing:
    """Everything that can be seen and pressed."""
    payload = {
        "dev": {
            "ids": [node(topics)],
            "name": f"Lull {topics.player}",
            "mf": "Lull",
            "mdl": "Bedside player",
            "sw": version,
            "sa": topics.player,
        },
        "o": {"name": "lull", "sw": version},
        "avty": [{"t": topics.availability}],
        "qos": 1,
        "cmps": _components(topics) | {key: {"p": platform} for key, platform in REMOVED.items()},
    }
    return Outgoing(topic=config_topic(topics, prefix), payload=msgspec.json.encode(payload), retain=True)


def farewell(topics: Topics, prefix: str = PREFIX) -> Outgoing:
    """Takes the device out of Home Assistant."""
    return Outgoing(topic=config_topic(topics, prefix), payload=b"", retain=True)


def _components(topics: Topics) -> dict[str, Component]:
    parts = _music(topics) | _controls(topics) | _events(topics) | _diagnostics(topics)
    for key, part in parts.items():
        part["unique_id"] = f"{node(topics)}_{key}"
    return parts


def _music(topics: Topics) -> dict[str, Component]:
    playback, agitation = topics.state("playback"), topics.state("agitation")
    return {
        "state": {
            "p": "sensor",
            "name": "State",
            "stat_t": playback,
            "val_tpl": "{{ value_json.state }}",
            "dev_cla": "enum",
            "ops": list(PLAYBACK),
            "json_attr_t": playback,
        },
        "now_playing": {
            "p": "sensor",
            "name": "Now playing",
            "ic": "mdi:music",
            "stat_t": playback,
            "val_tpl": "{{ (value_json.track.title if value_json.track else '')[:250] }}",
        },
        "reason": {
            "p": "sensor",
            "name": "Reason",
            "ic": "mdi:comment-question-outline",
            "stat_t": playback,
            "val_tpl": "{{ value_json.reason[:250] }}",  # a state has at most 255 characters
        },
        "agitation": {
            "p": "sensor",
            "name": "Agitation",
            "ic": "mdi:wave",
            "stat_t": agitation,
            "val_tpl": "{{ (100 * value_json.agitation) | round }}",
            "unit_of_meas": "%",
            "stat_cla": "measurement",
            "json_attr_t": agitation,
        },
        "volume_max": {
            "p": "sensor",
            "name": "Volume ceiling",
            "ic": "mdi:volume-high",
            "stat_t": topics.state("volume"),
            "val_tpl": "{{ value_json.max }}",
            "unit_of_meas": "%",
        },
    }


def _controls(topics: Topics) -> dict[str, Component]:
    def command(verb: Verb) -> str:
        return f"{topics.root}/cmd/{verb}"

    parts: dict[str, Component] = {
        str(verb): {
            "p": "button",
            "name": name,
            "ic": icon,
            "cmd_t": command(verb),
            "pl_prs": _pressed(),
            "ret": False,
        }
        for verb, (name, icon) in BUTTONS.items()
    }
    mode = topics.state("mode")
    parts["volume"] = {
        "p": "number",
        "name": "Volume",
        "ic": "mdi:volume-medium",
        "cmd_t": command(Verb.VOLUME),
        "cmd_tpl": '{"by":"' + BY + '","args":{"value":{{ value }}}}',
        "stat_t": topics.state("volume"),
        "val_tpl": "{{ value_json.percent }}",
        "min": 0,
        "max": 100,
        "step": 5,
        "unit_of_meas": "%",
        "ret": False,
    }
    parts["mode"] = {
        "p": "select",
        "name": "Mode",
        "cmd_t": command(Verb.MODE),
        "cmd_tpl": '{"by":"' + BY + '","args":{"value":{{ value | tojson }}}}',
        "stat_t": mode,
        "val_tpl": "{{ value_json.mode }}",
        "ops": [str(choice) for choice in AdaptMode],
        "ret": False,
    }
    parts["adaptive"] = {
        "p": "switch",
        "name": "Adaptive",
        "cmd_t": command(Verb.MODE),
        "pl_on": _pressed(AdaptMode.AUTO),
        "pl_off": _pressed(AdaptMode.MANUAL),
        "stat_t": mode,
        "val_tpl": "{{ 'ON' if value_json.mode == 'auto' else 'OFF' }}",
        "stat_on": "ON",
        "stat_off": "OFF",
        "ret": False,
    }
    return parts


def _pressed(value: str | None = None) -> str:
    message: dict[str, object] = {"by": BY}
    if value is not None:
        message["args"] = {"value": str(value)}
    return msgspec.json.encode(message).decode()


def _events(topics: Topics) -> dict[str, Component]:
    return {
        "decision": {
            "p": "event",
            "name": "Decision",
            "stat_t": topics.event("decision"),
            "evt_typ": list(DECISIONS),
        },
        "fault": {
            "p": "event",
            "name": "Fault",
            "ent_cat": "diagnostic",
            "stat_t": topics.event("fault"),
            "evt_typ": ["fault"],
        },
    }


def _diagnostics(topics: Topics) -> dict[str, Component]:
    parts: dict[str, Component] = {
        "problem": {
            "p": "binary_sensor",
            "name": "Problem",
            "dev_cla": "problem",
            "ent_cat": "diagnostic",
            "stat_t": topics.state("playback"),
            "val_tpl": "{{ 'ON' if value_json.fault else 'OFF' }}",
        }
    }
    for key, (name, unit) in DIAGNOSTICS.items():
        parts[key] = {
            "p": "sensor",
            "name": name,
            "ent_cat": "diagnostic",
            "stat_t": topics.status,
            "val_tpl": f"{{{{ value_json.{key} | default(0) }}}}",
            "stat_cla": "measurement",
        }
        if unit is not None:
            parts[key]["unit_of_meas"] = unit
    return parts
