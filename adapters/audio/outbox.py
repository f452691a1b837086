"""Reports on their way to the brain: bounded, and never in the way of the render thread."""

import socket
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from player.model import Ahead, AudioReport, Listened, Progress, RoomHeard
from player.units import Seconds

MAX_WAITING: Final = 1000  # reports that may not be dropped; a brain that leaves so many unread is gone
SIGN_OF_LIFE: Final = Seconds(0.2)  # after so long without a report; tuning constant

Key = tuple[str | int, ...]


class Outbox:
    """`put` never waits. A newer `Progress`, `RoomHeard` or `Listened` of the same deck replaces one that
    still waits; nothing else is dropped: when too many wait, `overflow` is called (it ends the process).
    """

    def __init__(self, overflow: Callable[[], None]) -> None:
        self._waiting: dict[Key, AudioReport] = {}  # in order of arrival
        self._count = 0
        self._overflow = overflow
        self._grown = threading.Condition()

    def put(self, report: AudioReport) -> None:
        with self._grown:
            key = self._key(report)
            self._waiting.pop(key, None)
            self._waiting[key] = report
            self._grown.notify()
            full = len(self._waiting) > MAX_WAITING
        if full:
            self._overflow()

    def take(self, patience: Seconds | None = None) -> AudioReport | None:
        """The oldest that waits, or that comes within `patience`."""
        with self._grown:
            if not self._grown.wait_for(lambda: self._waiting, patience):
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def pump(self, connection: socket.socket) -> None:
        """Send for ever, one JSON object per line; an empty line is a sign of life.

        Raises `OSError` when the brain has gone.
        """
        encoder = msgspec.json.Encoder()
        while True:
            report = self.take(SIGN_OF_LIFE)
            connection.sendall((encoder.encode(report) if report is not None else b"") + b"\n")

    def _key(self, report: AudioReport) -> Key:
        match report:
            case Progress():
                return ("progress",)
            case Listened(complete=False):
                return ("listened", report.deck)
            case Ahead(rise=None):
                return ("ahead", report.deck)
            case RoomHeard():
                return ("room",)
            case _:
                self._count += 1
                return (self._count,)
