"""kill -9 while it writes: what was acknowledged is there. `make faults` does it 300 times."""

from pathlib import Path

from tests.faults.journal import Kills, kill_often

ROUNDS = 4


def test_every_acknowledged_entry_survives_kill_9(tmp_path: Path) -> None:
    found = kill_often(tmp_path / "journal.db", ROUNDS)
    assert found == Kills(kills=ROUNDS, acknowledged=found.acknowledged, lost=0, unsound=0, errors=[])
    assert found.acknowledged >= ROUNDS
