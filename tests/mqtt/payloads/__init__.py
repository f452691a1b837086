"""Literal payloads of real devices, by family."""

from tests.mqtt.payloads import bad, home, others, shelly, tasmota, zigbee2mqtt
from tests.mqtt.payloads.rows import CATALOGUE, Row

__all__ = ["CATALOGUE", "Row", "bad", "home", "others", "shelly", "tasmota", "zigbee2mqtt"]
