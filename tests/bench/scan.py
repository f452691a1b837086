"""Songs an hour, beside others; where the time goes; what a quick scan knows of what a full one would say."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.library.excerpts import excerpts
from adapters.store.catalogue import Catalogue
from player.model import TrackFeatures
from tests.bench.peers import INSTALL_PEERS, PEERS, missing, one_thread
from tests.bench.songs import make_songs, recordings
from tests.evaluate.statistics import interval, rank_correlation

ROOT = Path(__file__).parents[2]
WORKERS = 2
GOALS = {"quick": 50_000, "full": 12_500}  # songs an hour, issue 3

Values = NDArray[np.float64]


def measure(folder: Path, pieces: int, cuts: int) -> None:
    """Print all figures. `pieces` recordings, each cut `cuts` times into another file of 210 s."""
    try:
        songs = make_songs(folder / "music", pieces, cuts)
    except FileNotFoundError as error:
        print(f"scan: left out: {error}", flush=True)
        return
    files = [str(cut) for piece in songs for cut in piece]
    print(f"scan: {len(files)} MP3 files of 210 s, two workers, {os.cpu_count()} cores", flush=True)
    for mode, goal in GOALS.items():
        before = cpu_of_children()
        answer, peak = run_scan(folder, folder / "music", mode)
        cost = (cpu_of_children() - before) / len(files)
        print(
            f"lull scan --mode {mode}: {answer['songs_per_hour']:,.0f} songs an hour (goal {goal:,}), "
            f"{cost:.3f} s of processor a song, start included; "
            f"{len(answer['failed'])} refused; peak memory {peak:.0f} MiB in all processes",
            flush=True,
        )
    for name, module, job, enough in PEERS:
        if missing(module):
            print(f"{name}: left out: not installed: {INSTALL_PEERS}", flush=True)
        else:
            try:
                rate = songs_per_hour(job, files[:: max(1, len(files) // enough)][:enough])
                print(f"{name}: {rate:,.0f} songs an hour", flush=True)
            except BrokenProcessPool:
                print(f"{name}: left out: it crashed", flush=True)
    # The songs above may be medleys, which have no tempo: what is agreed on are recordings as they are.
    originals = folder / "recordings"
    originals.mkdir()
    for number, path in enumerate(recordings()):
        shutil.copyfile(path, originals / f"{number:03}{path.suffix}")
    for mode in GOALS:
        run_scan(folder / "as they are", originals, mode)
    agreement(*(features(folder / "as they are" / mode) for mode in GOALS))


def run_scan(folder: Path, music: Path, mode: str, *more: str) -> tuple[dict[str, Any], float]:
    """What `lull scan --json` answers, and the largest memory of all its processes together, MiB."""
    data = folder / mode
    data.mkdir(parents=True)
    config = data / "lull.yaml"
    (data / "resident.yaml").write_text("id: bench\n")
    config.write_text(f"resident: resident.yaml\ndata: {data}\n")
    argv = [sys.executable, "-m", "adapters.cli", "scan", str(music), "--mode", mode, "--json"]
    argv += ["--workers", str(WORKERS), "--config", str(config), *more]
    peak = 0.0
    with subprocess.Popen(argv, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(resident_mib, family(process.pid))))
            time.sleep(0.1)
        out = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"lull scan ended with {process.returncode}")
    answer: dict[str, Any] = json.loads(out)
    return answer, peak


def cpu_of_children() -> float:
    """Seconds of processor of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))
    except OSError:
        return


def resident_mib(pid: int) -> float:
    """Proportional: what processes share counts once."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024.0
    except OSError:
        pass
    return 0.0


def songs_per_hour(job: Callable[[str], None], files: list[str]) -> float:
    """Without start-up: each worker has done one file before."""
    one_thread()  # inherited by the processes that start now
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(job, files[:WORKERS]))
        begin = time.monotonic()
        list(pool.map(job, files))
        return 3600.0 * len(files) / (time.monotonic() - begin)


def features(data: Path) -> dict[str, TrackFeatures]:
    """By track, of those of which a quick scan hears excerpts."""
    with closing(Catalogue(data / "catalogue.db")) as catalogue:
        return {
            entry.track.id: entry.features
            for entry in catalogue.analysed()
            if entry.features and excerpts(entry.track.duration)
        }


def agreement(quick: dict[str, TrackFeatures], full: dict[str, TrackFeatures]) -> None:
    """Rank correlation of calmness, and how often the tempo is the same, each with its 95 % interval."""
    common = sorted(quick.keys() & full.keys())
    both = [(quick[i], full[i]) for i in common]
    calm = np.array([(q.affect.calmness, f.affect.calmness) for q, f in both if q.affect and f.affect])
    # where the quick scan finds none, it is wrong
    tempo = np.array([(q.tempo or 0.0, f.tempo) for q, f in both if f.tempo])
    level = np.array(
        [
            q.integrated_loudness - f.integrated_loudness
            for q, f in both
            if q.integrated_loudness is not None and f.integrated_loudness is not None
        ]
    )
    print(f"quick beside full, {len(both)} recordings:", flush=True)
    if len(calm) > 2:
        told("rank correlation of calmness", interval(rank_correlation, *calm.T), "goal 0.95")
    if len(tempo):
        told("tempo within 4 %", interval(same_tempo, tempo), "goal 0.90")
        told("tempo within 4 %, octaves and thirds forgiven", interval(same_pulse, tempo))
    if len(level):
        print(
            f"  loudness: median difference {np.median(np.abs(level)):.2f} LU, "
            f"largest {np.abs(level).max():.1f} LU",
            flush=True,
        )


def told(name: str, figure: str, goal: str = "") -> None:
    print(f"  {name}: {figure} {goal}", flush=True)


def same_tempo(pairs: Values) -> float:
    return float(np.mean(np.abs(pairs[:, 0] / pairs[:, 1] - 1.0) <= 0.04))


def same_pulse(pairs: Values) -> float:
    ratio = pairs[:, 0] / pairs[:, 1]
    return float(np.mean([min(abs(r / o - 1.0) for o in (1 / 3, 0.5, 1.0, 2.0, 3.0)) <= 0.04 for r in ratio]))
