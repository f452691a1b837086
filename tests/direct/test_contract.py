"""The contract of a device on the board, over each kind."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import gpiozero
from gpiozero.pins.mock import MockFactory

from adapters.direct.ble import HeartRateStrap
from adapters.direct.gpio import PushButton
from adapters.direct.kinds import BleHeartRate, GpioButton, UsbButtons
from adapters.direct.usb import EVENT, KeyPad
from player.model import Verb
from tests.contracts.device import Bench, check_device

STRAP = BleHeartRate(address="A0:9E:1A:00:00:01")
PIN = GpioButton(pin=17, command=Verb.CALM)
ENTER = 28


@contextmanager
def a_strap() -> Iterator[Bench]:
    links: list[asyncio.Queue[bytes]] = []

    @asynccontextmanager
    async def reached(_address: str) -> AsyncIterator[AsyncIterator[bytes]]:
        queue = asyncio.Queue[bytes]()
        links.append(queue)

        async def packets() -> AsyncIterator[bytes]:
            while True:
                yield await queue.get()

        try:
            yield packets()
        finally:
            links.remove(queue)

    yield Bench(HeartRateStrap(STRAP, reached), lambda: links[0].put_nowait(b"\x06\x48"), lambda: len(links))


async def test_a_strap_keeps_it() -> None:
    await check_device(a_strap, HeartRateStrap(STRAP))


async def test_a_keypad_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "event7"
    os.mkfifo(path)

    def opened() -> int:
        """By the keypad; one more is ours."""
        folder = Path("/proc/self/fd")
        return (
            sum(1 for name in folder.iterdir() if name.is_symlink() and os.path.realpath(name) == str(path))
            - 1
        )

    @contextmanager
    def a_keypad() -> Iterator[Bench]:
        end = os.open(path, os.O_RDWR)
        kind = UsbButtons(path=str(path), keys={"enter": Verb.CALM})
        try:
            yield Bench(
                KeyPad(kind, hold=lambda _descriptor: None),
                lambda: os.write(end, EVENT.pack(0, 0, 1, ENTER, 1)),
                opened,
            )
        finally:
            os.close(end)

    gone = UsbButtons(path=str(tmp_path / "none"), keys={})
    await check_device(a_keypad, KeyPad(gone))


async def test_a_button_on_a_pin_keeps_it() -> None:
    @contextmanager
    def a_button() -> Iterator[Bench]:
        pins = MockFactory()
        gpiozero.Device.pin_factory = pins

        def press() -> None:
            pins.pin(PIN.pin).drive_high()
            pins.pin(PIN.pin).drive_low()

        try:
            yield Bench(PushButton(PIN), press, lambda: int(pins.pin(PIN.pin).when_changed is not None))
        finally:
            pins.reset()
            gpiozero.Device.pin_factory = None

    await check_device(a_button, PushButton(PIN))
