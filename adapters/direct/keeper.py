"""Keeps the direct devices running: what is away is looked for again, and said once."""

import asyncio
from collections.abc import Iterable
from typing import Final, assert_never

from adapters.direct.ble import HeartRateStrap
from adapters.direct.gpio import PushButton
from adapters.direct.kinds import BleHeartRate, Direct, GpioButton, UsbButtons
from adapters.direct.port import Device, Port
from adapters.direct.usb import KeyPad
from adapters.mqtt.retry import pause_before
from player.errors import DirectError
from player.units import Seconds

STEADY: Final = Seconds(60.0)  # a device that ran so long was well: what comes then is a new trouble


def device(kind: Direct) -> Device:
    """Raises `DirectError` for what cannot work."""
    match kind:
        case BleHeartRate():
            return HeartRateStrap(kind)
        case UsbButtons():
            return KeyPad(kind)
        case GpioButton():
            return PushButton(kind)
        case _:
            assert_never(kind)


async def run_devices(devices: Iterable[Device], port: Port) -> None:
    """For ever, each on its own."""
    async with asyncio.TaskGroup() as group:
        for one in devices:
            group.create_task(_kept(one, port), name="direct")


async def _kept(device: Device, port: Port) -> None:
    attempts, said = 0, ""
    while True:
        started = port.clock()
        try:
            await device.run(port)
        except DirectError as error:
            if port.clock() - started > STEADY:
                attempts, said = 0, ""
            if str(error) != said:
                port.tell(str(error))
            said, attempts = str(error), attempts + 1
            if error.lasting:
                return
        await asyncio.sleep(pause_before(attempts))
