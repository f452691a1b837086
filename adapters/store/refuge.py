"""A data folder in memory, for a disk that cannot be written: the music must not wait for it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from adapters.store.database import open_database, read_unwritable
from adapters.store.journal import MIGRATIONS
from player.errors import StoreError

MEMORY: Final = Path("/dev/shm")  # tmpfs on every Linux
MOST: Final = 64 << 20  # bytes of catalogue that are copied; a larger one is made anew


@contextmanager
def refuge(data: Path) -> Iterator[Path]:
    """A folder that goes with this process, with what staff decided and what is known of the music.

    Raises `StoreError` when what staff decided cannot be read: a piece that is barred must not be played.
    """
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lull-", dir=place) as name:
        folder = Path(name)
        _copy_memory(data / "journal.db", folder / "journal.db")
        with suppress(OSError):  # the music is looked at again
            known = data / "catalogue.db"
            if known.stat().st_size <= MOST:
                shutil.copyfile(known, folder / known.name)
        with suppress(OSError):  # devices find the broker where it was
            (folder / "broker").mkdir()
            shutil.copyfile(data / "broker" / "port", folder / "broker" / "port")
        yield folder


def _copy_memory(source: Path, target: Path) -> None:
    try:
        rows = _memory(source) if source.exists() else []
        connection, _ = open_database(target, MIGRATIONS)
        with closing(connection):
            connection.executemany("INSERT INTO memory (resident, json) VALUES (?, ?)", rows)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{source} can neither be written nor read ({error}): what staff decided is not known, so the "
            "music does not start. Free some space or check the disk."
        ) from error


def _memory(source: Path) -> list[tuple[str, bytes]]:
    with read_unwritable(source) as old:
        if not old.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return []  # it was made a moment ago, on a disk that had no room for its first table
        return old.execute("SELECT resident, json FROM memory").fetchall()
