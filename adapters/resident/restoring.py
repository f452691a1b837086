"""Taking an archive back, on this or another machine, while Lull does not run."""

import hashlib
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct, ValidationError, json

from adapters.resident.archive import FORMAT, Line, Manifest
from adapters.store.database import open_database
from adapters.store.journal import MIGRATIONS
from player.errors import StoreError
from player.session.messages import Memory

LONGEST_LINE: Final = 64 * 1024 * 1024  # bytes; the first event of a run with a large library is long
LARGEST_MEMORY: Final = 16 * 1024 * 1024  # bytes, unpacked
LONGEST_MANIFEST: Final = 10_000  # bytes


class Restored(Struct, frozen=True, kw_only=True):
    resident: str
    rows: int  # written now
    known: int  # of runs that were here already


def read_manifest(file: Path) -> Manifest:
    """Raises `StoreError` for what is no archive of Lull."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("manifest.json") as stored:
            manifest = json.decode(stored.read(LONGEST_MANIFEST), type=Manifest)
    except (OSError, KeyError, zipfile.BadZipFile, ValidationError, ValueError) as error:
        raise StoreError(
            f"{file} is no archive of a resident ({error}): name one of `lull resident backup`."
        ) from error
    if manifest.format != FORMAT:
        raise StoreError(
            f"{file} has format {manifest.format}, this Lull knows {FORMAT}: take the newer Lull."
        )
    return manifest


def restore(file: Path, journal: Path) -> Restored:
    """All or nothing, in one transaction; checked against its SHA-256 first. Hold the `DataLock`.

    The memory is that of the archive afterwards. Raises `StoreError`.
    """
    manifest = read_manifest(file)
    try:
        with zipfile.ZipFile(file) as archive:
            _check(archive, manifest, file)
            memory = archive.open("memory.json").read(LARGEST_MEMORY)
            json.decode(memory, type=Memory | None)
            connection, _ = open_database(journal, MIGRATIONS)
            with closing(connection), connection:
                connection.execute("BEGIN IMMEDIATE")
                return _fill(connection, archive, manifest, memory)
    except (OSError, KeyError, zipfile.BadZipFile, ValidationError, ValueError, sqlite3.Error) as error:
        raise StoreError(f"{file} cannot be restored ({error}): nothing was changed.") from error


def _check(archive: zipfile.ZipFile, manifest: Manifest, file: Path) -> None:
    if "journal.jsonl" not in archive.namelist() and manifest.rows == 0:
        return
    digest, rows = hashlib.sha256(), 0
    for line in _lines(archive):
        digest.update(line)
        rows += 1
    if digest.hexdigest() != manifest.sha256 or rows != manifest.rows:
        raise StoreError(f"{file} is damaged or was changed: nothing was restored. Take another backup.")


def _lines(archive: zipfile.ZipFile) -> Iterator[bytes]:
    if "journal.jsonl" not in archive.namelist():
        return
    with archive.open("journal.jsonl") as file:
        while line := file.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise ValueError("a line of it is too long")
            yield line


def _fill(
    connection: sqlite3.Connection, archive: zipfile.ZipFile, manifest: Manifest, memory: bytes
) -> Restored:
    here = {boot for (boot,) in connection.execute("SELECT DISTINCT boot FROM entries")}
    written = known = 0
    for text in _lines(archive):
        line = json.decode(text, type=Line)
        if line.boot in here:
            known += 1
            continue
        connection.execute(
            "INSERT INTO entries (boot, at, event, effects, feedback_id) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (feedback_id) DO NOTHING",
            (line.boot, line.at, bytes(line.event), bytes(line.effects), line.feedback_id),
        )
        written += 1
    if memory != b"null":
        connection.execute(
            "INSERT OR REPLACE INTO memory (resident, json, entry)"
            " VALUES (?, ?, (SELECT COALESCE(MAX(id), 0) FROM entries))",
            (manifest.resident, memory),
        )
    return Restored(resident=manifest.resident, rows=written, known=known)


def write_seed(file: Path, to: Path) -> bool:
    """The profile of the archive as the settings' file, where there is none yet. Raises `StoreError`."""
    if to.exists():
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            text = archive.open("profile.yaml").read(LONGEST_LINE)
        to.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as written:
            written.write(text)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise StoreError(f"{to} cannot be written ({error}): write the profile by hand.") from error
    return True
