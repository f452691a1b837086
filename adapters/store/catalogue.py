"""The catalogue on disk: `catalogue.db`, which files are which tracks, and what analysis found."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.store.database import UNREADABLE, Migrations, OnError, damage_report, ignore, open_database
from player.errors import StoreError
from player.model import FEATURES_VERSION, CatalogueEntry, Track, TrackFeatures, TrackId
from player.ports.records import FileRecord

MIGRATIONS: Final[Migrations] = (
    (
        "CREATE TABLE tracks (id TEXT PRIMARY KEY, json BLOB NOT NULL)",
        """CREATE TABLE files (
            path TEXT PRIMARY KEY,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            track_id TEXT,
            error TEXT,
            version INTEGER NOT NULL
        )""",
        """CREATE TABLE features (
            track_id TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            heard REAL NOT NULL,
            json BLOB NOT NULL
        )""",
    ),
    (
        "ALTER TABLE features ADD COLUMN scan_mode TEXT NOT NULL DEFAULT 'full'",
        "CREATE INDEX files_by_size ON files (size)",  # a file of another name may be one that is known
    ),
)
SAVE_FILE: Final = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)"
SAVE_TRACK: Final = "INSERT OR REPLACE INTO tracks VALUES (?, ?)"
# A quick scan never takes the place of a full one, nor what heard less that of what heard more.
SAVE_FEATURES: Final = (
    "INSERT INTO features (track_id, version, heard, json, scan_mode) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (track_id) DO UPDATE SET version = excluded.version, heard = excluded.heard,"
    " json = excluded.json, scan_mode = excluded.scan_mode"
    " WHERE excluded.version != version"
    " OR (excluded.scan_mode = 'full' AND scan_mode = 'quick')"
    " OR (excluded.scan_mode = scan_mode AND excluded.heard >= heard)"
)
ENTRIES: Final = (
    "SELECT tracks.json, features.json FROM tracks LEFT JOIN features"
    " ON features.track_id = tracks.id AND features.version = ?"
)
Found = tuple[FileRecord, Track | None, TrackFeatures | None]  # what a look at a file gave

_track_decoder = msgspec.json.Decoder(Track)
_features_decoder = msgspec.json.Decoder(TrackFeatures)


class Catalogue:
    """`player.ports.CatalogueStore` in SQLite.

    Every method may be called from any thread (one connection behind a lock), returns or raises `StoreError`,
    and is one transaction: a killed process loses at most the call it was in. Several processes may share
    the file.
    """

    def __init__(self, path: Path, on_error: OnError = ignore) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        self._connection, aside = open_database(self._path, MIGRATIONS)
        self._connection.execute(
            "PRAGMA synchronous=NORMAL"
        )  # a power cut may cost the last files, never more
        if aside is not None:
            on_error(damage_report(self._path, aside))

    def files(self) -> dict[str, FileRecord]:
        """Every file that was looked at, by path; failures of another analysis version are forgotten."""
        rows = self._run(
            "SELECT path, size, mtime_ns, track_id, error FROM files WHERE error IS NULL OR version = ?",
            (FEATURES_VERSION,),
        )
        return {
            path: FileRecord(path=path, size=size, mtime_ns=mtime_ns, track_id=track_id, error=error or "")
            for path, size, mtime_ns, track_id, error in rows
        }

    def entries(self) -> dict[TrackId, CatalogueEntry]:
        """Every track that was ever identified, with features of the present version if there are any."""
        entries = (_entry(*row) for row in self._run(ENTRIES, (FEATURES_VERSION,)))
        return {entry.track.id: entry for entry in entries if entry is not None}

    def analysed(self) -> Iterator[CatalogueEntry]:
        """Every track with features of the present version, by id; of a large library a part at a time."""
        last = ""
        page = "SELECT id FROM tracks WHERE id > ? ORDER BY id LIMIT 1000"
        while ids := self._run(page, (last,)):
            where = " WHERE tracks.id > ? AND tracks.id <= ? ORDER BY tracks.id"
            values = (FEATURES_VERSION, last, ids[-1][0])
            for row in self._run(ENTRIES + where, values):
                entry = _entry(*row)
                if entry is not None and entry.features is not None:
                    yield entry
            last = ids[-1][0]

    def look_up(self, path: str) -> tuple[FileRecord, CatalogueEntry | None] | None:
        """What is known of one file and its track; None as well for a failure of another analysis version."""
        query = (
            "SELECT size, mtime_ns, track_id, error FROM files"
            " WHERE path = ? AND (error IS NULL OR version = ?)"
        )
        for size, mtime_ns, track_id, error in self._run(query, (path, FEATURES_VERSION)):
            record = FileRecord(path=path, size=size, mtime_ns=mtime_ns, track_id=track_id, error=error or "")
            rows = self._run(ENTRIES + " WHERE tracks.id = ?", (FEATURES_VERSION, track_id or ""))
            return record, _entry(*rows[0]) if rows else None
        return None

    def paths(self, track_id: TrackId) -> list[str]:
        """Of the files that are this track."""
        rows = self._run("SELECT path FROM files WHERE track_id = ? ORDER BY path", (track_id,))
        return [path for (path,) in rows]

    def of_size(self, size: int) -> list[CatalogueEntry]:
        """The tracks that files of `size` bytes proved to be: one more such file may be a copy."""
        where = " WHERE tracks.id IN (SELECT track_id FROM files WHERE size = ?)"
        entries = (_entry(*row) for row in self._run(ENTRIES + where, (FEATURES_VERSION, size)))
        return [entry for entry in entries if entry is not None]

    def features(self, track_id: TrackId) -> TrackFeatures | None:
        """Features of the present version, None when there are none."""
        query = "SELECT json FROM features WHERE track_id = ? AND version = ?"
        rows = self._run(query, (track_id, FEATURES_VERSION))
        return _features(rows[0][0]) if rows else None

    def record(self, file: FileRecord, track: Track | None = None) -> None:
        """What a file turned out to be: a track, or a failure."""
        self.save([(file, track, None)])

    def save(self, found: Iterable[Found]) -> None:
        """What was found in many files, in one transaction."""
        with self._lock, self._transaction() as connection:
            for file, track, features in found:
                error = file.error or None
                row = (file.path, file.size, file.mtime_ns, file.track_id, error, FEATURES_VERSION)
                connection.execute(SAVE_FILE, row)
                if track is not None:
                    connection.execute(SAVE_TRACK, (track.id, msgspec.json.encode(track)))
                    if features is not None:
                        connection.execute(SAVE_FEATURES, _row(track.id, features))

    def save_features(self, track_id: TrackId, features: TrackFeatures) -> None:
        """Keep the features, unless those of the same version that are there say more."""
        with self._lock, self._transaction() as connection:
            connection.execute(SAVE_FEATURES, _row(track_id, features))

    def forget(self, paths: Iterable[str]) -> None:
        """Files that have gone. What is known of their tracks stays, in case they come back."""
        with self._lock, self._transaction() as connection:
            connection.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in paths])

    def close(self) -> None:
        """Idempotent; nothing else may be called afterwards."""
        with self._lock:
            self._connection.close()

    def _run(self, query: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self._path}: {error}. Free some space or check the disk; if it is damaged, delete the file: "
            "the music is analysed anew."
        )


def _row(track_id: TrackId, features: TrackFeatures) -> tuple[str, int, float, bytes, str]:
    json = msgspec.json.encode(features)
    return track_id, features.version, features.heard, json, features.scan_mode.value


def _entry(track: bytes, features: bytes | None) -> CatalogueEntry | None:
    """None for what another version wrote: its files are looked at anew."""
    try:
        return CatalogueEntry(track=_track_decoder.decode(track), features=_features(features))
    except UNREADABLE:
        return None


def _features(stored: bytes | None) -> TrackFeatures | None:
    """None as well for what another version wrote: it is analysed anew."""
    if stored is None:
        return None
    try:
        return _features_decoder.decode(stored)
    except UNREADABLE:
        return None
