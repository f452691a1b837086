"""What every `player.ports.records.Journal` does."""

import threading
from collections.abc import Callable

from player.ports.records import Journal, JournalEntry
from player.units import Seconds

PATIENCE_S = 10.0


def journal_entry(number: int, boot: str = "a", **more: object) -> JournalEntry:
    values = {"boot": boot, "at": Seconds(1000.0 + number), "event": b"{}", "effects": b"[%d]" % number}
    return JournalEntry(**(values | more))  # type: ignore[arg-type]  # the caller names fields


def put_and_wait(journal: Journal, entry: JournalEntry) -> None:
    """Append, and return once it is durable."""
    stored = threading.Event()
    journal.append(entry, stored.set)
    assert stored.wait(PATIENCE_S), "never became durable"


def effects(journal: Journal, boot: str | None = None) -> list[bytes]:
    return [entry.effects for entry in journal.entries(boot)]


def check_journal(make: Callable[[], Journal]) -> None:
    """`make` gives a new, empty journal each time."""
    for check in (
        _keeps_the_order,
        _has_what_was_acknowledged,
        _acknowledges_in_order,
        _stores_feedback_once,
        _gives_one_run,
        _writes_what_is_queued_on_close,
        _gives_back_what_was_put,
    ):
        journal = make()
        try:
            check(journal)
        finally:
            journal.close()
            journal.close()


def _keeps_the_order(journal: Journal) -> None:
    assert effects(journal) == []
    for number in range(50):
        journal.append(journal_entry(number))
    put_and_wait(journal, journal_entry(50))
    assert effects(journal) == [b"[%d]" % number for number in range(51)]


def _has_what_was_acknowledged(journal: Journal) -> None:
    seen: list[list[bytes]] = []
    stored = threading.Event()

    def durable() -> None:
        seen.append(effects(journal))
        stored.set()

    journal.append(journal_entry(1), durable)
    assert stored.wait(PATIENCE_S)
    assert seen == [[b"[1]"]]


def _acknowledges_in_order(journal: Journal) -> None:
    order: list[int] = []
    for number in range(20):
        journal.append(journal_entry(number), lambda number=number: order.append(number))  # type: ignore[misc]
    put_and_wait(journal, journal_entry(20))
    assert order == list(range(20))


def _stores_feedback_once(journal: Journal) -> None:
    put_and_wait(journal, journal_entry(1, feedback_id="f"))
    put_and_wait(journal, journal_entry(2, feedback_id="f"))
    put_and_wait(journal, journal_entry(3, feedback_id="g"))
    put_and_wait(journal, journal_entry(4))
    assert effects(journal) == [b"[1]", b"[3]", b"[4]"]


def _gives_one_run(journal: Journal) -> None:
    for number, boot in enumerate("abab"):
        put_and_wait(journal, journal_entry(number, boot))
    assert effects(journal, "a") == [b"[0]", b"[2]"]
    assert effects(journal, "c") == []


def _writes_what_is_queued_on_close(journal: Journal) -> None:
    for number in range(30):
        journal.append(journal_entry(number))
    journal.close()
    assert len(effects(journal)) == 30


def _gives_back_what_was_put(journal: Journal) -> None:
    entry = journal_entry(7, event=bytes(range(256)), feedback_id="é")
    put_and_wait(journal, entry)
    assert list(journal.entries()) == [entry]
