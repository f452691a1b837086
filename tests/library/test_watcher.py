"""The folders as the brain sees them, while they change."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.library.pool import Workers
from adapters.library.watcher import LibraryWatcher
from adapters.store.catalogue import Catalogue
from player.errors import StoreError
from player.model import CatalogueEntry, TrackId
from player.ports.records import FileRecord
from player.settings import LibrarySettings
from player.units import Seconds
from tests.support.music import music

PATIENCE_S = 20.0


class Brain:
    """What the session would know from what was delivered."""

    def __init__(self) -> None:
        self.music: dict[TrackId, CatalogueEntry] = {}
        self.complete = False
        self.failed: list[tuple[str, str]] = []
        self.deliveries: list[tuple[int, int, bool]] = []
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def deliver(self, found: tuple[CatalogueEntry, ...], gone: tuple[TrackId, ...], complete: bool) -> None:
        self.music.update({entry.track.id: entry for entry in found})
        for track_id in gone:
            del self.music[track_id]
        self.complete |= complete
        self.deliveries.append((len(found), len(gone), complete))
        self._notify()

    def on_failed(self, uri: str, why: str) -> None:
        self.failed.append((uri, why))
        self._notify()

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.create_task(notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(true)

    @property
    def titles(self) -> set[str]:
        return {entry.track.title for entry in self.music.values()}

    @property
    def analysed(self) -> set[str]:
        return {entry.track.title for entry in self.music.values() if entry.features is not None}


@asynccontextmanager
async def watching(
    catalogue: Catalogue, workers: Workers, *folders: Path, look_again: float = 0.05
) -> AsyncIterator[Brain]:
    brain = Brain()
    settings = LibrarySettings(folders=tuple(str(folder) for folder in folders))
    watcher = LibraryWatcher(
        settings, catalogue, brain.deliver, brain.on_failed, workers, look_again=Seconds(look_again)
    )
    task = asyncio.create_task(watcher.run())
    try:
        yield brain
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_music_is_found_analysed_added_changed_and_removed(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    music(folder / "b.mp3", 2)
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: brain.analysed == {"a", "b"} and brain.complete)
        music(folder / "deep" / "c.flac", 3)
        await brain.wait(lambda: "c" in brain.analysed)
        (folder / "a.mp3").unlink()
        await brain.wait(lambda: brain.titles == {"b", "c"})
        (folder / "b.mp3").rename(folder / "renamed.mp3")
        await brain.wait(lambda: brain.titles == {"renamed", "c"})
        assert brain.analysed == {"renamed", "c"}
        assert {Path(entry.track.uri).name for entry in brain.music.values()} == {"renamed.mp3", "c.flac"}
    assert brain.failed == []


class NoExecutor(Exception):
    pass


def refuse() -> Executor:
    raise NoExecutor("a worker was started")


async def test_what_was_refused_is_told_when_it_is_mended_or_gone(
    folder: Path, catalogue: Catalogue, workers: Workers, tmp_path: Path
) -> None:
    music(folder / "a.mp3", 1)
    (folder / "b.mp3").write_bytes(b"no music" * 100)
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: any("b.mp3" in uri for uri, _ in brain.failed))
        (folder / "b.mp3").unlink()
        await brain.wait(lambda: (str(folder / "b.mp3"), "") in brain.failed)
        shutil.move(folder, tmp_path / "away")
        await brain.wait(lambda: brain.failed[-1][0] == str(folder) and brain.failed[-1][1] != "")
        shutil.move(tmp_path / "away", folder)
        await brain.wait(lambda: brain.failed[-1] == (str(folder), ""))


async def test_what_is_known_is_there_at_once_and_costs_no_worker(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: brain.analysed == {"a"} and brain.complete)
    async with watching(catalogue, Workers(refuse), folder) as brain:
        await brain.wait(lambda: brain.complete)
        assert brain.deliveries[0] == (1, 0, False)  # before any folder was looked at
        assert brain.analysed == {"a"}


async def test_the_catalogue_gives_only_what_is_in_the_folders_of_now(
    folder: Path, tmp_path: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    music(tmp_path / "music of others" / "b.mp3", 2)
    async with watching(catalogue, workers, folder, tmp_path / "music of others") as brain:
        await brain.wait(lambda: brain.analysed == {"a", "b"})
    async with watching(catalogue, Workers(refuse), folder) as brain:
        await brain.wait(lambda: brain.complete)
        assert brain.titles == {"a"}


async def test_what_vanished_while_away_is_taken_back(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    for number in range(2):
        music(folder / f"{number}.mp3", number)
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: brain.analysed == {"0", "1"})
    (folder / "0.mp3").unlink()
    async with watching(catalogue, Workers(refuse), folder) as brain:
        await brain.wait(lambda: brain.complete)
        assert brain.titles == {"1"}
    assert set(catalogue.files()) == {str(folder / "1.mp3")}


async def test_a_missing_folder_is_told_once_and_found_when_it_comes(
    tmp_path: Path, folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    stick = tmp_path / "stick"
    music(folder / "a.mp3", 1)
    async with watching(catalogue, workers, folder, stick) as brain:
        await brain.wait(lambda: brain.complete and brain.analysed == {"a"})
        music(tmp_path / "prepared" / "b.mp3", 2)
        (tmp_path / "prepared").rename(stick)
        await brain.wait(lambda: brain.analysed == {"a", "b"})
        assert [why == "" for _, why in brain.failed] == [False, True]
        shutil.move(stick, tmp_path / "away")
        await brain.wait(lambda: brain.titles == {"a"} and len(brain.failed) == 3)
        assert str(stick / "b.mp3") in catalogue.files()  # it will come back
    assert {uri for uri, _ in brain.failed} == {str(stick)}
    assert "connect the disk" in brain.failed[0][1]


@pytest.mark.parametrize("folders", [0, 1])
async def test_an_empty_folder_and_no_folder_are_complete(
    folder: Path, catalogue: Catalogue, folders: int
) -> None:
    async with watching(catalogue, Workers(refuse), *[folder][:folders]) as brain:
        await brain.wait(lambda: brain.complete)
        assert brain.deliveries == [(0, 0, True)]


@pytest.mark.parametrize("known", [False, True])
async def test_a_bad_file_is_told_once_and_never_delivered(
    folder: Path, catalogue: Catalogue, workers: Workers, known: bool
) -> None:
    bad = folder / "bad.mp3"
    bad.write_text("text")
    os.utime(bad, (1.0, 1.0))
    if known:
        status = bad.stat()
        catalogue.record(
            FileRecord(path=str(bad), size=status.st_size, mtime_ns=status.st_mtime_ns, error="is bad")
        )
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: brain.complete and bool(brain.failed))
        for number in range(3):  # three more looks at the folder
            music(folder / f"{number}.flac", number)
            await brain.wait(lambda number=number: str(number) in brain.analysed)  # type: ignore[misc]
        assert brain.titles == {"0", "1", "2"}
    ((uri, why),) = brain.failed
    assert uri == str(bad)
    assert why == ("is bad" if known else "is not an audio file, or is damaged: replace or remove it.")


async def test_a_bad_file_that_may_still_be_being_copied_is_not_told_yet(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    (folder / "copying.flac").touch()
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: brain.complete)
        music(folder / "copying.flac", 1)
        await brain.wait(lambda: brain.analysed == {"copying"})
    assert brain.failed == []


async def test_the_first_piece_does_not_wait_for_the_last(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    for number in range(6):
        music(folder / f"{number}.flac", number)
    async with watching(catalogue, workers, folder, look_again=60.0) as brain:
        await brain.wait(lambda: len(brain.analysed) == 6)
    assert brain.deliveries[0] == (1, 0, False)
    assert len(brain.deliveries) <= 5  # not one for each of twelve steps


class Full(Catalogue):
    """A disk that is full until `space`."""

    space = False

    def record(self, file: FileRecord, track: object = None) -> None:
        if not self.space:
            raise StoreError("disk full")
        super().record(file, track)  # type: ignore[arg-type]


async def test_a_disk_that_is_connected_is_seen_long_before_the_next_look(
    tmp_path: Path, catalogue: Catalogue, workers: Workers
) -> None:
    stick, empty = tmp_path / "stick", tmp_path / "empty"
    music(tmp_path / "prepared" / "a.mp3", 1)
    music(tmp_path / "b.mp3", 2)
    empty.mkdir()
    async with watching(catalogue, workers, stick, empty, look_again=3600.0) as brain:
        await brain.wait(lambda: brain.complete)
        shutil.move(tmp_path / "b.mp3", empty)  # nothing is known: even one new file is waited for
        await brain.wait(lambda: brain.titles == {"b"})
        shutil.move(tmp_path / "prepared", stick)
        await brain.wait(lambda: brain.titles == {"a", "b"})
        shutil.move(stick, tmp_path / "away")
        await brain.wait(lambda: brain.titles == {"b"})


async def test_a_full_disk_is_told_once_and_tried_again(
    folder: Path, tmp_path: Path, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    catalogue = Full(tmp_path / "c.db")
    async with watching(catalogue, workers, folder) as brain:
        await brain.wait(lambda: bool(brain.failed))
        catalogue.space = True
        await brain.wait(lambda: brain.analysed == {"a"} and len(brain.failed) == 2)
    assert brain.failed == [("library", "disk full"), ("library", "")]
    catalogue.close()


async def test_an_unexpected_error_ends_run(folder: Path, catalogue: Catalogue) -> None:
    music(folder / "a.mp3", 1)
    settings = LibrarySettings(folders=(str(folder),))
    watcher = LibraryWatcher(settings, catalogue, lambda *_: None, lambda *_: None, Workers(refuse))
    with pytest.raises(NoExecutor):
        async with asyncio.timeout(PATIENCE_S):
            await watcher.run()
