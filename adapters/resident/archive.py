"""All data of one person in one file of open formats, written and read back.

A zip of UTF-8 text: `README.txt` names every file and column. `lull resident restore` takes it back.
"""

import csv
import hashlib
import io
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TextIO

import msgspec
from msgspec import Struct, json

from adapters.report.rows import JournalRows, Moment
from adapters.report.sources import RATINGS
from adapters.resident.profile_file import as_yaml
from adapters.store.erase import runs_of
from player.errors import StoreError
from player.session.messages import CommandArrived, FeedbackArrived, ReadingArrived
from player.settings import Profile

FORMAT: Final = 1
README: Final = """All that Lull keeps of one resident, under the pseudonym. Times are Unix
time in seconds; `local` is local time.

profile.yaml     what was stated by the file of settings, as YAML
memory.json      what Lull remembers: decisions of staff, plays, what was learned (JSON)
journal.jsonl    every event and its effects, one JSON object a line: boot (name of the run), at, event,
                 effects, feedback_id
decisions.csv    at, local, kind, trigger, reason, from_title, to_title, to_artist, agitation,
                 policy, propensity
readings.csv     at, local, source, quantity, value, quality
presses.csv      at, local, by, verb, value
feedback.csv     at, local, by, said (better, same, worse), about, observed, note
manifest.json    format of this file, pseudonym, number of rows, SHA-256 of journal.jsonl

The music itself and its analysis are not of the person and stay in the library and in catalogue.db.
"""
COLUMNS: Final = {
    "decisions.csv": (
        "at", "local", "kind", "trigger", "reason", "from_title", "to_title", "to_artist", "agitation",
        "policy", "propensity",
    ),
    "readings.csv": ("at", "local", "source", "quantity", "value", "quality"),
    "presses.csv": ("at", "local", "by", "verb", "value"),
    "feedback.csv": ("at", "local", "by", "said", "about", "observed", "note"),
}  # fmt: skip


class Line(Struct, frozen=True, kw_only=True):
    """One row of the journal."""

    boot: str
    at: float
    event: msgspec.Raw
    effects: msgspec.Raw
    feedback_id: str | None = None


class Manifest(Struct, frozen=True, kw_only=True):
    format: int
    resident: str
    rows: int
    sha256: str


def write_archive(out: Path, journal: Path, profile: Profile) -> Manifest:
    """Whole or not at all, mode 0600; also while Lull runs. Raises `StoreError`."""
    new = out.with_name(f".{out.name}.new")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.touch(mode=0o600)
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            manifest = _write(archive, journal, profile)
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(out)
    except OSError as error:
        raise StoreError(f"{out} cannot be written ({error}): name another file.") from error
    finally:
        new.unlink(missing_ok=True)
    return manifest


def _write(archive: zipfile.ZipFile, journal: Path, profile: Profile) -> Manifest:
    rows = JournalRows(journal, profile.id)
    archive.writestr("README.txt", README)
    archive.writestr("profile.yaml", as_yaml(profile))
    memory, digest, count = b"null", hashlib.sha256(), 0
    if journal.exists():
        memory = _memory(journal, profile.id) or b"null"
        with archive.open("journal.jsonl", "w", force_zip64=True) as file:
            for line in journal_lines(journal, profile.id):
                text = json.encode(line) + b"\n"
                digest.update(text)
                file.write(text)
                count += 1
        for name, columns in COLUMNS.items():
            with _table(archive, name) as file_:
                writer = csv.writer(file_)
                writer.writerow(columns)
                for moment in rows.moments():
                    writer.writerows(_rows(name, moment))
    archive.writestr("memory.json", memory)
    manifest = Manifest(format=FORMAT, resident=profile.id, rows=count, sha256=digest.hexdigest())
    archive.writestr("manifest.json", json.encode(manifest))
    return manifest


@contextmanager
def _table(archive: zipfile.ZipFile, name: str) -> Iterator[TextIO]:
    with archive.open(name, "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
        yield text


def journal_lines(journal: Path, resident: str) -> Iterator[Line]:
    """Rows of the resident's runs; what is no JSON goes as text. Raises `StoreError`."""
    try:
        with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            own = set(runs_of(connection, resident)[0])
            query = "SELECT boot, at, event, effects, feedback_id FROM entries ORDER BY id"
            for boot, at, event, effects, feedback_id in connection.execute(query):
                if boot in own:
                    yield Line(
                        boot=boot, at=at, event=_json(event), effects=_json(effects), feedback_id=feedback_id
                    )
    except sqlite3.Error as error:
        raise StoreError(f"{journal} cannot be read ({error}).") from error


def _json(stored: bytes | str) -> msgspec.Raw:
    data = stored.encode() if isinstance(stored, str) else stored
    try:
        json.decode(data)
    except (ValueError, RecursionError):
        return msgspec.Raw(json.encode(data.decode(errors="replace")))
    return msgspec.Raw(data)


def _memory(journal: Path, resident: str) -> bytes | None:
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT CAST(json AS BLOB) FROM memory WHERE resident = ?", (resident,)
        ).fetchone()
    return bytes(_json(found[0])) if found else None


def _rows(name: str, moment: Moment) -> Iterator[tuple[object, ...]]:
    when = (moment.at, moment.local)
    match name, moment.event:
        case "decisions.csv", _:
            for d in moment.decisions:
                before, after = d.from_track, d.to_track
                yield (
                    *when, d.event_type, d.trigger, _safe(d.reason), _safe(before.title if before else ""),
                    _safe(after.title if after else ""), _safe(after.artist if after else ""), d.agitation,
                    d.policy, d.propensity,
                )  # fmt: skip
        case "readings.csv", ReadingArrived(reading=r):
            yield (*when, _safe(r.source), r.quantity.value, r.value, r.quality)
        case "presses.csv", CommandArrived(command=c):
            yield (*when, _safe(c.by), c.verb.value, c.value)
        case "feedback.csv", FeedbackArrived(feedback=f):
            said = RATINGS[max(-1, min(f.rating, 1))]
            yield (*when, _safe(f.by), said, f.about, _safe("; ".join(f.observed)), _safe(f.note or ""))


def _safe(text: str) -> str:
    """A spreadsheet shall not take a title for a formula (CWE-1236)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
