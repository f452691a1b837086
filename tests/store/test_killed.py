"""kill -9 while it writes: what was acknowledged is there."""

import subprocess
import sys
from pathlib import Path

from adapters.store.journal import SqliteJournal

ROOT = Path(__file__).parents[2]
ROUNDS = 4


def acknowledged_before_death(path: Path, boot: str, count: int) -> int:
    """Number of the last entry that a writing process, killed after about `count`, had acknowledged."""
    argv = [sys.executable, "-m", "tests.support.journal_child", str(path), boot]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(count):
            assert process.stdout.readline(), "ended by itself"
        process.kill()
        rest = process.stdout.read().splitlines()  # what it said before it died
    return int(rest[-1]) if rest else count


def test_every_acknowledged_entry_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    promised: dict[str, int] = {}
    for number in range(ROUNDS):
        boot = f"run{number}"
        promised[boot] = acknowledged_before_death(path, boot, count=1 + 137 * number)
        errors: list[Exception] = []
        journal = SqliteJournal(path, "demo", errors.append)
        for run, last in promised.items():
            stored = [int(entry.event) for entry in journal.entries(run)]
            assert stored == list(range(1, len(stored) + 1))
            assert len(stored) >= last
        memory = journal.load_memory()
        assert memory is not None
        assert int(memory) == len(list(journal.entries(boot)))  # of the same transaction
        assert journal.boots() == tuple(promised)
        assert errors == []
        journal.close()
