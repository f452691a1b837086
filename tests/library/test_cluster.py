"""The same scan on a Dask cluster: same results, also when a worker is killed in the middle."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.library.cluster import Cluster
from adapters.library.paths import PathMap
from adapters.library.pool import WorkerPool, Workers
from adapters.library.scan import Scan, ScanResult
from adapters.store.catalogue import Catalogue
from player.errors import LibraryError, UsageError
from player.model import CatalogueEntry, ScanMode, TrackId
from player.settings import LibrarySettings
from tests.support.dask_cluster import dask_cluster
from tests.support.music import music

FORMATS = LibrarySettings().formats
FILES = 24


def scanned(
    folder: Path,
    data: Path,
    workers: Workers,
    paths: PathMap | None = None,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
) -> tuple[ScanResult, dict[TrackId, CatalogueEntry]]:
    catalogue = Catalogue(data)
    try:
        scan = Scan(catalogue, workers, ScanMode.QUICK, paths=paths, on_progress=on_progress)
        return scan.run([str(folder)], FORMATS), catalogue.entries()
    finally:
        catalogue.close()


def test_a_killed_worker_costs_nothing(folder: Path, tmp_path: Path) -> None:
    for number in range(FILES):
        music(folder / f"{number}.flac", number, seconds=4.0)
    (folder / "bad.mp3").write_text("text")
    (tmp_path / "elsewhere").symlink_to(folder)
    with Workers(WorkerPool) as local:
        expected_result, expected = scanned(folder, tmp_path / "local.db", local)
    with dask_cluster(tmp_path / "dask", workers=2) as machines:
        cluster = Cluster(machines.address)
        remote = Workers(lambda: cluster, 2, batch=2, check=cluster.check)

        def kill_one(done: int, _total: int, _path: str) -> None:
            if done == 3:
                machines.workers[0].kill()

        paths = PathMap([f"{folder}={tmp_path / 'elsewhere'}"])  # the workers' own name of the folder
        with remote:
            result, entries = scanned(folder, tmp_path / "remote.db", remote, paths, kill_one)
        assert machines.workers[0].wait() != 0
    assert (result.tracks, result.skipped, result.failed) == (FILES, 0, expected_result.failed)
    assert entries == expected


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_lost_scheduler_condemns_no_file(
    folder: Path,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("adapters.library.pool.LOOK_EVERY", 0.5)
    for name in range(FILES):
        music(folder / f"{name}.flac", name, seconds=4.0)
    catalogue = Catalogue(tmp_path / "lost.db")
    with dask_cluster(tmp_path / "dask", workers=1) as machines:
        cluster = Cluster(machines.address)

        def lose(done: int, _total: int, _path: str) -> None:
            if done == 3:
                machines.scheduler.send_signal(number)

        with Workers(lambda: cluster, 1, check=cluster.check) as remote:
            scan = Scan(catalogue, remote, ScanMode.QUICK, on_progress=lose)
            with pytest.raises(LibraryError, match="went away: start it and scan again"):
                scan.run([str(folder)], FORMATS)
        cluster.shutdown(cancel_futures=True)
    kept = len(catalogue.entries())
    assert 3 <= kept < FILES
    assert not [record for record in catalogue.files().values() if record.error]
    catalogue.close()
    with Workers(WorkerPool) as local:
        result, entries = scanned(folder, tmp_path / "lost.db", local)
    assert (result.tracks, result.skipped, result.failed) == (FILES - kept, kept, ())
    assert len(entries) == FILES
    assert not [record for record in caplog.records if record.name.startswith(("distributed", "tornado"))]


def test_a_scheduler_that_does_not_answer_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.library.cluster.CONNECT_WITHIN", 0.5)
    with pytest.raises(LibraryError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9: start one"):
        Cluster("tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:8786", "tcp://nowhere", "inproc://x", ""])
def test_what_is_no_address_is_told_at_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # it is not even asked
    with pytest.raises(UsageError, match=r"such as tcp://HOST:8786"):
        Cluster(address)


def test_a_scheduler_with_certificates_needs_settings_of_dask() -> None:
    with pytest.raises(LibraryError, match=r"name them in Dask's own settings"):
        Cluster("tls://127.0.0.1:9")


def test_without_dask_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LibraryError, match=r"pip install 'lull\[cluster\]'"):
        Cluster("tcp://127.0.0.1:9")


def test_local_paths_become_those_of_the_workers() -> None:
    paths = PathMap(["/music=http://nas:80/m", "/music/deep=/mnt/x/"])
    assert paths.of_worker("/music/a b/ü.mp3") == "http://nas:80/m/a%20b/%C3%BC.mp3"
    assert paths.of_worker("/music/deep/a b.mp3") == "/mnt/x/a b.mp3"
    assert paths.of_worker("/musical/a.mp3") == "/musical/a.mp3"
    for wrong in ("", "/a", "=b", "a="):
        with pytest.raises(UsageError, match="write LOCAL=REMOTE"):
            PathMap([wrong])
