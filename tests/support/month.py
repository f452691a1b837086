"""A simulated resident's days, written into a real journal as the brain writes them."""

import threading
from pathlib import Path

from msgspec import json

from adapters.brain import journalled
from adapters.store.journal import SqliteJournal
from player.ports.records import JournalEntry
from player.session.messages import Effect, Event, FeedbackArrived, Remember
from player.simulation.life import Life
from player.simulation.parameters import World

AT_ONCE = 100  # entries
PATIENCE_S = 60.0


def write_month(
    path: Path, *, days: int, policy: str = "learn", seed: int = 1, randomise: bool = False
) -> str:
    """The pseudonym of the resident."""
    journal: SqliteJournal | None = None
    waiting: list[JournalEntry] = []

    def watch(event: Event, effects: tuple[Effect, ...]) -> None:
        memory = [json.encode(e.memory) for e in effects if isinstance(e, Remember)]
        entry = JournalEntry(
            boot="simulation",
            at=event.at,
            event=json.encode(event),
            effects=journalled(effects),
            memory=memory[-1] if memory else None,
            feedback_id=event.feedback.id if isinstance(event, FeedbackArrived) else None,
        )
        waiting.append(entry)
        if journal is not None and len(waiting) >= AT_ONCE:
            write(journal)

    def write(journal: SqliteJournal) -> None:
        """And wait for it: a simulated day is quicker than a disk, and a full queue drops telemetry."""
        stored = threading.Event()
        for number, entry in enumerate(waiting, 1):
            journal.append(entry, stored.set if number == len(waiting) else None)
        waiting.clear()
        assert stored.wait(PATIENCE_S)

    life = Life(World(), policy, seed, 0, watch, randomise=randomise, progress=True)
    journal = SqliteJournal(path, life.person.profile.id)
    for _ in range(days):
        life.day()
    write(journal)
    journal.close()
    return life.person.profile.id
