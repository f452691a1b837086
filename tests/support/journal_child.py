"""Writes journal entries without end, and a line on standard output for each that is durable."""

import itertools
import os
import sys
from functools import partial
from pathlib import Path

from adapters.store.journal import SqliteJournal
from player.ports.records import JournalEntry
from player.units import Seconds

AHEAD = 200  # entries not yet acknowledged


def main() -> None:
    path, boot = Path(sys.argv[1]), sys.argv[2]
    journal = SqliteJournal(path, "demo")
    acknowledged = 0

    def durable(number: int) -> None:
        nonlocal acknowledged
        os.write(1, b"%d\n" % number)
        acknowledged = number

    for number in itertools.count(1):
        while number > acknowledged + AHEAD:
            os.sched_yield()
        json = b"%d" % number
        journal.append(
            JournalEntry(boot=boot, at=Seconds(float(number)), event=json, effects=json, memory=json),
            partial(durable, number),
        )


if __name__ == "__main__":
    main()
