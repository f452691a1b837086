"""Buttons that act as a keyboard, read from the kernel's event device (linux/input.h, struct input_event).

The device is grabbed, so that a press on the bed button types nothing anywhere else.
"""

import asyncio
import fcntl
import os
import struct
from collections.abc import Callable
from typing import Final

from adapters.direct.kinds import UsbButtons
from adapters.direct.port import Port
from player.errors import DirectError
from player.model import Command

EVENT: Final = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
EV_KEY, PRESSED = 1, 1  # 0: released, 2: repeated by the kernel while it is held
EVIOCGRAB: Final = 0x40044590
MOST: Final = 64  # events in one read
# linux/input-event-codes.h; any other key by its number
KEYS: Final = {
    "esc": 1, **{str(n % 10): 1 + n for n in range(1, 11)}, "enter": 28, "a": 30, "b": 48, "space": 57,
    **{f"f{n}": 58 + n for n in range(1, 11)}, "f11": 87, "f12": 88, "kpenter": 96, "up": 103,
    "pageup": 104, "left": 105, "right": 106, "down": 108, "pagedown": 109, "mute": 113, "volumedown": 114,
    "volumeup": 115, "nextsong": 163, "playpause": 164, "previoussong": 165, "stopcd": 166, "play": 207,
}  # fmt: skip


def grab(descriptor: int) -> None:
    """Raises `OSError`."""
    fcntl.ioctl(descriptor, EVIOCGRAB, 1)


def opened(path: str) -> int:
    """A file descriptor. Raises `DirectError`."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise DirectError(
            f"{path}: {error.strerror}. Is it plugged in, and is Lull in the group input?"
        ) from error


class KeyPad:
    def __init__(self, kind: UsbButtons, hold: Callable[[int], None] = grab) -> None:
        """hold: makes an opened device ours alone. Raises `DirectError` for a key that does not exist."""
        self._kind, self._hold = kind, hold
        self._verbs = {_code(key): verb for key, verb in kind.keys.items()}

    async def run(self, port: Port) -> None:
        """Raises `DirectError` when it is unplugged."""
        path, loop = self._kind.path, asyncio.get_running_loop()
        descriptor = opened(path)
        gone: asyncio.Future[None] = loop.create_future()
        try:
            self._hold(descriptor)
            loop.add_reader(descriptor, self._read, descriptor, port, gone)
            try:
                await gone
            finally:
                loop.remove_reader(descriptor)
        except OSError as error:
            raise DirectError(f"{path}: {error.strerror or error}") from error
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, port: Port, gone: "asyncio.Future[None]") -> None:
        try:
            data = os.read(descriptor, MOST * EVENT.size)
        except BlockingIOError:
            return
        except OSError as error:
            if not gone.done():
                gone.set_exception(error)
            return
        if not data and not gone.done():
            gone.set_exception(OSError("unplugged"))
        for _, _, kind, code, value in EVENT.iter_unpack(data[: len(data) // EVENT.size * EVENT.size]):
            verb = self._verbs.get(code)
            if kind == EV_KEY and value == PRESSED and verb is not None:
                port.deliver(Command(verb=verb, by=self._kind.by))


def _code(key: str) -> int:
    name = key.strip().lower().removeprefix("key_")
    if name in KEYS:
        return KEYS[name]
    if name.isascii() and name.isdigit() and int(name) < 768:
        return int(name)
    raise DirectError(f"there is no key {key!r}: use its number, or one of {', '.join(KEYS)}", lasting=True)
