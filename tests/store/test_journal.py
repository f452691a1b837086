"""The journal on disk: contract, damage, versions, several residents."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from adapters.store.database import open_database
from adapters.store.journal import MIGRATIONS, SqliteJournal
from player.errors import StoreError
from player.ports.records import Journal
from tests.contracts.journal import PATIENCE_S, check_journal, effects, journal_entry, put_and_wait
from tests.support.journal import MemoryJournal


def test_the_one_in_memory_keeps_the_contract() -> None:
    check_journal(MemoryJournal)


def test_the_one_on_disk_keeps_the_contract(tmp_path: Path) -> None:
    made = 0

    def make() -> Journal:
        nonlocal made
        made += 1
        return SqliteJournal(tmp_path / f"{made}.db", "demo")

    check_journal(make)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


def opened(path: Path, resident: str = "demo") -> tuple[SqliteJournal, list[StoreError]]:
    errors: list[StoreError] = []
    return SqliteJournal(path, resident, errors.append), errors


def test_memory_is_kept_for_each_resident(path: Path) -> None:
    for resident in ("anna", "bert"):
        journal, _ = opened(path, resident)
        assert journal.load_memory() is None
        journal.append(journal_entry(1, memory=b"old"))
        put_and_wait(journal, journal_entry(2, memory=resident.encode()))
        put_and_wait(journal, journal_entry(3))
        journal.close()
    journal, _ = opened(path, "anna")
    assert journal.load_memory() == b"anna"
    journal.close()


def test_a_second_feedback_does_not_bring_its_memory(path: Path) -> None:
    journal, _ = opened(path)
    put_and_wait(journal, journal_entry(1, feedback_id="f", memory=b"first"))
    put_and_wait(journal, journal_entry(2, feedback_id="f", memory=b"second"))
    assert journal.load_memory() == b"first"
    journal.close()


def test_an_entry_and_its_memory_are_stored_together_or_not_at_all(path: Path) -> None:
    refused = threading.Event()
    journal = SqliteJournal(path, "demo", lambda _: refused.set())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TRIGGER refuse BEFORE INSERT ON memory BEGIN SELECT RAISE(ABORT, 'no'); END")
    stored = threading.Event()
    journal.append(journal_entry(1, memory=b"m"), stored.set)
    assert refused.wait(PATIENCE_S)
    assert effects(journal) == []
    assert not stored.is_set()
    other.execute("DROP TRIGGER refuse")
    other.close()
    assert stored.wait(PATIENCE_S)
    assert (effects(journal), journal.load_memory()) == ([b"[1]"], b"m")
    journal.close()


def test_runs_and_newest_entries(path: Path) -> None:
    journal, _ = opened(path)
    for number, boot in enumerate("bbaab"):
        put_and_wait(journal, journal_entry(number, boot))
    assert journal.boots() == ("b", "a")
    assert [entry.effects for entry in journal.newest(2)] == [b"[3]", b"[4]"]
    journal.close()


def test_files_are_private(path: Path) -> None:
    journal, _ = opened(path)
    put_and_wait(journal, journal_entry(1))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    names = ("journal.db", "journal.db-wal", "journal.db-shm", "journal.reserve")
    assert modes == dict.fromkeys(names, 0o600)
    journal.close()


def test_commits_are_synchronous_and_in_wal(path: Path) -> None:
    connection, aside = open_database(path, MIGRATIONS)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert aside is None
    connection.close()


def test_nothing_can_be_put_into_a_closed_one(path: Path) -> None:
    journal, _ = opened(path)
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.append(journal_entry(1))


@pytest.mark.parametrize(
    "content", [b"no database, only text\n" * 100, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_a_damaged_file_is_moved_aside_and_a_new_one_started(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    journal, errors = opened(path)
    put_and_wait(journal, journal_entry(1))
    assert effects(journal) == [b"[1]"]
    journal.close()
    (aside,) = path.parent.glob("journal.damaged-*.db")
    assert aside.read_bytes() == content
    assert "kept as journal.damaged-" in str(errors[0])
    assert "Repeat every hold" in str(errors[1])


def filled(path: Path, count: int = 200) -> None:
    """A journal of many pages, checkpointed into one file."""
    journal, _ = opened(path)
    for number in range(count):
        journal.append(journal_entry(number, event=b"x" * 2000))
    put_and_wait(journal, journal_entry(count, memory=b"held"))
    journal.close()


def root_page(path: Path, name: str) -> tuple[int, int]:
    """Offset and size in bytes."""
    plain = sqlite3.connect(path)
    number = plain.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
    size = plain.execute("PRAGMA page_size").fetchone()[0]
    plain.close()
    return (number - 1) * size, size


def test_what_staff_decided_is_saved_from_a_damaged_file(path: Path) -> None:
    filled(path)
    offset, size = root_page(path, "entries")
    content = bytearray(path.read_bytes())
    content[offset : offset + size] = b"\xff" * size
    path.write_bytes(content)
    journal, errors = opened(path)
    assert journal.load_memory() == b"held"
    assert effects(journal) == []
    assert len(errors) == 1
    journal.close()


def test_damage_while_it_is_open_does_not_end_the_journal(path: Path) -> None:
    filled(path)
    journal, errors = opened(path)
    offset, size = root_page(path, "entries")
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)
    other = sqlite3.connect(path)  # a write by another connection makes the writer drop its cached pages
    other.execute("INSERT INTO memory (resident, json) VALUES ('other', x'00')")
    other.commit()
    other.close()
    put_and_wait(journal, journal_entry(1, memory=None))
    assert effects(journal) == [b"[1]"]
    assert journal.load_memory() == b"held"
    assert "cannot be written" in str(errors[0])
    assert "was damaged" in str(errors[1])
    assert list(path.parent.glob("journal.damaged-*.db"))
    journal.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    filled(path, 1)
    plain = sqlite3.connect(path)
    plain.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    plain.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Lull .* install that version"):
        opened(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be opened .* check that the `data:` folder"):
        opened(tmp_path / "file" / "journal.db")


def test_an_entry_that_no_file_takes_is_told_and_the_others_are_stored(path: Path) -> None:
    journal, errors = opened(path)
    journal.append(journal_entry(1))
    journal.append(journal_entry(2, at=float("nan")))
    journal.append(journal_entry(3, boot="\ud800"))
    put_and_wait(journal, journal_entry(4))
    assert effects(journal) == [b"[1]", b"[4]"]
    assert journal.dropped == len(errors) == 2
    journal.close()


def test_a_locked_file_is_waited_for(path: Path) -> None:
    journal, _ = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal.append(journal_entry(1))
    other.execute("COMMIT")
    other.close()
    put_and_wait(journal, journal_entry(2))
    assert effects(journal) == [b"[1]", b"[2]"]
    journal.close()
