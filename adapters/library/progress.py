"""`lull scan` for a person who watches: workers chosen, progress, rate, what is left, what was refused."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.library.interrupt import DeafPool
from adapters.library.pace import BUSY
from adapters.library.paths import PathMap
from adapters.library.pool import Workers
from adapters.library.scan import Scan, ScanResult, ScanStore
from adapters.logs import legible
from player.errors import LibraryError, LullError, StoreError, UsageError
from player.model import ScanMode

BATCH: Final = {ScanMode.QUICK: 8, ScanMode.FULL: 2}  # files carried at once: about a second of work
MOST_PER_CORE: Final = 8  # processes; some help where files come over a network, thousands stop the machine


class ScanOptions(Struct, frozen=True, kw_only=True):
    mode: ScanMode = ScanMode.FULL
    workers: int = 0  # 0: one for each core
    cluster: str = ""  # address of a Dask scheduler; "": processes on this machine
    paced: bool = False  # one worker, a quarter of its core, after everything else
    maps: tuple[str, ...] = ()  # LOCAL=REMOTE: how workers reach the files


STOPPED: Final = "Stopped: what was analysed is kept; the same command goes on from there."


class Interrupted(Exception):
    """The scan ended early. Attributes: result, what was done; why."""

    def __init__(self, result: ScanResult, why: LullError) -> None:
        super().__init__(str(why))
        self.result, self.why = result, why


def scan_watched(
    paths: Sequence[Path], formats: Sequence[str], store: ScanStore, options: ScanOptions, console: Console
) -> ScanResult:
    """Scan with a progress line on `console`.

    Raises `UsageError`, `LibraryError`, and once it began `Interrupted`.
    """
    path_map = PathMap(options.maps)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    seen = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    scan: Scan | None = None
    try:
        with _workers(options) as workers, seen as progress:
            task = progress.add_task("starting", total=None, rate="")

            def on_progress(done: int, total: int, path: str) -> None:
                if not path:  # what is known already says nothing of how long the rest will take
                    progress.reset(task, total=total, completed=done, rate="")
                    return
                rate = f"{scan.result().songs_per_hour:,.0f} an hour" if scan else ""
                name = legible(Path(path).name)[:40]
                progress.update(task, completed=done, total=total, description=name, rate=rate)

            busy = BUSY if options.paced else 1.0
            scan = Scan(store, workers, options.mode, busy=busy, paths=path_map, on_progress=on_progress)
            result = scan.run([str(path) for path in paths], formats)
    except KeyboardInterrupt:
        done = scan.result() if scan else ScanResult(mode=options.mode.value)
        raise Interrupted(done, LibraryError(STOPPED)) from None
    except (LibraryError, StoreError) as error:
        if scan is None:
            raise
        raise Interrupted(scan.result(), error) from error
    tell(result, console)
    return result


def tell(result: ScanResult, console: Console) -> None:
    """What was refused or breaks off, and why, then the counts."""
    for failure in (*result.failed, *result.incomplete):
        console.print(
            legible(f"{failure.uri}: {failure.error}"), markup=False, highlight=False, soft_wrap=True
        )
    counts = f"{result.tracks} analysed, {result.skipped} known, {len(result.failed)} refused"
    console.print(
        f"{counts} in {result.wall_s:.1f} s ({result.songs_per_hour:.0f} an hour).", highlight=False
    )


@contextmanager
def _workers(options: ScanOptions) -> Iterator[Workers]:
    batch = BATCH[options.mode]
    if options.cluster:
        from adapters.library.cluster import Cluster

        cluster = Cluster(options.cluster)
        try:
            with Workers(lambda: cluster, cluster.width, batch=batch, check=cluster.check) as workers:
                yield workers
        finally:
            cluster.shutdown(cancel_futures=True)
        return
    cores = os.cpu_count() or 1
    most = MOST_PER_CORE * cores
    if options.workers > most:
        raise UsageError(f"--workers {options.workers}: at most {most} on the {cores} cores of this machine.")
    width = 1 if options.paced else options.workers or cores
    batch = 1 if options.paced else batch
    pools: list[DeafPool] = []

    def pool() -> DeafPool:
        pools.append(DeafPool(width, paced=options.paced))
        return pools[-1]

    try:
        with Workers(pool, width, batch=batch) as workers:
            yield workers
    finally:
        for one in pools:
            one.kill()
