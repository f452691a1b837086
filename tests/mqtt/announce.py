"""Prints what Home Assistant gets; see `home_assistant.py`."""

import sys

from adapters.mqtt.discovery import announcement
from tests.support.link import TOPICS

if __name__ == "__main__":
    sys.stdout.write(announcement(TOPICS, "0.0.0").payload.decode())
