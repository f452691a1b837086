"""What systemd is told: ready, a status line, and signs of life (sd_notify(3), Type=notify)."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from player.units import Seconds

log = logging.getLogger(__name__)

LOOK: Final = Seconds(0.5)
FAILED_PAUSE: Final = Seconds(5.0)  # before a start that failed is given back to be tried again at once

Beat = Callable[[], tuple[Hashable, ...]]


class Notifier:
    """`say` sends one message; nothing happens without a service manager.

    `watch` feeds the watchdog only while *every* part of `beat` changes: frames written, events handled.
    """

    def __init__(self, address: str | None, watchdog: bool = False) -> None:
        self._watchdog = watchdog
        self._socket: socket.socket | None = None
        self._fed: tuple[Hashable, ...] | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
            try:
                self._socket.connect("\0" + address[1:] if address.startswith("@") else address)
            except OSError as error:
                log.warning("the service manager cannot be told anything (%s)", error)
                self._socket = None

    @classmethod
    def of_environment(cls) -> "Notifier":
        """Takes the variables away: a child that speaks to the service manager would speak for us."""
        pid = os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        watchdog = bool(os.environ.pop("WATCHDOG_USEC", "")) and pid == str(os.getpid())
        return cls(os.environ.pop("NOTIFY_SOCKET", None), watchdog)

    def say(self, message: str) -> None:
        """`message`: lines of `NAME=value`. A manager that does not listen is not waited for."""
        if self._socket is None:
            return
        try:
            self._socket.send(message.encode())
        except OSError as error:
            log.warning("the service manager does not take messages (%s)", error)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def watch(self, beat: Beat, status: Callable[[], str]) -> None:
        """Until cancelled. The first full beat says that the service is ready."""
        last, said = beat(), ""
        while self._socket is not None:
            await asyncio.sleep(LOOK)
            if (now := status()) != said:
                said = now
                self.say(f"STATUS={said}")
            beats = beat()
            if any(new == old for new, old in zip(beats, last, strict=True)):
                continue
            if self._fed is None:
                self.say("READY=1")
            last = self._fed = beats
            if self._watchdog:
                self.say("WATCHDOG=1")


@contextmanager
def unhurried(pause: Seconds = FAILED_PAUSE) -> Iterator[None]:
    """A service that fails soon after its start waits before it ends: what it lacks is not there at once,
    and before version 254 systemd cannot lengthen its pauses. Nothing of this outside a service."""
    began = time.monotonic()
    try:
        yield
    except Exception:
        if "INVOCATION_ID" in os.environ and time.monotonic() - began < pause:  # set by systemd
            time.sleep(pause)
        raise
