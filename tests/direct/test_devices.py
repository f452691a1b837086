"""Devices on the board itself: what they deliver, and what is said when they are away."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from adapters.devices_file import load_devices, load_direct
from adapters.direct.ble import HeartRateStrap
from adapters.direct.gpio import BOUNCE, PushButton
from adapters.direct.keeper import run_devices
from adapters.direct.kinds import BleHeartRate, GpioButton, UsbButtons
from adapters.direct.port import Device, Port
from adapters.direct.usb import EVENT, KeyPad
from player.errors import DirectError, SettingsError
from player.model import Command, Quantity, Reading, Verb
from player.units import Seconds

PATIENCE_S = 10.0
ADDRESS = "A0:9E:1A:00:00:01"


class Heard:
    def __init__(self) -> None:
        self.items: list[Command | Reading] = []
        self.told: list[str] = []
        self.port = Port(self.items.append, self.told.append, lambda: Seconds(5.0))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def kept(device: Device) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(run_devices([device], heard.port))
    try:
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# --- a strap ------------------------------------------------------------------------------------------


def strap_of(*connections: tuple[str, ...]) -> HeartRateStrap:
    """One that sends these packets in each connection, and then ends it."""
    left = iter(connections)

    @asynccontextmanager
    async def reached(address: str) -> AsyncIterator[AsyncIterator[bytes]]:
        assert address == ADDRESS
        packets = next(left, None)
        if packets is None:
            raise DirectError("out of range")

        async def sent() -> AsyncIterator[bytes]:
            for packet in packets:
                yield bytes.fromhex(packet)

        yield sent()

    return HeartRateStrap(BleHeartRate(address=ADDRESS, source="polar"), reached)


async def test_a_strap_delivers_the_pulse_and_is_found_again() -> None:
    async with kept(strap_of(("06 48", "06 4a"), ("06 50",))) as heard:
        await until(lambda: len(heard.items) == 3)
        await until(lambda: "out of range" in heard.told)
    assert [(r.quantity, r.value) for r in heard.items if isinstance(r, Reading)] == [
        (Quantity.HEART_RATE, 72.0), (Quantity.HEART_RATE, 74.0), (Quantity.HEART_RATE, 80.0),
    ]  # fmt: skip
    assert heard.items[0] == Reading(
        source="polar", quantity=Quantity.HEART_RATE, value=72.0, at=Seconds(5.0)
    )


async def test_a_strap_that_lies_on_the_table_is_said_once() -> None:
    async with kept(strap_of(("04 00", "04 00", "04 00", "06 48", "04 00"))) as heard:
        await until(lambda: "out of range" in heard.told)
    assert len(heard.items) == 1
    assert [line for line in heard.told if "skin" in line] == ["polar: the strap does not touch the skin"] * 2


async def test_what_is_said_of_a_pulse_that_cannot_be_names_no_pulse() -> None:
    async with kept(strap_of(("06 1b",))) as heard:  # 27
        await until(lambda: "out of range" in heard.told)
    assert heard.told[0] == "polar: a pulse outside 30 to 220"


async def test_a_trouble_after_a_long_good_time_is_said_again() -> None:
    heard = Heard()
    now, waits = 0.0, iter([0.0, 3_600.0])

    class Strap:
        async def run(self, port: Port) -> None:  # noqa: ARG002
            nonlocal now
            try:
                now += next(waits)
            except StopIteration:
                raise DirectError("the end", lasting=True) from None
            raise DirectError("out of range")

    port = Port(heard.items.append, heard.told.append, lambda: Seconds(now))
    async with asyncio.timeout(PATIENCE_S):
        await run_devices([Strap()], port)
    assert heard.told == ["out of range", "out of range", "the end"]


async def test_without_bluetooth_it_is_said_and_nothing_else_happens() -> None:
    """The real client, on a machine that has no Bluetooth or no strap in reach."""
    async with kept(HeartRateStrap(BleHeartRate(address=ADDRESS))) as heard:
        await until(lambda: heard.told)
    assert heard.items == [] and ADDRESS in heard.told[0]


# --- a keypad -----------------------------------------------------------------------------------------


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Stands in for the kernel's device: events are written at the other end."""
    path = tmp_path / "event7"
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    yield path, end
    with suppress(OSError):
        os.close(end)


def pad(path: Path, **keys: Verb) -> KeyPad:
    return KeyPad(UsbButtons(path=str(path), keys=keys, by="resident"), hold=lambda _descriptor: None)


def event(code: int, value: int = 1, kind: int = 1) -> bytes:
    return EVENT.pack(0, 0, kind, code, value)


