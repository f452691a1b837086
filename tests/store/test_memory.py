"""What a new run knows of the last one, even when the last one left nonsense."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import json

from adapters.store.journal import MIGRATIONS, SqliteJournal
from adapters.store.memory import HOLDER, remembered
from player.model import Progress, TrackId
from player.session.messages import AudioReported, Memory, Resume
from player.units import Decibels, Frames, Seconds
from tests.contracts.journal import journal_entry, put_and_wait

BARRED = Memory(never=("bad",), resume=Resume(track_id="t1", position=Seconds(10.0)))
NONSENSE = [b"", b'{"never": ["ba', b'{"never": 5}', b'{"held_by": "\xff"}', b"[" * 100_000]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(path, "demo")
    yield journal
    journal.close()


def progress(track_id: TrackId, position: float) -> bytes:
    report = Progress(
        deck=0,
        track_id=track_id,
        position=Seconds(position),
        frames_written=Frames(1),
        underruns=0,
        ring=Seconds(1.0),
        peak=Decibels(-20.0),
    )
    return json.encode(AudioReported(at=Seconds(0.0), report=report))


def keep(journal: SqliteJournal, *events: bytes) -> None:
    for number, event in enumerate(events):
        journal.append(journal_entry(number, event=event))
    put_and_wait(journal, journal_entry(len(events)))


def place(journal: SqliteJournal) -> float:
    memory, problem = remembered(journal)
    assert problem == ""
    assert memory.never == BARRED.never
    assert memory.resume is not None
    assert memory.resume.track_id == "t1"
    return memory.resume.position


def test_a_first_run_knows_nothing(journal: SqliteJournal) -> None:
    assert remembered(journal) == (Memory(), "")


def test_the_place_is_the_newest_of_that_piece(journal: SqliteJournal) -> None:
    put_and_wait(journal, journal_entry(0, memory=json.encode(BARRED)))
    assert place(journal) == 10.0
    keep(journal, progress("t1", 20.0), progress("t1", 25.0), *[progress("t2", 99.0)] * 300)
    assert place(journal) == 25.0


def test_a_place_older_than_the_memory_does_not_count(journal: SqliteJournal) -> None:
    keep(journal, progress("t1", 90.0))
    put_and_wait(journal, journal_entry(0, memory=json.encode(BARRED)))
    assert place(journal) == 10.0


def test_entries_of_another_version_are_skipped(journal: SqliteJournal) -> None:
    put_and_wait(journal, journal_entry(0, memory=json.encode(BARRED)))
    older = progress("t1", 30.0)
    keep(
        journal, older, older.replace(b"30.0", b'"30"'), older.replace(b"AudioReported", b"Gone"), older[:-1]
    )
    assert place(journal) == 30.0


def test_a_memory_of_the_first_schema_is_taken_over(path: Path) -> None:
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version=1")
        old.execute("INSERT INTO memory VALUES ('demo', ?)", (json.encode(BARRED),))
        old.execute("INSERT INTO entries VALUES (1, 'b', 0, ?, x'', NULL)", (progress("t1", 40.0),))
    old.close()
    journal = SqliteJournal(path, "demo")
    assert place(journal) == 40.0
    journal.close()


@pytest.mark.parametrize("stored", NONSENSE)
def test_without_a_readable_memory_the_music_waits_for_a_person(path: Path, stored: bytes) -> None:
    journal = SqliteJournal(path, "demo")
    put_and_wait(journal, journal_entry(0, memory=stored))
    memory, problem = remembered(journal)
    assert memory == Memory(held_by=HOLDER)
    assert "say every hold and every “never” again" in problem
    journal.close()
    journal = SqliteJournal(path, "demo")
    assert remembered(journal) == (Memory(held_by=HOLDER), "")  # still, after a further restart
    journal.close()
    with sqlite3.connect(path) as plain:
        kept = plain.execute("SELECT json FROM memory WHERE resident LIKE 'demo.unreadable-%'").fetchall()
    plain.close()
    assert kept == [(stored,)]


def test_it_waits_too_when_the_unreadable_one_cannot_be_kept(journal: SqliteJournal, path: Path) -> None:
    put_and_wait(journal, journal_entry(0, memory=b"{"))
    with sqlite3.connect(path) as plain:
        plain.execute("CREATE TRIGGER full BEFORE UPDATE ON memory BEGIN SELECT RAISE(ABORT, 'full'); END")
    plain.close()
    memory, problem = remembered(journal)
    assert memory == Memory(held_by=HOLDER)
    assert "cannot be written" in problem
    assert journal.load_memory() == b"{"


def test_it_waits_too_when_the_file_cannot_be_read(journal: SqliteJournal, path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("DROP TABLE memory")
    plain.close()
    memory, problem = remembered(journal)
    assert memory == Memory(held_by=HOLDER)
    assert "cannot be read" in problem
