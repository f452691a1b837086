"""`lull scan`: every file below some folders examined once, and what was found kept as it comes."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct, structs

from adapters.decode.av import is_url
from adapters.decode.web import shown
from adapters.library.copies import apart
from adapters.library.find import FoundFile, find
from adapters.library.jobs import Ask, Examined, Failure, examiner
from adapters.library.paths import PathMap
from adapters.library.pool import Workers
from adapters.library.scanner import unchanged
from player.errors import LibraryError
from player.model import CatalogueEntry, ScanMode, Track, TrackFeatures, TrackId
from player.ports.records import FileRecord
from player.units import Seconds

COMMIT_EVERY: Final = Seconds(1.0)  # what a killed scan loses at most, beside what its workers were at
Found = tuple[FileRecord, Track | None, TrackFeatures | None]


class ScanStore(Protocol):
    """The part of the catalogue that a scan needs. Raises `StoreError`."""

    def look_up(self, path: str) -> tuple[FileRecord, CatalogueEntry | None] | None:
        """What is known of a file and its track."""
        ...

    def of_size(self, size: int) -> list[CatalogueEntry]:
        """Tracks that files of `size` bytes proved to be."""
        ...

    def save(self, found: Iterable[Found]) -> None:
        """In one transaction."""
        ...


class ScanFailure(Struct, frozen=True):
    uri: str
    error: str


class ScanResult(Struct, frozen=True, kw_only=True):
    """What `lull scan --json` prints (DESIGN section 9)."""

    mode: str
    tracks: int = 0  # files newly analysed
    skipped: int = 0  # files known before, and further copies of a track
    failed: tuple[ScanFailure, ...] = ()
    incomplete: tuple[ScanFailure, ...] = ()  # analysed as far as they can be read
    audio_s: float = 0.0  # audio newly analysed
    wall_s: float = 0.0
    songs_per_hour: float = 0.0  # `tracks` per hour of `wall_s`


OnProgress = Callable[[int, int, str], None]  # files done, files in all, path of the newest; "": known before


class Scan:
    """One scan, which may be interrupted and repeated at any time: what is done is done.

    The parent keeps one small object for every file that is yet to do; workers never touch the catalogue.
    """

    def __init__(
        self,
        store: ScanStore,
        workers: Workers,
        mode: ScanMode = ScanMode.FULL,
        *,
        busy: float = 1.0,
        paths: PathMap | None = None,
        on_progress: OnProgress = lambda _done, _total, _path: None,
    ) -> None:
        """busy: share of a core for each worker; paths: how workers reach the files."""
        self._store, self._workers, self._mode = store, workers, mode
        self._busy, self._paths, self._on_progress = busy, paths or PathMap(), on_progress
        self._begin = self._committed = time.monotonic()
        self._unsaved: list[Found] = []
        self._failed: list[ScanFailure] = []
        self._incomplete: list[ScanFailure] = []
        self._total = self._tracks = self._skipped = 0
        self._audio = 0.0

    def run(self, places: Iterable[str], formats: Sequence[str]) -> ScanResult:
        """Examine every file that the catalogue does not know well enough.

        Raises `LibraryError` for a place that cannot be read, when there is no music at all, and when workers
        cannot be had; `StoreError`. `result` then says, as after an interrupt, what was done.
        """
        places = tuple(places)
        files = list(find(places, formats, self._fail))
        if not files and not self._failed:
            kinds = ", ".join(formats)
            raise LibraryError(
                f"No music ({kinds}) in {', '.join(places)}: put files there, or name another folder."
            )
        self._total = len(files) + len(self._failed)
        todo = [file for file in files if not self._is_done(file)]
        del files
        self._on_progress(self._done, self._total, "")
        try:
            different, copies = apart(todo)
            self._examine(different)
            if copies:  # they may prove to be known by now
                self._commit()
                self._examine(copies)
        finally:
            self._commit()
        return self.result()

    def result(self) -> ScanResult:
        """What was done and saved so far."""
        wall = time.monotonic() - self._begin
        lost = [features for _, track, features in self._unsaved if track]
        tracks = self._tracks - sum(features is not None for features in lost)
        return ScanResult(
            mode=self._mode.value,
            tracks=tracks,
            skipped=self._skipped - sum(features is None for features in lost),
            failed=tuple(self._failed),
            incomplete=tuple(self._incomplete),
            audio_s=round(self._audio - sum(features.heard for features in lost if features), 3),
            wall_s=round(wall, 3),
            songs_per_hour=round(3600.0 * tracks / wall, 1) if wall > 0 else 0.0,
        )

    @property
    def _done(self) -> int:
        return self._tracks + self._skipped + len(self._failed)

    def _is_done(self, file: FoundFile) -> bool:
        known = self._store.look_up(file.path)
        if known is None:
            return False
        record, entry = known
        if (record.size, record.mtime_ns) != (file.size, file.mtime_ns):
            return False
        if record.error:
            self._fail(file.path, record.error)
            return True
        if self._suffices(entry):
            self._skipped += 1
            return True
        return False

    def _suffices(self, entry: CatalogueEntry | None) -> bool:
        if entry is None or entry.features is None:
            return False
        return self._mode is ScanMode.QUICK or entry.features.scan_mode is ScanMode.FULL

    def _examine(self, files: list[FoundFile]) -> None:
        asked: dict[str, FoundFile] = {}
        for file in files:
            path = self._paths.of_worker(file.path)
            if path in asked:
                self._fail(file.path, f"is looked for at {path}, as {asked[path].path} is: check --map.")
            else:
                asked[path] = file
        asks = (Ask(path, self._perhaps(file)) for path, file in asked.items())
        for ask, result in self._workers.run(examiner(self._mode, self._busy), asks):
            file = asked.pop(ask.path)
            self._take(file, result, ask.path)
            self._on_progress(self._done, self._total, file.path)
            if time.monotonic() >= self._committed + COMMIT_EVERY:
                self._commit()

    def _perhaps(self, file: FoundFile) -> tuple[TrackId, ...]:
        """Tracks that need no analysis and that a retagged, renamed or copied file may prove to be."""
        before = self._store.look_up(file.path)
        candidates = [before[1] if before else None, *self._store.of_size(file.size)]
        return tuple({entry.track.id: None for entry in candidates if entry and self._suffices(entry)})

    def _take(self, file: FoundFile, result: Examined | Failure, reached: str) -> None:
        """reached: the path or URL by which the worker looked for the file."""
        record = FileRecord(path=file.path, size=file.size, mtime_ns=file.mtime_ns)
        if not unchanged(file):
            gone = not os.path.exists(file.path)
            self._fail(file.path, f"{'went' if gone else 'changed'} while it was read: scan again.")
        elif isinstance(result, Failure):
            # what a worker does not reach says nothing of the file; what is behind a URL, little
            astray = reached != file.path and (not result.lasting or is_url(reached))
            if result.lasting and not astray:
                self._unsaved.append((structs.replace(record, error=result.why), None, None))
            where = f"is looked for at {shown(reached)}, which " if astray else ""
            self._fail(file.path, f"{where}{result.why}{' Check --map.' if astray else ''}")
        else:
            track = structs.replace(result.track, uri=file.path)
            self._unsaved.append((structs.replace(record, track_id=track.id), track, result.features))
            if result.features is None:
                self._skipped += 1
            else:
                self._tracks += 1
                self._audio += result.features.heard
                if result.missing:
                    self._incomplete.append(ScanFailure(track.uri, result.missing))

    def _fail(self, uri: str, why: str) -> None:
        self._failed.append(ScanFailure(uri, why))

    def _commit(self) -> None:
        if self._unsaved:
            self._store.save(self._unsaved)
            self._unsaved = []
        self._committed = time.monotonic()
