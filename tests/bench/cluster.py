"""`python -m tests.bench.cluster`: a scan on 1, 2 and 4 Dask workers here, one killed meanwhile."""

import argparse
import os
import tempfile
from pathlib import Path

from adapters.library.cluster import Cluster
from adapters.library.pool import Workers
from adapters.library.scan import Scan, ScanResult
from adapters.store.catalogue import Catalogue
from player.model import CatalogueEntry, ScanMode, TrackId
from tests.bench.songs import make_songs
from tests.support.dask_cluster import dask_cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument("--mode", type=ScanMode, choices=list(ScanMode), default=ScanMode.QUICK)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lull-cluster-") as place:
        folder = Path(place)
        make_songs(folder / "music", chosen.pieces, chosen.cuts)
        first: dict[TrackId, CatalogueEntry] | None = None
        for workers, kill in ((1, False), (2, False), (4, False), (4, True)):
            result, entries = scan_on(folder, workers, chosen.mode, kill=kill)
            first = entries if first is None else first
            what = "one killed in the middle, " if kill else ""
            same = "the same results" if entries == first else "OTHER RESULTS"
            print(
                f"{workers} workers on {os.cpu_count()} cores: {what}{result.tracks} analysed, "
                f"{len(result.failed)} refused, {result.songs_per_hour:,.0f} songs an hour, {same}",
                flush=True,
            )


def scan_on(
    folder: Path, workers: int, mode: ScanMode, *, kill: bool
) -> tuple[ScanResult, dict[TrackId, CatalogueEntry]]:
    name = f"{workers}{'-killed' if kill else ''}"
    catalogue = Catalogue(folder / f"{name}.db")
    with dask_cluster(folder / name, workers) as machines:
        cluster = Cluster(machines.address)
        cluster.wait_for(workers)

        def on_progress(done: int, total: int, _path: str) -> None:
            if kill and done == total // 2:
                machines.workers[0].kill()

        with Workers(lambda: cluster, workers, batch=4, check=cluster.check) as remote:
            scan = Scan(catalogue, remote, mode, on_progress=on_progress)
            result = scan.run([str(folder / "music")], ("mp3",))
        cluster.shutdown()
    entries = catalogue.entries()
    catalogue.close()
    return result, entries


if __name__ == "__main__":
    main()
