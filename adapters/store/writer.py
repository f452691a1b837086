"""One thread that writes journal entries in batches, and the bounded queue before it."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from adapters.store.database import OnError
from player.errors import StoreError
from player.ports.records import JournalEntry

BATCH: Final = 0.05  # s; an entry without `durable` waits at most this long for company
QUEUE_LIMIT: Final = 10_000  # entries; over an hour of a disk that does not answer
SHED: Final = 1_000  # entries dropped at once, so that dropping costs little per entry
RETRY_FIRST, RETRY_LAST = 0.5, 10.0  # s between attempts after a failure
CLOSE_PATIENCE: Final = 3.0  # s; a broken disk must not hold up the end of the service
CLOSE_PAUSE: Final = 0.1  # s between the last attempts

Durable = Callable[[], None]
Queued = tuple[JournalEntry, Durable | None]
Commit = Callable[[Sequence[JournalEntry]], Sequence[bool]]


class BatchWriter:
    """Calls `commit` on its own thread with what was put, in order; tries again until it works.

    `commit` says for each entry whether it is on disk now, or raises `StoreError` when none is.

    When `limit` entries wait, the oldest that carry no `durable`, memory or feedback are dropped. Those that
    do are never dropped; only when 2 × `limit` of them wait is a new one refused. `dropped` counts both.
    `on_error` is told of the first failure in a row and of every loss, where it happens; it must
    not wait, neither must `durable`.
    """

    def __init__(
        self,
        commit: Commit,
        on_error: OnError,
        *,
        limit: int = QUEUE_LIMIT,
        retry: float = RETRY_FIRST,
        patience: float = CLOSE_PATIENCE,
    ) -> None:
        self._commit, self._on_error = commit, on_error
        self._limit, self._retry, self._patience = limit, retry, patience
        self._queue: deque[Queued] = deque()
        self._changed = threading.Condition()
        self._urgent = False
        self._closing = False
        self.dropped = 0
        self.failing = ""  # why nothing can be written just now, "" when it can
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, entry: JournalEntry, durable: Durable | None) -> None:
        """Queue one entry without waiting for the disk. Raises `StoreError` once closed."""
        with self._changed:
            if self._closing:
                raise StoreError("The journal is closed: nothing can be written any more.")
            dropped = self._shed() if len(self._queue) >= self._limit else 0
            if len(self._queue) < 2 * self._limit:
                self._queue.append((entry, durable))
                self._urgent |= durable is not None
                self._changed.notify()
            else:
                dropped += 1
        if dropped:
            self._lost(dropped, self.failing or "the disk is too slow")

    def close(self) -> None:
        """Write what is queued, for at most `patience` seconds when the disk fails. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _shed(self) -> int:
        kept: deque[Queued] = deque()
        dropped = 0
        for entry, durable in self._queue:
            telemetry = durable is None and not (entry.lasting and (entry.memory or entry.feedback_id))
            if telemetry and dropped < min(SHED, self._limit // 2):
                dropped += 1
            else:
                kept.append((entry, durable))
        self._queue = kept
        return dropped

    # --- writer's thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        pause, deadline = self._retry, math.inf
        while batch := self._next_batch():
            try:
                stored = self._commit([entry for entry, _ in batch])
            except Exception as failed:  # noqa: BLE001  a thread's boundary: what waits must not wait for ever
                error = failed if isinstance(failed, StoreError) else _unexpected(failed)
                self._put_back(batch, error)
                with self._changed:
                    closing = self._changed.wait_for(lambda: self._closing, pause)
                pause = min(2 * pause, RETRY_LAST)
                if closing:
                    deadline = min(deadline, time.monotonic() + self._patience)
                    if time.monotonic() >= deadline:
                        self._abandon(error)
                        return
                    time.sleep(CLOSE_PAUSE)
            else:
                self.failing, pause = "", self._retry
                self._report(batch, stored)

    def _next_batch(self) -> list[Queued]:
        """What waits, once something does; empty only when closed and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            self._changed.wait_for(lambda: self._urgent or self._closing, BATCH)
            batch = list(self._queue)
            self._queue.clear()
            self._urgent = False
            return batch

    def _put_back(self, batch: list[Queued], error: StoreError) -> None:
        with self._changed:
            self._queue.extendleft(reversed(batch))
        first, self.failing = not self.failing, str(error)
        if first:
            self._on_error(error)

    def _report(self, batch: list[Queued], stored: Sequence[bool]) -> None:
        for (entry, durable), on_disk in zip(batch, stored, strict=True):
            if not on_disk:
                self._lost(1, f"an entry of run {entry.boot!r} cannot be stored in any file")
            elif durable is not None:
                try:
                    durable()
                except Exception as error:  # noqa: BLE001 - a caller's mistake must not end the writer
                    self._on_error(StoreError(f"A stored journal entry could not be acknowledged: {error!r}"))

    def _abandon(self, error: StoreError) -> None:
        with self._changed:
            left = len(self._queue)
            self._queue.clear()
        self._lost(left, str(error))

    def _lost(self, count: int, why: str) -> None:
        with self._changed:
            self.dropped += count
        self._on_error(StoreError(f"{count} journal entries were lost: {why}"))


def _unexpected(error: Exception) -> StoreError:
    return StoreError(f"The journal cannot be written ({type(error).__name__}: {error}). It is tried again.")
