"""The journal's file is torn at byte N, full at page N, interrupted at instruction N."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from adapters.store.journal import SqliteJournal
from player.errors import StoreError
from tests.contracts.journal import check_journal, journal_entry, put_and_wait

ENTRIES = 12
LOG_HEADER, FRAME = 32, 24 + 4096  # bytes, SQLite file format 4.1 and 4.2
PARTS = 5  # of a frame at which it is cut


def test_a_power_cut_at_any_byte_of_the_log_keeps_all_that_was_committed_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, "demo")
    log = path.with_name("journal.db-wal")
    sizes = []  # of the log when entry n was acknowledged
    for number in range(ENTRIES):
        put_and_wait(journal, journal_entry(number, memory=b"%d" % number, feedback_id=f"f{number}"))
        sizes.append(log.stat().st_size)
    whole, base = log.read_bytes(), path.read_bytes()
    journal.close()
    cuts = {LOG_HEADER + n * FRAME // PARTS for n in range(len(whole) * PARTS // FRAME + 1)} | {0, len(whole)}
    for cut in sorted(cut for cut in cuts if cut <= len(whole)):
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / "journal.db").write_bytes(base)
        (folder / "journal.db-wal").write_bytes(whole[:cut])
        errors: list[StoreError] = []
        after = SqliteJournal(folder / "journal.db", "demo", errors.append)
        stored = [entry.feedback_id for entry in after.entries()]
        promised = sum(size <= cut for size in sizes)
        assert stored == [f"f{n}" for n in range(len(stored))], "in order, without a hole"
        assert len(stored) >= promised, f"cut at byte {cut}"
        assert after.load_memory() == (b"%d" % (len(stored) - 1) if stored else None), "of one transaction"
        assert errors == []
        put_and_wait(after, journal_entry(99))
        after.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize("room", range(0, 12, 2))
def test_a_file_that_may_not_grow_keeps_feedback_at_the_cost_of_telemetry(tmp_path: Path, room: int) -> None:
    path = tmp_path / "journal.db"
    errors: list[StoreError] = []
    journal = SqliteJournal(path, "demo", errors.append)
    for number in range(200):
        journal.append(journal_entry(number, event=b"x" * 2000, lasting=False))
    put_and_wait(journal, journal_entry(200))
    connection = journal._connection  # no other way to make its disk small
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages + room}")
    for number in range(100):
        journal.append(journal_entry(number, event=b"y" * 2000, lasting=False))
        put_and_wait(journal, journal_entry(number, event=b"z" * 500, feedback_id=f"f{number}"))
    kept = [entry.feedback_id for entry in journal.entries() if entry.feedback_id]
    assert kept == [f"f{n}" for n in range(100)]
    assert [e for e in errors if "Only what people do" in str(e)]
    journal.close()


def test_a_commit_interrupted_at_any_instruction_is_whole_or_not_there(tmp_path: Path) -> None:
    """SQLITE_INTERRUPT at virtual-machine step N: the batch is tried again, and stored once."""
    step = 1
    while True:
        path = tmp_path / f"{step}.db"
        journal = SqliteJournal(path, "demo")
        put_and_wait(journal, journal_entry(0))
        connection = journal._connection  # the fault is put into it
        assert connection is not None
        fired = _interrupt_once(connection, step)
        stored = threading.Event()
        journal.append(journal_entry(1, memory=b"1", feedback_id="f"), stored.set)
        assert stored.wait(20.0), f"never stored after an interruption at step {step}"
        assert [entry.effects for entry in journal.entries()] == [b"[0]", b"[1]"]
        assert journal.load_memory() == b"1"
        journal.close()
        if not fired.is_set():
            break  # the commit has fewer steps
        step += 7
    assert step > 20


def _interrupt_once(connection: sqlite3.Connection, step: int) -> threading.Event:
    fired = threading.Event()
    left = step

    def handler() -> int:
        nonlocal left
        left -= 1
        if left == 0:
            fired.set()
        return left == 0

    connection.set_progress_handler(handler, 1)
    return fired


def test_the_journal_keeps_its_contract(tmp_path: Path) -> None:
    number = iter(range(1000))
    check_journal(lambda: SqliteJournal(tmp_path / f"{next(number)}.db", "demo"))
