"""`python -m tests.faults [--only NAME]… [--json]`: the table of faults. Exit 1 when a goal was missed."""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.faults import clock, disk, music, processes, sound, streams  # noqa: F401  each adds its rows
from tests.faults.journal import Kills, kill_often
from tests.faults.row import FAULTS, STEP_DB, WITHOUT_MUSIC_S, Fault, Measured, chosen
from tests.faults.stage import render_pieces, stage
from tests.support.pulse import pulse_server


def main() -> None:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="part of the name of a fault")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--kills", type=int, default=300, help="of the journal under load; 0: none")
    parser.add_argument("--list", action="store_true", help="names only")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(FAULTS))
        return
    table: list[Measured] = []
    out = sys.stderr if arguments.json else sys.stdout
    with tempfile.TemporaryDirectory(prefix="lull-faults-") as name:
        folder = Path(name)
        render_pieces(folder / "pieces")
        print(f"{'fault':34} {'silent s':>8} {'step dB':>8} {'back s':>7} {'lost':>9}", file=out)
        for number, fault in enumerate(chosen(arguments.only)):
            try:
                table.append(measure(folder / str(number), folder / "pieces", fault))
            except Exception as error:  # noqa: BLE001  a row that could not be measured is a row that failed
                table.append(failed(fault, error))
            print(line(table[-1]), file=out, flush=True)
        kills = kill_often(folder / "journal.db", 0 if arguments.only else arguments.kills)
    missed = [row.fault for row in table if not row.good]
    if kills.kills:
        print(told(kills), file=out)
    if kills.lost or kills.unsound or kills.errors:
        missed.append("journal killed")
    if arguments.json:
        goal = {"without_music_s": WITHOUT_MUSIC_S, "step_db": STEP_DB, "lost": 0}
        print(
            msgspec.json.encode({"goal": goal, "faults": table, "journal": kills, "missed": missed}).decode()
        )
    else:
        print(
            f"goal: at most {WITHOUT_MUSIC_S} s, {STEP_DB} dB, 0 lost; missed: {', '.join(missed) or 'none'}"
        )
    sys.exit(bool(missed))


def measure(folder: Path, pieces: Path, fault: Fault) -> Measured:
    """One fault in a room of its own."""
    folder.mkdir()
    with pulse_server() as pulse:
        with stage(folder, pieces, pulse) as room, fault.around(room):
            fault.settings(room.settings)
            room.play()
            act = fault.inject(room)
            silent, step, recovery = room.listen(act, fault.after_s)
        promised, stored = room.acknowledged(), room.stored()
    return Measured(
        fault=fault.name,
        without_music_s=round(silent, 2),
        step_db=round(step, 1),
        recovery_s=round(recovery, 2),
        acknowledged=len(promised),
        lost=len(promised - stored),
        acknowledges=fault.acknowledges,
        note=fault.note,
    )


def told(kills: Kills) -> str:
    return (
        f"journal killed {kills.kills} times under load: {kills.acknowledged} entries acknowledged, "
        f"{kills.lost} lost, {kills.unsound} files damaged {'; '.join(kills.errors)}"
    )


def failed(fault: Fault, error: Exception) -> Measured:
    words = " ".join(str(error).split())
    return Measured(
        fault=fault.name,
        without_music_s=999.0,
        step_db=0.0,
        recovery_s=999.0,
        acknowledged=0,
        lost=0,
        note=f"{type(error).__name__}: {words[-400:]}",
    )


def line(row: Measured) -> str:
    mark = "" if row.good else "  MISSED"
    lost = f"{row.lost}/{row.acknowledged}"
    return (
        f"{row.fault:34} {row.without_music_s:8.2f} {row.step_db:8.1f} {row.recovery_s:7.2f} {lost:>9}"
        f"{mark}  {row.note}"
    )


if __name__ == "__main__":
    main()
