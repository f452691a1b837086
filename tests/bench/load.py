"""Processor share, memory, start-up and underruns while real recordings play with live analysis."""

import multiprocessing
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.support.lull import PRESENT, Lull, lull, person
from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import pulse_server

ROOT = "lull/v1/home1/bench"
QUIET_S = 60.0  # of playing undisturbed


def measure(folder: Path, minutes: float) -> None:
    folder.mkdir(parents=True)
    resident = folder / "resident.yaml"
    resident.write_text("{id: bench, quiet_hours: null}")
    settings = {
        "site": "home1",
        "player": "bench",
        "resident": str(resident),
        "library": {"folders": [str(RECORDINGS)]},
        "data": str(folder / "data"),
        "web": {"listen": None},
    }
    with pulse_server() as pulse:
        with lull(settings, folder, pulse.env) as cold, person(cold.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing")
            cold.wait_line(r"library: \d+ pieces, all analysed", timeout=600)
        began = time.monotonic()
        with (
            lull(settings, folder, pulse.env) as warm,
            pulse.record() as recording,
            person(warm.port, ROOT) as staff,
        ):
            staff.wait("state/playback", lambda s: s["state"] == "playing")
            recording.wait_frames(recording.frames + 48_000)
            sounding = np.flatnonzero(np.abs(recording.pcm()).max(axis=1) > 1e-5)
            first = recording.played_at(int(sounding[0])) - began
            print(f"start → first sound, warm library: {first:.1f} s (budget 2 s)", flush=True)
            undisturbed(warm)
            beside_busy_cores(warm, minutes)


def undisturbed(running: Lull) -> None:
    processes = {"brain": running.process.pid, "audio": running.children()["audio"]}
    time.sleep(20.0)  # rings fill
    before = {name: cpu_s(pid) for name, pid in processes.items()}
    time.sleep(QUIET_S)
    shares = {name: 100.0 * (cpu_s(pid) - before[name]) / QUIET_S for name, pid in processes.items()}
    memory = {name: memory_mib(pid) for name, pid in processes.items()}
    print(
        f"playing with analysis, {QUIET_S:.0f} s: "
        + ", ".join(f"{name} {shares[name]:.1f} % of a core, {memory[name]:.0f} MiB" for name in processes)
        + f"; together {sum(shares.values()):.1f} % (budget 5 %), "
        f"{together_mib(*processes.values()):.0f} MiB (budget 160 MiB; what both share counts once)",
        flush=True,
    )


def beside_busy_cores(running: Lull, minutes: float) -> None:
    audio = running.children()["audio"]
    busy = [multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in busy:
        process.start()
    memory = [together_mib(audio, running.process.pid)]
    with person(running.port, ROOT) as staff:
        since = time.monotonic()
        time.sleep(minutes * 60.0)
        memory.append(together_mib(audio, running.process.pid))
        status = staff.wait("status", since=since, timeout=90.0)
    for process in busy:
        process.terminate()
    print(
        f"{minutes:.0f} minutes beside {len(busy)} busy processes on {os.cpu_count()} cores: "
        f"{status['underruns']} underruns, memory {memory[0]:.0f} → {memory[1]:.0f} MiB",
        flush=True,
    )


def burn() -> None:
    while True:
        sum(range(10_000))


def cpu_s(pid: int) -> float:
    """User and system time of a process, seconds."""
    fields = (PRESENT / str(pid) / "stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Resident memory."""
    pages = int((PRESENT / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def together_mib(*pids: int) -> float:
    """Resident memory of several processes; of a file that more than one maps, the largest part counts.

    (On two such processes within 0.1 MiB of a count of their physical pages.)
    """
    own, shared = 0, Counter[str]()
    for pid in pids:
        mapped = Counter[str]()
        place = ""
        for line in (PRESENT / str(pid) / "smaps").read_text().splitlines():
            key, _, rest = line.partition(":")
            if key in ("Rss", "Anonymous"):
                size = int(rest.split()[0])
                own += size if key == "Anonymous" else 0
                mapped[place] += size if key == "Rss" else -size
            elif (
                "-" in key.split(" ")[0]
            ):  # the head of a mapping: range, rights, offset, device, inode, file
                fields = line.split(maxsplit=5)
                place = f"{fields[2]} {fields[5] if len(fields) > 5 else ''}"
        shared |= mapped  # the larger of each
    return (own + shared.total()) / 1024.0
