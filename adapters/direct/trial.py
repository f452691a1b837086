"""What `lull check` tries of a direct device without taking it from a player that runs."""

import os
from importlib.util import find_spec
from typing import assert_never

from adapters.direct.kinds import BleHeartRate, Direct, GpioButton, UsbButtons
from adapters.direct.usb import opened
from player.errors import DirectError

BLE, PINS = "Bluetooth needs bleak: pip install 'lull[ble]'", "pins need gpiozero: pip install 'lull[gpio]'"


def try_device(kind: Direct) -> None:
    """Raises `DirectError`: what is missing, and what to do."""
    match kind:
        case BleHeartRate():
            _require("bleak", BLE)
        case GpioButton():
            _require("gpiozero", PINS)
        case UsbButtons(path=path):
            os.close(opened(path))
        case _:
            assert_never(kind)


def _require(module: str, advice: str) -> None:
    if find_spec(module) is None:
        raise DirectError(advice, lasting=True)
