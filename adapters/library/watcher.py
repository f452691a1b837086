"""The brain's view of the music folders, kept fresh while the music plays."""

import asyncio
import math
import os
import threading
import time
from collections.abc import Callable, Container
from functools import partial
from typing import Final, NamedTuple

from adapters.library.find import FoundFile, OnFailed, absolute, find
from adapters.library.pool import Workers
from adapters.library.scanner import Scanner
from player.errors import LibraryError, LullError
from player.model import CatalogueEntry, TrackId
from player.ports.records import CatalogueStore
from player.settings import LibrarySettings
from player.units import Seconds

LOOK_AGAIN: Final = Seconds(60.0)  # what was added to a folder should be found while somebody still waits
GLANCE: Final = Seconds(3.0)  # a disk that is connected or pulled out: the resident may sit in silence
SETTLE: Final = Seconds(10.0)  # tuning constant: how long a copy may pause
DELIVER_EVERY: Final = Seconds(1.0)
LIBRARY: Final = "library"  # named when not one file or folder is at fault
DELIVER_AT_MOST: Final = 500  # entries at once: the inbox is not held up

Deliver = Callable[[tuple[CatalogueEntry, ...], tuple[TrackId, ...], bool], None]


class LibraryWatcher:
    """Delivers what changes in the music folders, as data of a `CatalogueChanged`.

    First what the catalogue has, at once; then what is found; then features, as a worker of the lowest
    priority finds them. `deliver(found, gone, complete)` is called about once a second at most, `complete`
    from the moment every folder was looked at. `on_failed(uri, why)` is called once for every state of a file
    or folder, with why "" when a folder can be read again or a bad file is gone. Both are called on the event
    loop.
    """

    def __init__(
        self,
        settings: LibrarySettings,
        catalogue: CatalogueStore,
        deliver: Deliver,
        on_failed: OnFailed,
        workers: Workers | None = None,
        *,
        look_again: Seconds = LOOK_AGAIN,
    ) -> None:
        self._settings, self._catalogue = settings, catalogue
        self._deliver, self._on_failed = deliver, on_failed
        self._workers = workers or Workers()
        self._look_again = look_again
        self._stop = threading.Event()
        self._looked = 0.0  # when the folders were last looked at, monotonic
        self._told: dict[str, str] = {}  # what is wrong with a folder or the catalogue just now
        self._bad: set[str] = set()  # files that were refused
        self._found = True  # any file, the last time
        self._waits_for_files = False  # all that was found is still being copied

    async def run(self) -> None:
        """Until cancelled. Disk and database are touched on a thread of its own."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def on_loop(call: Callable[..., object], *arguments: object) -> None:
            if not self._stop.is_set():
                loop.call_soon_threadsafe(call, *arguments)

        def work() -> None:
            try:
                self._work(_Outbox(partial(on_loop, self._deliver)), partial(on_loop, self._on_failed))
            except BaseException as error:  # noqa: BLE001 - raised again by `run`
                on_loop(ended.set_exception, error)

        thread = threading.Thread(target=work, name="library", daemon=True)
        thread.start()
        try:
            await ended
        finally:
            self._stop.set()
            await asyncio.to_thread(self._workers.close)
            await asyncio.to_thread(thread.join)

    # --- the thread -----------------------------------------------------------------------------------

    def _work(self, outbox: "_Outbox", on_failed: OnFailed) -> None:
        scanner: Scanner | None = None
        while not self._stop.is_set():
            self._looked = time.monotonic()
            disks = self._disks()
            try:
                if scanner is None:
                    on_bad = partial(self._refuse, on_failed)
                    scanner = Scanner(self._catalogue, self._workers, on_bad, settle=SETTLE)
                    self._load(scanner, outbox)
                self._look(scanner, outbox, on_failed)
                self._mended(on_failed, LIBRARY)
            except LullError as error:
                self._tell(on_failed, LIBRARY, str(error))
            self._wait(disks)

    def _wait(self, disks: "list[_Disk]") -> None:
        """Until it is time to look again; at once when a disk comes or goes."""
        soon = min(self._look_again, SETTLE) if self._waits_for_files else self._look_again
        while (left := self._looked + soon - time.monotonic()) > 0 and not self._stop.wait(min(GLANCE, left)):
            if any(then.changed(now, self._found) for then, now in zip(disks, self._disks(), strict=True)):
                return

    def _disks(self) -> "list[_Disk]":
        return [_Disk.at(place) for place in self._settings.folders]

    def _load(self, scanner: Scanner, outbox: "_Outbox") -> None:
        folders = tuple(os.path.join(absolute(place), "") for place in self._settings.folders)
        endings = tuple(f".{ending}".lower() for ending in self._settings.formats)
        for entry in scanner.known(lambda p: p.startswith(folders) and p.lower().endswith(endings)):
            outbox.offer(entry)
        outbox.flush()

    def _look(self, scanner: Scanner, outbox: "_Outbox", on_failed: OnFailed) -> None:
        files, readable = self._find(on_failed)
        present: dict[TrackId, tuple[FoundFile, CatalogueEntry]] = {}
        for file, entry in scanner.discover(tuple(files.values()), lambda: not self._stop.is_set()):
            if present.setdefault(entry.track.id, (file, entry)) == (file, entry):
                outbox.offer(entry)
        self._found, self._waits_for_files = bool(present), bool(files) and not present
        if self._stop.is_set():
            return
        outbox.keep_only(present)
        scanner.forget([p for p in scanner.paths() if p.startswith(readable) and p not in files])
        for path in [bad for bad in self._bad if bad.startswith(readable) and bad not in files]:
            self._bad.discard(path)
            on_failed(path, "")
        outbox.flush(complete=True)
        for file, learned in scanner.analyse(present.values(), self._fresh):
            if learned is not None:
                outbox.offer(learned)
            else:
                outbox.drop(next(i for i, (f, _) in present.items() if f is file))
        outbox.flush()
        if self._fresh():
            self._workers.rest()  # nothing left to do: give their memory back

    def _find(self, on_failed: OnFailed) -> tuple[dict[str, FoundFile], tuple[str, ...]]:
        """Files by path, and the folders that could be read."""
        files: dict[str, FoundFile] = {}
        readable: list[str] = []
        wrong: set[str] = set()

        def tell(uri: str, why: str) -> None:
            wrong.add(uri)
            self._tell(on_failed, uri, why)

        for place in self._settings.folders:
            try:
                files.update((file.path, file) for file in find([place], self._settings.formats, tell))
                readable.append(os.path.join(absolute(place), ""))
            except LibraryError as error:
                tell(place, str(error))
        for uri in set(self._told) - wrong - {LIBRARY}:
            self._mended(on_failed, uri)
        return files, tuple(readable)

    def _fresh(self) -> bool:
        """Whether it is too early to look at the folders again."""
        return not self._stop.is_set() and time.monotonic() < self._looked + self._look_again

    def _tell(self, on_failed: OnFailed, uri: str, why: str) -> None:
        if self._told.get(uri) != why:
            self._told[uri] = why
            on_failed(uri, why)

    def _mended(self, on_failed: OnFailed, uri: str) -> None:
        if self._told.pop(uri, None) is not None:
            on_failed(uri, "")

    def _refuse(self, on_failed: OnFailed, uri: str, why: str) -> None:
        self._bad.add(uri)
        on_failed(uri, why)


class _Disk(NamedTuple):
    """What tells one disk at a place from another, or from none."""

    device: int
    inode: int
    changed_ns: int

    @classmethod
    def at(cls, place: str) -> "_Disk":
        try:
            status = os.stat(absolute(place))
        except OSError:
            return cls(0, 0, 0)
        return cls(status.st_dev, status.st_ino, status.st_mtime_ns)

    def changed(self, now: "_Disk", found: bool) -> bool:
        """found: music is known; then a new file can wait, otherwise somebody waits for it."""
        return self[:2] != now[:2] or (not found and self != now)


class _Outbox:
    """Collects changes and delivers them in batches; what was delivered before is left out."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._delivered: dict[TrackId, CatalogueEntry] = {}
        self._found: dict[TrackId, CatalogueEntry] = {}
        self._gone: set[TrackId] = set()
        self._complete = False
        self._last = -math.inf  # monotonic

    def offer(self, entry: CatalogueEntry) -> None:
        track_id = entry.track.id
        if self._delivered.get(track_id) != entry:
            self._delivered[track_id] = self._found[track_id] = entry
            self._gone.discard(track_id)
        if time.monotonic() >= self._last + DELIVER_EVERY:
            self.flush()

    def drop(self, track_id: TrackId) -> None:
        if self._delivered.pop(track_id, None) is not None:
            self._found.pop(track_id, None)
            self._gone.add(track_id)

    def keep_only(self, present: Container[TrackId]) -> None:
        for track_id in [i for i in self._delivered if i not in present]:
            self.drop(track_id)

    def flush(self, *, complete: bool = False) -> None:
        found, gone = tuple(self._found.values()), tuple(sorted(self._gone))
        news = complete and not self._complete
        self._complete |= complete
        if not found and not gone and not news:
            return
        self._found.clear()
        self._gone.clear()
        self._last = time.monotonic()
        batches = [found[i : i + DELIVER_AT_MOST] for i in range(0, len(found), DELIVER_AT_MOST)] or [()]
        for batch in batches[:-1]:
            self._deliver(batch, (), False)
        self._deliver(batches[-1], gone, self._complete)
