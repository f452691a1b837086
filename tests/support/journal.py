"""A journal in memory that commits when told to."""

from collections.abc import Callable, Iterator

from player.ports.records import JournalEntry


class MemoryJournal:
    """`hold`: entries wait for `commit`, so that a test sees what happens before they are on disk."""

    def __init__(self, *, hold: bool = False) -> None:
        self._committed: list[JournalEntry] = []
        self._queued: list[tuple[JournalEntry, Callable[[], None] | None]] = []
        self._hold = hold

    def append(self, entry: JournalEntry, durable: Callable[[], None] | None = None) -> None:
        self._queued.append((entry, durable))
        if not self._hold:
            self.commit()

    def commit(self) -> None:
        queued, self._queued = self._queued, []
        for entry, durable in queued:
            known = {e.feedback_id for e in self._committed}
            if entry.feedback_id is None or entry.feedback_id not in known:
                self._committed.append(entry)
            if durable is not None:
                durable()

    def entries(self, boot: str | None = None) -> Iterator[JournalEntry]:
        return iter([e for e in self._committed if boot is None or e.boot == boot])

    def close(self) -> None:
        self.commit()
