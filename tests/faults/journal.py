"""The journal is killed at random moments under load: `python -m tests.faults --kills 300`."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

from msgspec import Struct

from adapters.store.journal import SqliteJournal
from player.errors import StoreError

ROOT = Path(__file__).parents[2]
LONGEST = 600  # acknowledged entries before a kill


class Kills(Struct, frozen=True, kw_only=True):
    kills: int
    acknowledged: int
    lost: int
    unsound: int  # files that `PRAGMA integrity_check` found damaged
    errors: list[str]


def kill_often(path: Path, kills: int, seed: int = 1) -> Kills:
    """A process writes without end and is killed after a random number of acknowledgements, `kills` times."""
    dice = Random(seed)
    acknowledged = lost = unsound = 0
    errors: list[StoreError] = []
    for number in range(kills):
        boot = f"run{number}"
        last = _killed_after(path, boot, dice.randrange(1, LONGEST))
        acknowledged += last
        with closing(sqlite3.connect(path)) as look:
            unsound += look.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
        journal = SqliteJournal(path, "demo", errors.append)
        stored = [int(entry.event) for entry in journal.entries(boot)]
        lost += max(0, last - len(stored)) + (stored != list(range(1, len(stored) + 1)))
        lost += int(journal.load_memory() or 0) != len(stored)  # it comes in the same transaction
        journal.close()
    return Kills(
        kills=kills, acknowledged=acknowledged, lost=lost, unsound=unsound, errors=[str(e) for e in errors]
    )


def _killed_after(path: Path, boot: str, count: int) -> int:
    """Number of the last entry that was acknowledged before the process died."""
    argv = [sys.executable, "-m", "tests.support.journal_child", str(path), boot]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(count):
            if not process.stdout.readline():
                raise RuntimeError("the writing process ended by itself")
        process.kill()
        rest = process.stdout.read().splitlines()
    return int(rest[-1]) if rest else count
