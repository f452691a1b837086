"""The journal on disk: `journal.db`, in WAL mode, every commit of more than telemetry synchronous."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from adapters.store.database import (
    LOCK_TIMEOUT,
    Migrations,
    OnError,
    damage_report,
    damaged,
    ignore,
    open_database,
)
from adapters.store.erase import Erased, erase
from adapters.store.space import CHECKPOINT, Limits, Space, full
from adapters.store.writer import BatchWriter
from player.errors import NewerStoreError, StoreError
from player.ports.records import JournalEntry
from player.units import Seconds

UNLIMITED: Final = Limits(size=1 << 60, age=Seconds(1e12))
LOOK_BACK: Final = 100_000  # entries; days, and read within a second
UNWRITABLE = (  # this entry can never be stored; the disk is not at fault
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    ValueError,
    OverflowError,
)

MIGRATIONS: Final[Migrations] = (
    (
        """CREATE TABLE entries (
            id INTEGER PRIMARY KEY,
            boot TEXT NOT NULL,
            at REAL NOT NULL,
            event BLOB NOT NULL,
            effects BLOB NOT NULL,
            feedback_id TEXT UNIQUE
        )""",
        "CREATE INDEX entries_of_boot ON entries (boot)",
        "CREATE TABLE memory (resident TEXT PRIMARY KEY, json BLOB NOT NULL)",
    ),
    ("ALTER TABLE memory ADD COLUMN entry INTEGER NOT NULL DEFAULT 0",),  # id of the one it came with
    (
        "ALTER TABLE entries ADD COLUMN lasting INTEGER NOT NULL DEFAULT 1",
        # a decision may come from a reading: only what moved nothing goes
        """UPDATE entries SET lasting = 0 WHERE feedback_id IS NULL
            AND (CAST(substr(event, 1, 30) AS TEXT) LIKE '{"type":"ReadingArrived"%'
                OR CAST(substr(event, 1, 30) AS TEXT) LIKE '{"type":"Tick"%'
                OR CAST(substr(event, 1, 30) AS TEXT) LIKE '{"type":"AudioReported"%')
            AND NOT instr(effects, CAST('"Decide"' AS BLOB))""",
        "CREATE INDEX telemetry ON entries (id) WHERE lasting = 0",
    ),
)


class SqliteJournal:
    """`player.ports.records.Journal` in SQLite; the memory is kept per resident.

    Every method may be called from any thread. `on_error` is told of a damaged file (moved aside, a new one
    started), of the first failure in a row to write, and of every lost entry; on the thread where it happens.
    The queue and its full-policy: `BatchWriter`. Music never waits for any of it.

    Raises `StoreError` when the file cannot be opened or was written by a newer Lull.
    """

    def __init__(
        self, path: Path, resident: str, on_error: OnError = ignore, limits: Limits = UNLIMITED
    ) -> None:
        self._path, self._resident, self._on_error = Path(path), resident, on_error
        self._space = Space(self._path, limits)
        self.acknowledges = True  # False: what is stored here will not last, and nobody is told that it will
        self._memory: bytes | None = None  # newest on disk, saved when the file breaks later
        self._committing = threading.Lock()
        self._muted = False  # its resident was forgotten: nothing more is kept
        self._distrust = False  # the file proved damaged while it was open
        try:
            self._connection: sqlite3.Connection | None = self._open_or_make_room()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        self._writer = BatchWriter(self._commit, on_error)

    @property
    def dropped(self) -> int:
        """Entries that were offered and are not on disk."""
        return self._writer.dropped

    @property
    def failing(self) -> str:
        """Why nothing can be written just now, "" when it can."""
        return self._writer.failing

    def append(self, entry: JournalEntry, durable: Callable[[], None] | None = None) -> None:
        """Queue one entry; never waits for the disk. Raises `StoreError` once closed.

        `durable` must not wait, and is never called for an entry that could not be stored.
        """
        self._writer.put(entry, durable if self.acknowledges else None)

    def entries(self, boot: str | None = None) -> Iterator[JournalEntry]:
        """All committed entries in order, or those of one run. `memory` is not given back.

        Raises `StoreError` when the file cannot be read.
        """
        if boot is None:
            return self._read("ORDER BY id", ())
        return self._read("WHERE boot = ? ORDER BY id", (boot,))

    def newest(self, count: int) -> list[JournalEntry]:
        """The last `count` committed entries, oldest first. Raises `StoreError`."""
        return list(self._read("ORDER BY id DESC LIMIT ?", (count,)))[::-1]

    def last_number(self) -> int:
        """Of the newest committed entry, 0 when there is none. Raises `StoreError`."""
        try:
            with closing(self._reader()) as reader:
                return int(reader.execute("SELECT COALESCE(MAX(id), 0) FROM entries").fetchone()[0])
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def holding(
        self, *parts: bytes, after: int = 0, since: float = 0.0
    ) -> Iterator[tuple[int, bytes, bytes]]:
        """Number, event and effects of the entries after `after` and `since` (s) that hold any of `parts`.

        Raises `StoreError`.
        """
        either = " OR ".join("instr(event, ?) OR instr(effects, ?)" for _ in parts)
        query = (
            "SELECT id, event, effects FROM entries"
            " WHERE id > MAX(?, (SELECT COALESCE(MAX(id), 0) FROM entries) - ?) AND at >= ?"
            f" AND ({either}) ORDER BY id"
        )
        twice = [part for part in parts for _ in range(2)]
        try:
            with closing(self._reader()) as reader:
                yield from reader.execute(query, (after, LOOK_BACK, since, *twice))
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def boots(self) -> tuple[str, ...]:
        """Every run, oldest first. Raises `StoreError`."""
        try:
            with closing(self._reader()) as reader:
                rows = reader.execute("SELECT boot FROM entries GROUP BY boot ORDER BY MIN(id)").fetchall()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return tuple(boot for (boot,) in rows)

    def load_memory(self) -> bytes | None:
        """JSON of the resident's committed memory, None when there is none yet. Raises `StoreError`."""
        try:
            with closing(self._reader()) as reader:
                return _memory_of(reader, self._resident)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def since_memory(self, *parts: bytes) -> Iterator[bytes]:
        """Events after the entry that brought the memory and with all `parts` in them, newest first.

        Raises `StoreError`.
        """
        holding = "".join(" AND instr(event, ?)" for _ in parts)
        query = (
            "SELECT event FROM entries WHERE id > (SELECT MAX(id) FROM entries) - ?"
            f" AND id > (SELECT entry FROM memory WHERE resident = ?){holding} ORDER BY id DESC"
        )
        try:
            with closing(self._reader()) as reader:
                for (event,) in reader.execute(query, (LOOK_BACK, self._resident, *parts)):
                    yield event
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def last_moment(self) -> Seconds:
        """Wall clock of the last committed entry, as it was believed then; 0 when none can be read."""
        try:
            with closing(self._reader()) as reader:
                row = reader.execute("SELECT at FROM entries ORDER BY id DESC LIMIT 1").fetchone()
        except sqlite3.Error:
            return Seconds(0.0)  # who opens or writes the file next tells why
        return Seconds(row[0] if row else 0.0)

    def replace_memory(self, memory: bytes) -> str:
        """Set the memory, and keep the old one under another key, which is returned. Raises `StoreError`."""
        aside = f"{self._resident}.unreadable-{time.strftime('%Y%m%d-%H%M%S')}"  # no resident has a dot
        try:
            with closing(self._reader()) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(
                    "UPDATE OR REPLACE memory SET resident = ? WHERE resident = ?", (aside, self._resident)
                )
                connection.execute(
                    "INSERT INTO memory (resident, json, entry)"
                    " VALUES (?, ?, (SELECT COALESCE(MAX(id), 0) FROM entries))",
                    (self._resident, memory),
                )
        except sqlite3.Error as error:
            raise self._unwritable(error) from error
        self._memory = memory
        return aside

    def forget(self, resident: str) -> Erased:
        """Remove all that is kept of a resident, waiting entries as well; takes seconds for a large file.

        Of its own resident nothing is kept any more: what is offered later counts as stored and is let go,
        until a journal is opened anew. Raises `StoreError`.
        """
        with self._committing:
            if resident == self._resident:
                self._muted, self._memory = True, None
            return erase(self._path, resident)

    def close(self) -> None:
        """Write what is queued, for a few seconds at most when the disk fails. Idempotent."""
        self._writer.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open_or_make_room(self) -> sqlite3.Connection:
        try:
            return self._open()
        except NewerStoreError:
            raise
        except StoreError:
            if not self._space.release():
                raise
            return self._open()

    def _open(self) -> sqlite3.Connection:
        connection, aside = open_database(self._path, MIGRATIONS, distrust=self._distrust)
        self._distrust = False
        if aside is not None:
            self._on_error(damage_report(self._path, aside))
            self._carry_over(connection, aside)
        self._memory = _memory_of(connection, self._resident)
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
        return connection

    def _carry_over(self, connection: sqlite3.Connection, aside: Path) -> None:
        """Holds and bars of staff weigh more than history: save the memories if they can still be read."""
        rows = [] if self._memory is None else [(self._resident, self._memory)]
        try:
            with closing(sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True)) as old:
                rows = old.execute("SELECT resident, json FROM memory").fetchall() or rows
        except sqlite3.Error:
            if not rows:
                lost = f"{aside}: what staff decided cannot be read. Repeat every hold and every “never”."
                self._on_error(StoreError(lost))
        connection.executemany("INSERT OR REPLACE INTO memory (resident, json) VALUES (?, ?)", rows)

    def _read(self, choice: str, values: tuple[str | int, ...]) -> Iterator[JournalEntry]:
        query = f"SELECT boot, at, event, effects, feedback_id, lasting FROM entries {choice}"
        try:
            with closing(self._reader()) as reader:
                for boot, at, event, effects, feedback_id, lasting in reader.execute(query, values):
                    yield JournalEntry(
                        boot=boot,
                        at=at,
                        event=event,
                        effects=effects,
                        feedback_id=feedback_id,
                        lasting=bool(lasting),
                    )
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _reader(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=LOCK_TIMEOUT, isolation_level=None)

    def _unreadable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self._path} cannot be read ({error}): restart Lull, which moves a damaged file aside."
        )

    def _unwritable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"{self._path} cannot be written ({error}): free some space or check the disk.")

    def _commit(self, entries: Sequence[JournalEntry]) -> list[bool]:
        """One transaction, on the writer's thread; which entries are on disk now. Raises `StoreError`."""
        try:
            with self._committing:
                if self._muted:
                    return [True] * len(entries)
                if self._connection is None:
                    self._connection = self._open()
                stored = self._store_or_make_room(self._connection, entries)
                self._tidy(self._connection, len(entries))
        except sqlite3.Error as error:
            self._drop_if_damaged(error)
            raise StoreError(
                f"{self._unwritable(error)} It is tried again, and the music goes on."
            ) from error
        return stored

    def _tidy(self, connection: sqlite3.Connection, written: int) -> None:
        """What was written before is on disk, whatever happens here: it must not be written twice."""
        try:
            self._space.tidy(connection, written)
        except (sqlite3.Error, OSError) as error:
            self._on_error(StoreError(f"{self._path} cannot be tidied ({error}). It is tried again later."))
            if isinstance(error, sqlite3.Error):
                self._drop_if_damaged(error)

    def _drop_if_damaged(self, error: sqlite3.Error) -> None:
        if self._connection is not None and damaged(error):
            self._connection.close()
            self._connection, self._distrust = None, True

    def _store_or_make_room(
        self, connection: sqlite3.Connection, entries: Sequence[JournalEntry]
    ) -> list[bool]:
        try:
            return self._store(connection, entries)
        except sqlite3.Error as error:
            if not full(error):
                raise
            if not self._space.scarce:
                self._on_error(StoreError(f"{self._unwritable(error)} Only what people do is still stored."))
            self._space.make_room(connection)
            return self._store(connection, entries)

    def _store(self, connection: sqlite3.Connection, entries: Sequence[JournalEntry]) -> list[bool]:
        # A power cut may cost the telemetry of the last seconds, to spare the card; nothing else.
        lasting = any(entry.lasting for entry in entries)
        connection.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
        memory: bytes | None = None
        came_with: int | None = None
        stored = []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for entry in entries:
                if self._space.scarce and not entry.lasting:
                    stored.append(True)  # let go, as it was said
                    continue
                try:
                    inserted = connection.execute(
                        "INSERT INTO entries (boot, at, event, effects, feedback_id, lasting)"
                        " VALUES (?, ?, ?, ?, ?, ?)"
                        " ON CONFLICT (feedback_id) DO NOTHING",
                        (
                            entry.boot,
                            entry.at,
                            entry.event,
                            entry.effects,
                            entry.feedback_id,
                            entry.lasting,
                        ),
                    )
                except UNWRITABLE:
                    stored.append(False)
                    continue
                stored.append(True)
                if inserted.rowcount and entry.memory is not None:
                    memory, came_with = entry.memory, inserted.lastrowid
            if memory is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO memory (resident, json, entry) VALUES (?, ?, ?)",
                    (self._resident, memory, came_with),
                )
        self._memory = memory or self._memory
        return stored


def _memory_of(connection: sqlite3.Connection, resident: str) -> bytes | None:
    row = connection.execute(
        "SELECT CAST(json AS BLOB) FROM memory WHERE resident = ?", (resident,)
    ).fetchone()
    return None if row is None else bytes(row[0])