async def test_a_key_is_one_command_however_long_it_is_held(wire: tuple[Path, int]) -> None:
    path, end = wire
    async with kept(pad(path, ENTER=Verb.CALM, KEY_VOLUMEDOWN=Verb.QUIETER, **{"400": Verb.STOP})) as heard:
        await asyncio.sleep(0)
        os.write(end, event(28) + event(28, 2) + event(28, 2) + event(28, 0) + event(0, 0, kind=0))
        os.write(end, event(30) + event(114) + event(400))
        await until(lambda: len(heard.items) == 3)
    assert heard.items == [Command(verb=verb, by="resident") for verb in (Verb.CALM, Verb.QUIETER, Verb.STOP)]


async def test_one_that_is_unplugged_is_looked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "event7"
    async with kept(pad(path, enter=Verb.STOP)) as heard:
        await until(lambda: heard.told)
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR)
        try:
            os.write(end, event(28))
            await until(lambda: heard.items)
        finally:
            os.close(end)
    assert "plugged in" in heard.told[0]


async def test_a_file_that_is_no_input_device_is_refused(wire: tuple[Path, int]) -> None:
    path, _ = wire
    async with kept(KeyPad(UsbButtons(path=str(path), keys={"enter": Verb.STOP}))) as heard:
        await until(lambda: heard.told)
    assert str(path) in heard.told[0]


# --- a button on a pin --------------------------------------------------------------------------------


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    gpiozero.Device.pin_factory = factory
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None


def watched(pins: MockFactory, number: int) -> bool:
    return bool(pins.pin(number).pull == "up")


async def test_a_button_on_a_pin_presses(pins: MockFactory) -> None:
    async with kept(PushButton(GpioButton(pin=17, command=Verb.CALM, by="resident"))) as heard:
        await until(lambda: watched(pins, 17))
        pins.pin(17).drive_low()
        await until(lambda: heard.items)
    assert heard.items == [Command(verb=Verb.CALM, by="resident")]


async def test_held_it_means_the_other_thing(pins: MockFactory) -> None:
    async with kept(PushButton(GpioButton(pin=4, command=Verb.NEXT, held=Verb.STOP))) as heard:
        await until(lambda: watched(pins, 4))
        pins.pin(4).drive_low()
        await until(lambda: heard.items)
        pins.pin(4).drive_high()
        await asyncio.sleep(2 * BOUNCE)
        pins.pin(4).drive_low()
        await asyncio.sleep(2 * BOUNCE)
        pins.pin(4).drive_high()
        await until(lambda: len(heard.items) == 2)
    assert [item.verb for item in heard.items if isinstance(item, Command)] == [Verb.STOP, Verb.NEXT]


async def test_a_machine_without_pins_says_so() -> None:
    async with kept(PushButton(GpioButton(pin=17, command=Verb.STOP))) as heard:
        await until(lambda: heard.told)
    assert "pin 17" in heard.told[0] and "board with pins" in heard.told[0]


# --- the file -----------------------------------------------------------------------------------------


def test_the_file_names_them(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(
        "direct:\n"
        f"- {{kind: ble_heart_rate, address: '{ADDRESS}', source: polar}}\n"
        "- {kind: usb_buttons, path: /dev/input/by-id/pad, keys: {enter: calm, '114': quieter}}\n"
        "- {kind: gpio_button, pin: 17, command: next, held: stop, by: resident}\n"
        "mappings:\n- {profile: zigbee2mqtt/ikea-styrbar, topic: zigbee2mqtt/bed}\n"
    )
    assert load_direct(file) == (
        BleHeartRate(address=ADDRESS, source="polar"),
        UsbButtons(path="/dev/input/by-id/pad", keys={"enter": Verb.CALM, "114": Verb.QUIETER}),
        GpioButton(pin=17, command=Verb.NEXT, held=Verb.STOP, by="resident"),
    )
    assert load_devices(file)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("- {kind: ble_heart_rate}", "address"),
        ("- {kind: ble_heart_rate, address: strap}", "address"),
        ("- {kind: gpio_button, pin: 99, command: stop}", "pin"),
        ("- {kind: gpio_button, pin: 9, command: explode}", "command"),
        ("- {kind: usb_buttons, path: /etc/passwd, keys: {}}", "path"),
        ("- {kind: usb_buttons, path: /dev/input/event1, keys: {emter: stop}}", "no key 'emter'"),
        ("- {kind: toaster}", "toaster"),
        ("- {pin: 3}", "kind"),
        ("- {kind: gpio_button, pin: 9, command: stop, colour: red}", "colour"),
    ],
)
def test_what_cannot_work_is_an_error_with_its_line(line: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(f"direct:\n{line}\n")
    with pytest.raises(SettingsError, match=r"devices\.yaml:2") as caught:
        load_direct(file)
    assert says in str(caught.value)
