"""A resident's day through the real session and the real mixer: `python -m tests.soak.virtual --hours 24`."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
from msgspec import Struct

from player.model import Verb
from player.session.messages import Show
from player.units import Seconds
from tests.soak.sound import MixedSound
from tests.support.world import LIBRARY, World

SILENT_DB = -110.0  # dBFS, peak: nothing at all; people may make it very soft
ENTERING_S = 3.0  # after a start, a stop or a fault, before silence counts
WARM_UP_H = 1.0  # before memory is fitted
VERBS = (Verb.NEXT, Verb.LIKE, Verb.DISLIKE, Verb.CALM, Verb.LOUDER, Verb.QUIETER, Verb.PAUSE, Verb.PLAY)


class Found(Struct, frozen=True, kw_only=True):
    hours: float
    wall_s: float
    events: int
    pieces: int
    swaps: int
    crashes: int
    silent_s: float  # although music was to be heard
    underruns: int
    bad_samples: int
    refused: int  # commands that the mixer did not take
    memory_mib: float
    slope_mib_per_day: float


class Day(World):
    """A `World` whose sound is mixed, and which keeps nothing of what is past."""

    sound: MixedSound  # type: ignore[assignment]  # it takes the same commands and gives the same reports

    def _sound(self) -> MixedSound:  # type: ignore[override]
        return MixedSound({e.track.id: e.track.duration for e in self.library}, self.at)

    def forget(self) -> tuple[int, int]:
        """Drop what was written down; events, and decisions among the effects."""
        counted = len(self.events), len(self.decisions)
        self.events.clear()
        self.effects[:] = [Show(state=self.playback)]
        return counted


def soak(hours: float, seed: int = 1) -> Found:
    """`hours` of virtual time; what was found wrong."""
    dice = Random(seed)
    day = Day(LIBRARY)
    day.begin()
    began, start = time.monotonic(), day.at
    agitation, events, swaps, crashes, pieces = 0.3, 0, 0, 0, 0
    underruns = bad = refused = 0
    silent, quiet_until, memory = 0.0, day.at + ENTERING_S, []
    last = day.heard
    while day.at - start < hours * 3600.0:
        elapsed = day.at - start
        day.minute = int(720 + elapsed / 60.0) % 1440
        agitation = min(max(agitation + dice.gauss(0.0, 0.05), 0.0), 1.0)
        day.agitated(agitation)
        if dice.random() < 1 / 120:
            day.command(dice.choice(VERBS))
            quiet_until = day.at + ENTERING_S
        if dice.random() < 1 / 600:
            underruns, bad = underruns + day.sound.mixer.underruns, bad + day.sound.mixer.faults
            refused += len(day.sound.faults)
            day.crash_audio()
            crashes, quiet_until = crashes + 1, day.at + ENTERING_S
        if day.playback.state in ("paused", "held", "idle"):
            if dice.random() < 1 / 10:
                day.command(Verb.PLAY)
            quiet_until = day.at + ENTERING_S
        for _ in range(10):
            day.run(1.0)
            meant = day.playback.state in ("playing", "soothing") and day.at > quiet_until
            silent += meant and day.sound.peak < SILENT_DB
        pieces += day.heard != last
        last = day.heard
        if len(day.events) > 5_000:
            handled, decided = day.forget()
            events, swaps = events + handled, swaps + decided
            memory.append((elapsed / 3600.0, memory_mib()))
            if len(memory) % 20 == 0:
                print(f"{elapsed / 3600.0:5.1f} h  {memory[-1][1]:.1f} MiB", file=sys.stderr, flush=True)
    warm = [m for m in memory if m[0] >= min(WARM_UP_H, hours / 4)] or memory
    hour, mib = np.array(warm).T if len(warm) > 2 else (np.zeros(2), np.zeros(2))
    slope = float(np.polyfit(hour, mib, 1)[0]) * 24.0 if len(warm) > 2 else 0.0
    return Found(
        hours=hours,
        wall_s=round(time.monotonic() - began, 1),
        events=events,
        pieces=pieces,
        swaps=swaps,
        crashes=crashes,
        silent_s=silent,
        underruns=underruns + day.sound.mixer.underruns,
        bad_samples=bad + day.sound.mixer.faults,
        refused=refused + len(day.sound.faults),
        memory_mib=round(memory[-1][1], 1) if memory else round(memory_mib(), 1),
        slope_mib_per_day=round(slope, 2),
    )


def memory_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of virtual time")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = soak(Seconds(arguments.hours), arguments.seed)
    print(json.dumps({name: getattr(found, name) for name in found.__struct_fields__}))
    sys.exit(bool(found.underruns or found.bad_samples or found.refused or found.silent_s))


if __name__ == "__main__":
    main()
