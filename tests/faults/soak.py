"""Real faults every 20 s in one Lull: memory, and gaps elsewhere. `python -m tests.faults.soak`."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
from msgspec import Struct

from tests.faults import processes, sound
from tests.faults.row import WITHOUT_MUSIC_S
from tests.faults.stage import SILENT_DB, Act, Stage, longest_gap, render_pieces, stage
from tests.support.level import rms_db
from tests.support.lull import PRESENT
from tests.support.pulse import pulse_server

EVERY_S = 20.0
AFTER_S = 6.0  # of a fault, or of the device's return: until then a gap is the fault's
WARM_UP = 0.2  # of the run, before memory is fitted


class Cycle(Struct, frozen=True, kw_only=True):
    fault: str
    gap_s: float  # because of the fault
    late_s: float  # the longest gap at any other time
    brain_mib: float
    audio_mib: float


def busy(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.pactl("suspend-sink", "bed", "1")
    time.sleep(3.0)
    stage.pulse.pactl("suspend-sink", "bed", "0")
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


def server_stopped(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.signal(signal.SIGSTOP)
    time.sleep(3.0)
    stage.pulse.signal(signal.SIGCONT)
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


# The brain is not killed here: its memory is what is looked at.
FAULTS = (
    ("broker killed", processes.broker_killed),
    ("broker stopped", processes.broker_stopped),
    ("brain stopped", processes.brain_stopped),
    ("sink suspended", busy),
    ("sound server stopped", server_stopped),
    ("sound server restarted", sound.server_restarted),
    ("audio process killed", processes.audio_killed),
    ("audio process stopped", processes.audio_stopped),
)


def cycle(room: Stage, number: int, dice: Random) -> Cycle:
    """One fault, 20 s of sound."""
    began = time.monotonic()
    name, inject = FAULTS[number % len(FAULTS)]
    room.record_again()
    before = room.recording
    time.sleep(dice.uniform(2.0, 5.0))
    act = inject(room)
    over = (act.returned or act.began) + AFTER_S
    time.sleep(max(began + EVERY_S, over + 2.0) - time.monotonic())
    since = act.returned or act.began
    start = room.recording.played_at(0)
    heard = room.recording.pcm()
    split = round((over - start) * 48_000)
    first = max(0, round((since - start) * 48_000))
    late = longest_gap(heard[split:])
    calm = before.pcm()[: max(0, round((act.began - before.played_at(0)) * 48_000))]
    sounding = np.flatnonzero(rms_db(calm, 0.010) > SILENT_DB)  # a fast recorder hears silence first
    late = max(late, longest_gap(calm[int(sounding[0]) * 480 :]) if len(sounding) else EVERY_S)
    return Cycle(
        fault=name,
        gap_s=round(longest_gap(heard[first:split]), 2),
        late_s=round(late, 2),
        brain_mib=round(memory_mib(room.lull.process.pid), 1),
        audio_mib=round(memory_mib(room.lull.children()["audio"]), 1),
    )


def memory_mib(pid: int) -> float:
    """Resident memory."""
    pages = int((PRESENT / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def slope(values: list[float]) -> float:
    """MiB per hour, after the warm-up."""
    warm = values[int(WARM_UP * len(values)) :]
    if len(warm) < 3:
        return 0.0
    hours = np.arange(len(warm)) * EVERY_S / 3600.0
    return round(float(np.polyfit(hours, np.array(warm), 1)[0]), 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak-real", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    cycles: list[Cycle] = []
    dice = Random(1)
    with tempfile.TemporaryDirectory(prefix="lull-soak-") as name, pulse_server() as pulse:
        folder = Path(name)
        render_pieces(folder / "pieces")
        with stage(folder / "room", folder / "pieces", pulse) as room:
            room.play()
            began = time.monotonic()
            while time.monotonic() - began < minutes * 60.0:
                cycles.append(cycle(room, len(cycles), dice))
                print(cycles[-1], file=sys.stderr, flush=True)
                room.forget_recordings()
            promised = room.acknowledged()
            restarts = room.lull.restarts
        lost = promised - room.stored()
    late = [c for c in cycles if c.late_s > 0.0]
    found = {
        "minutes": round(len(cycles) * EVERY_S / 60.0, 1),
        "faults": len(cycles),
        "longest_gap_s": max(c.gap_s for c in cycles),
        "late_outside_faults": len(late),
        "brain_mib": cycles[-1].brain_mib,
        "brain_slope_mib_per_h": slope([c.brain_mib for c in cycles]),
        "audio_mib": cycles[-1].audio_mib,
        "audio_slope_mib_per_h": slope([c.audio_mib for c in cycles]),
        "brain_restarts": restarts,
        "acknowledged": len(promised),
        "lost": len(lost),
    }
    print(json.dumps(found))
    gaps = [c for c in cycles if c.gap_s > WITHOUT_MUSIC_S]
    sys.exit(bool(late or gaps or lost or restarts or not promised))


if __name__ == "__main__":
    main()
