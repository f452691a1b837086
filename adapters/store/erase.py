"""Removing one resident from journal.db, so that no byte of it stays in the file."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct, json

from adapters.store.database import LOCK_TIMEOUT, UNREADABLE
from player.errors import StoreError

PART: Final = 200  # runs in one statement


class WhoseProfile(Struct):
    id: str


class WhoseRun(Struct, tag_field="type", tag="Started"):
    profile: WhoseProfile


class Erased(Struct, frozen=True, kw_only=True):
    """What was removed, and whether rows of other residents stay."""

    runs: int
    entries: int
    memories: int
    others: bool


_started: Final = json.Decoder(WhoseRun)


def runs_of(connection: sqlite3.Connection, resident: str) -> tuple[list[str], bool]:
    """The runs of a resident and those whose beginning cannot be read; whether there are others'."""
    firsts = "SELECT boot, event FROM entries WHERE id IN (SELECT MIN(id) FROM entries GROUP BY boot)"
    own, others = [], False
    for boot, event in connection.execute(firsts):
        try:
            whose = _started.decode(event).profile.id
        except (*UNREADABLE, TypeError):
            whose = resident
        if whose == resident:
            own.append(boot)
        else:
            others = True
    return own, others


def erase(path: Path, resident: str) -> Erased:
    """Deleted bytes are overwritten (`secure_delete`), the file is written anew (VACUUM), the log emptied.

    Raises `StoreError`; then it may be tried again.
    """
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("BEGIN IMMEDIATE")
            runs, others = runs_of(connection, resident)
            entries = 0
            for begin in range(0, len(runs), PART):
                part = runs[begin : begin + PART]
                marks = ",".join("?" * len(part))
                entries += connection.execute(f"DELETE FROM entries WHERE boot IN ({marks})", part).rowcount
            memories = connection.execute(
                "DELETE FROM memory WHERE resident = ? OR resident LIKE ? ESCAPE '!'",
                (resident, f"{resident}.unreadable-%"),
            ).rowcount
            others |= connection.execute("SELECT EXISTS (SELECT 1 FROM memory)").fetchone()[0] == 1
            connection.execute("COMMIT")
            _empty_log(connection)
            connection.execute("VACUUM")
            _empty_log(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: not everything could be removed ({error}). Try again.") from error
    return Erased(runs=len(runs), entries=entries, memories=memories, others=others)


def _empty_log(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.OperationalError` while somebody still reads what was there before."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("somebody is reading the journal: end the report that runs")
