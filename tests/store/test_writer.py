"""The queue before the disk, with a disk that fails when told to."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from adapters.store.writer import BatchWriter
from player.errors import StoreError
from player.ports.records import JournalEntry
from tests.contracts.journal import PATIENCE_S, journal_entry


class Disk:
    """Takes what it is given, unless it is `broken`."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.broken = False
        self.attempts = 0
        self.attempted = threading.Condition()

    def commit(self, entries: Sequence[JournalEntry]) -> list[bool]:
        with self.attempted:
            self.attempts += 1
            self.attempted.notify_all()
        if self.broken:
            raise StoreError("disk full")
        self.stored += [entry.effects for entry in entries]
        return [True] * len(entries)

    def wait_attempts(self, count: int) -> None:
        with self.attempted:
            assert self.attempted.wait_for(lambda: self.attempts >= count, PATIENCE_S)


@contextmanager
def writing(disk: Disk, limit: int = 100) -> Iterator[tuple[BatchWriter, list[StoreError]]]:
    errors: list[StoreError] = []
    writer = BatchWriter(disk.commit, errors.append, limit=limit, retry=0.01, patience=0.05)
    try:
        yield writer, errors
    finally:
        writer.close()


def put_and_wait(writer: BatchWriter, entry: JournalEntry) -> None:
    stored = threading.Event()
    writer.put(entry, stored.set)
    assert stored.wait(PATIENCE_S)


def test_a_failing_disk_is_told_once_and_tried_until_it_works() -> None:
    disk = Disk()
    with writing(disk) as (writer, errors):
        disk.broken = True
        for number in range(5):
            writer.put(journal_entry(number), None)
        disk.wait_attempts(4)
        assert [str(error) for error in errors] == ["disk full"]
        assert writer.failing == "disk full"
        disk.broken = False
        put_and_wait(writer, journal_entry(5))
        assert disk.stored == [b"[%d]" % number for number in range(6)]
        assert writer.failing == ""
        disk.broken = True
        writer.put(journal_entry(6), None)
        disk.wait_attempts(disk.attempts + 2)
        assert len(errors) == 2
        disk.broken = False
    assert disk.stored[-1] == b"[6]"


@pytest.mark.parametrize("step", range(6))
def test_failing_once_at_any_step_loses_nothing(step: int) -> None:
    disk = Disk()
    with writing(disk) as (writer, errors):
        for number in range(6):
            if number == step:
                disk.broken = True
                writer.put(journal_entry(number), None)
                disk.wait_attempts(disk.attempts + 1)
                disk.broken = False
            else:
                put_and_wait(writer, journal_entry(number))
    assert disk.stored == [b"[%d]" % number for number in range(6)]
    assert len(errors) == 1


def test_a_full_queue_drops_the_oldest_telemetry_and_nothing_else() -> None:
    disk = Disk()
    disk.broken = True
    with writing(disk, limit=10) as (writer, errors):
        writer.put(journal_entry(0, memory=b"m"), None)
        writer.put(journal_entry(1, feedback_id="f"), None)
        writer.put(journal_entry(2), lambda: None)
        for number in range(3, 40):
            writer.put(journal_entry(number), None)
        disk.wait_attempts(disk.attempts + 1)
        disk.broken = False
        put_and_wait(writer, journal_entry(40))
        kept = disk.stored
        assert kept[:3] == [b"[0]", b"[1]", b"[2]"]
        assert kept == sorted(kept, key=lambda e: int(e[1:-1]))
        assert kept[-2:] == [b"[39]", b"[40]"]
        assert len(kept) + writer.dropped == 41
        assert writer.dropped > 0
        assert any("were lost: disk full" in str(error) for error in errors)


def test_precious_entries_are_refused_only_beyond_twice_the_limit() -> None:
    disk = Disk()
    disk.broken = True
    with writing(disk, limit=10) as (writer, _):
        disk.wait_attempts(0)
        for number in range(60):
            writer.put(journal_entry(number, memory=b"m"), None)
        refused = writer.dropped
        assert 0 < refused <= 40  # up to 20 more are in the writer's hands
        disk.broken = False
    assert len(disk.stored) == 60 - refused
    assert disk.stored[0] == b"[0]"


def test_a_disk_that_stays_broken_does_not_hold_up_the_end() -> None:
    disk = Disk()
    disk.broken = True
    with writing(disk) as (writer, errors):
        for number in range(5):
            writer.put(journal_entry(number), None)
    assert writer.dropped == 5
    assert "5 journal entries were lost: disk full" in str(errors[-1])


def test_an_acknowledgement_that_fails_does_not_end_the_writer() -> None:
    disk = Disk()
    with writing(disk) as (writer, errors):

        def broken() -> None:
            raise RuntimeError("loop is closed")

        writer.put(journal_entry(0), broken)
        put_and_wait(writer, journal_entry(1))
    assert disk.stored == [b"[0]", b"[1]"]
    assert "loop is closed" in str(errors[0])


def test_what_nobody_expected_does_not_end_the_writing() -> None:
    disk = Disk()
    faults: list[Exception] = [OSError("the folder has gone"), RuntimeError("a fault of ours")]

    def commit(entries: Sequence[JournalEntry]) -> list[bool]:
        if faults:
            raise faults.pop(0)
        return disk.commit(entries)

    errors: list[StoreError] = []
    writer = BatchWriter(commit, errors.append, retry=0.01)
    put_and_wait(writer, journal_entry(1))
    writer.close()
    assert disk.stored == [b"[1]"]
    assert ["the folder has gone" in str(error) for error in errors] == [True]
