"""Room on the disk: a reserve for hard times, and which part of the journal goes first."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from player.units import Seconds

RESERVE: Final = 2 << 20  # bytes; feedback of weeks. Tuning constants:
SPARE: Final = 4 * RESERVE  # free bytes before the reserve is made again
LOOK_AGAIN: Final = Seconds(30.0)
SLACK: Final = 0.9  # of the largest size is left after pruning
STEP: Final = 250  # entries deleted in one transaction
EVERY: Final = 2_000  # entries written between two looks at the size
CHECKPOINT: Final = 256  # pages of the write-ahead log, 1 MiB
OLDEST: Final = (
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE lasting = 0 ORDER BY id LIMIT ?)"
)


class Limits(Struct, frozen=True, kw_only=True):
    """Of the journal. They apply to telemetry: what people did and what was decided is kept."""

    size: int  # bytes
    age: Seconds


class Space:
    """A reserve file beside the journal. When the disk is full it makes room for what must be kept.

    `scarce`: telemetry is not stored any more. Used by the writer's thread.
    """

    def __init__(self, journal: Path, limits: Limits) -> None:
        self._reserve = journal.with_suffix(".reserve")
        self._limits = limits
        self._since_pruned = EVERY  # entries; the first look is at the start
        self._looked = -LOOK_AGAIN  # monotonic
        self.scarce = False

    def release(self) -> bool:
        """Give the reserve back to the disk; False when there was none."""
        self.scarce = True
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def make_room(self, connection: sqlite3.Connection) -> None:
        """The oldest telemetry goes. Raises `sqlite3.Error`."""
        self.release()
        connection.execute(OLDEST, (STEP,))
        connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def tidy(self, connection: sqlite3.Connection, written: int) -> None:
        """Now and then: a new reserve, and no more than the limits allow. Raises `sqlite3.Error`."""
        self._make_reserve()
        self._since_pruned += written
        if self._since_pruned < EVERY:
            return
        self._since_pruned = 0
        oldest = time.time() - self._limits.age
        connection.execute("DELETE FROM entries WHERE lasting = 0 AND at < ?", (oldest,))
        most = self._limits.size
        while self._used(connection) > most:
            most = int(SLACK * self._limits.size)
            if not connection.execute(OLDEST, (STEP,)).rowcount:
                return  # all that is left is kept

    def _used(self, connection: sqlite3.Connection) -> int:
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _make_reserve(self) -> None:
        if time.monotonic() - self._looked < LOOK_AGAIN:
            return
        self._looked = time.monotonic()
        if not self._reserve.exists():
            place = os.statvfs(self._reserve.parent)
            if place.f_bavail * place.f_frsize < SPARE:
                return
            try:
                with open(self._reserve, "wb", opener=_private) as reserve:
                    os.posix_fallocate(reserve.fileno(), 0, RESERVE)
            except OSError:
                self._reserve.unlink(missing_ok=True)
                return
        self.scarce = False


def full(error: sqlite3.Error) -> bool:
    """Whether it was for want of room."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
