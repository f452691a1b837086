"""Judges the announcement on standard input with Home Assistant's own schemas; exit 1 names what is wrong.

Home Assistant needs a newer Python than Lull, and an environment of its own:

    python3.13 -m venv /tmp/ha && /tmp/ha/bin/pip install "homeassistant==2025.2.5" paho-mqtt
    python -m tests.mqtt.announce | /tmp/ha/bin/python tests/mqtt/home_assistant.py
"""

import importlib
import json
import logging
import sys
from typing import Any


def wrong(payload: dict[str, Any]) -> list[str]:
    """One line for each entity that is refused, or loses a key."""
    discovery = importlib.import_module("homeassistant.components.mqtt.discovery")
    discovery._replace_all_abbreviations(payload)
    discovery.DEVICE_DISCOVERY_SCHEMA(dict(payload))
    problems = []
    for key, component in payload["components"].items():
        platform = importlib.import_module(f"homeassistant.components.mqtt.{component['platform']}")
        given = {name: value for name, value in component.items() if name != "platform"}
        try:
            taken = platform.DISCOVERY_SCHEMA(dict(given))
        except Exception as error:  # noqa: BLE001 - of a library that is not installed with Lull
            problems.append(f"{key}: {error}")
        else:
            problems += [f"{key}: {name} is not known" for name in given if name not in taken]
    return problems


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    announced = json.load(sys.stdin)
    found = wrong(announced)
    sys.stdout.write("\n".join(found or [f"{len(announced['components'])} entities are accepted"]) + "\n")
    sys.exit(bool(found))
