"""The journal on a disk that fills, and how much of it is kept."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import json

from adapters.store.journal import MIGRATIONS, SqliteJournal
from adapters.store.last_run import last_run
from adapters.store.refuge import refuge
from adapters.store.space import EVERY, RESERVE, Limits
from player.errors import NewerStoreError, StoreError
from player.ports.records import JournalEntry
from player.session.messages import Memory, Started
from player.settings import Profile, Settings
from player.units import Seconds
from tests.contracts.journal import journal_entry, put_and_wait
from tests.support.disk import fill

BIG = b"x" * 4000
NO_AGE = Seconds(1e12)
STARTED = Started(
    at=Seconds(1.0),
    minute=0,
    boot="a",
    seed=1,
    settings=Settings(),
    profile=Profile(id="demo"),
    memory=Memory(),
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a file system of its own needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "lull-test", folder], check=False
    ).returncode:
        pytest.skip("this machine does not let us mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def telemetry(number: int, *, at: float | None = None) -> JournalEntry:
    when = Seconds(1000.0 + number if at is None else at)
    return journal_entry(number, event=BIG, lasting=False, at=when)


def feedback(number: int) -> JournalEntry:
    return journal_entry(number, feedback_id=f"f{number}")


def test_on_a_full_disk_feedback_is_kept_and_telemetry_is_let_go(small_disk: Path) -> None:
    errors: list[StoreError] = []
    journal = SqliteJournal(small_disk / "journal.db", "demo", errors.append)
    put_and_wait(journal, feedback(0))
    fill(small_disk)
    for number in range(1, 400):
        journal.append(telemetry(number))
        put_and_wait(journal, feedback(number))
    kept = {entry.feedback_id for entry in journal.entries() if entry.feedback_id}
    assert kept == {f"f{n}" for n in range(400)}
    assert [e for e in errors if "Only what people do" in str(e)]
    assert journal.dropped == 0
    journal.close()


def test_it_starts_on_a_full_disk_and_keeps_feedback(small_disk: Path) -> None:
    journal = SqliteJournal(small_disk / "journal.db", "demo")
    put_and_wait(journal, feedback(0))
    journal.close()
    fill(small_disk)
    again = SqliteJournal(small_disk / "journal.db", "demo")
    put_and_wait(again, feedback(1))
    assert [entry.feedback_id for entry in again.entries()] == ["f0", "f1"]
    again.close()


@pytest.mark.parametrize("left", ["clean", "log", "log without its index"])
def test_a_disk_that_is_read_only_is_read(small_disk: Path, tmp_path: Path, left: str) -> None:
    journal = SqliteJournal(tmp_path / "data" / "journal.db", "demo")
    put_and_wait(journal, journal_entry(1, memory=b'{"never": 1}', event=json.encode(STARTED)))
    if left == "clean":
        journal.close()
    shutil.copytree(tmp_path / "data", small_disk / "data")  # not closed: as after a power cut
    journal.close()
    if left == "log without its index":
        (small_disk / "data" / "journal.db-shm").unlink()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert last_run(small_disk / "data" / "journal.db") == STARTED
    with refuge(small_disk / "data") as folder:
        safe = SqliteJournal(folder / "journal.db", "demo")
        assert safe.load_memory() == b'{"never": 1}'
        safe.close()


def test_a_disk_that_was_full_before_anything_was_decided_does_not_stop_the_music(small_disk: Path) -> None:
    """SQLite makes the file, and finds no room for its first table."""
    fill(small_disk)
    with pytest.raises(StoreError):
        SqliteJournal(small_disk / "journal.db", "demo")
    assert (small_disk / "journal.db").stat().st_size == 0
    with refuge(small_disk) as folder:
        safe = SqliteJournal(folder / "journal.db", "demo")
        assert safe.load_memory() is None
        safe.close()


def test_a_damaged_file_that_cannot_be_replaced_stops_the_start(tmp_path: Path) -> None:
    """Nobody knows what staff barred."""
    (tmp_path / "journal.db").write_bytes(b"not a database, " * 1000)
    with pytest.raises(StoreError, match="what staff decided is not known"), refuge(tmp_path):
        pass


def test_telemetry_is_bounded_by_size_and_everything_else_is_kept(tmp_path: Path) -> None:
    limit = 4 << 20
    journal = SqliteJournal(tmp_path / "journal.db", "demo", limits=Limits(size=limit, age=NO_AGE))
    count = 2 * EVERY
    for number in range(count):
        journal.append(telemetry(number))
        if number % 100 == 0:
            put_and_wait(journal, feedback(number))
    put_and_wait(journal, feedback(count))
    journal.close()
    size = (tmp_path / "journal.db").stat().st_size
    assert size < limit + (EVERY + 500) * 5000, "no more than what comes between two looks"
    entries = list(SqliteJournal(tmp_path / "journal.db", "demo").entries())
    assert len([e for e in entries if e.feedback_id]) == count // 100 + 1
    left = [e.at for e in entries if not e.lasting]
    assert left == sorted(left)
    assert left[-1] == journal_entry(count - 1).at, "the newest stays"
    assert len(left) < count


def test_telemetry_is_bounded_by_age(tmp_path: Path) -> None:
    now = time.time()
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, "demo", limits=Limits(size=1 << 40, age=Seconds(3600.0)))
    journal.append(telemetry(1, at=now - 7200.0))
    journal.append(journal_entry(2, at=Seconds(now - 7200.0)))
    put_and_wait(journal, telemetry(3, at=now))
    journal.close()
    again = SqliteJournal(path, "demo", limits=Limits(size=1 << 40, age=Seconds(3600.0)))
    put_and_wait(again, journal_entry(4))
    assert [entry.effects for entry in again.entries()] == [b"[2]", b"[3]", b"[4]"]
    again.close()


def test_what_cannot_be_tidied_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, "demo")
    put_and_wait(journal, telemetry(1, at=1.0))
    journal.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER no BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'no'); END")
    errors: list[StoreError] = []
    limits = Limits(size=1 << 40, age=Seconds(3600.0))
    again = SqliteJournal(path, "demo", errors.append, limits)
    put_and_wait(again, journal_entry(2))
    put_and_wait(again, journal_entry(3))
    assert [entry.effects for entry in again.entries()] == [b"[1]", b"[2]", b"[3]"]
    assert [error for error in errors if "cannot be tidied" in str(error)]
    again.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_every_older_schema_is_brought_up_and_keeps_what_it_holds(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as old:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                old.execute(statement)
        old.execute(f"PRAGMA user_version={version}")
        insert = "INSERT INTO entries (boot, at, event, effects) VALUES ('a', ?, ?, ?)"
        old.execute(insert, (1.0, b'{"type":"Tick","at":1.0}', b"[]"))
        old.execute(insert, (2.0, b'{"type":"ReadingArrived","at":2.0}', b'[{"type":"Decide"}]'))
        old.execute(insert, (3.0, b'{"type":"FeedbackArrived","at":3.0}', b"[]"))
        old.execute("INSERT INTO memory (resident, json) VALUES ('demo', '{}')")
    old.close()
    journal = SqliteJournal(path, "demo")
    assert [entry.lasting for entry in journal.entries()] == [False, True, True]
    assert journal.load_memory() == b"{}"
    journal.close()


def test_a_newer_schema_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, "demo")
    put_and_wait(journal, journal_entry(1))
    journal.close()
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(NewerStoreError, match="newer Lull"):
        SqliteJournal(path, "demo")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "damaged" in file.name] == []


def test_the_reserve_is_as_large_as_it_is_said_to_be(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", "demo")
    put_and_wait(journal, journal_entry(1))
    journal.close()
    assert (tmp_path / "journal.reserve").stat().st_size == RESERVE
