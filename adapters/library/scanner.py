"""From files to catalogue entries for the brain: first what is quick to know, later the features."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import structs

from adapters.library.find import FoundFile, OnFailed
from adapters.library.jobs import Failure, analyse_file, identify_file
from adapters.library.pool import Workers
from player.model import CatalogueEntry, ScanMode, Track, TrackFeatures, TrackId
from player.ports.records import CatalogueStore, FileRecord
from player.units import Seconds

AT_ONCE: Final = Seconds(0.0)
GoOn = Callable[[], bool]


class Scanner:
    """Brings the catalogue up to date with the files there are; workers never touch it."""

    def __init__(
        self,
        catalogue: CatalogueStore,
        workers: Workers,
        on_failed: OnFailed,
        *,
        settle: Seconds = AT_ONCE,
    ) -> None:
        """Loads the catalogue. Raises `StoreError`, as every method does.

        settle: a file changed less than this ago may still be being copied; if it fails, it is not told yet.
        """
        self._catalogue, self._workers, self._on_failed = catalogue, workers, on_failed
        self._settle = settle
        self._files = catalogue.files()
        self._entries = catalogue.entries()
        self._told: dict[str, FoundFile] = {}  # failures that were told in this run

    def known(self, paths: Callable[[str], bool]) -> Iterator[CatalogueEntry]:
        """What the catalogue has of the files that `paths` chooses, without looking at the disk."""
        for record in self._files.values():
            if not record.error and record.track_id in self._entries and paths(record.path):
                yield _at(self._entries[record.track_id], record.path)

    def discover(
        self, files: Sequence[FoundFile], go_on: GoOn = lambda: True
    ) -> Iterator[tuple[FoundFile, CatalogueEntry]]:
        """Every playable file with its track, known ones first, and its features if they are known."""
        unknown: dict[str, FoundFile] = {}
        for file in files:
            record = self._files.get(file.path)
            if record is None or (record.size, record.mtime_ns) != (file.size, file.mtime_ns):
                unknown[file.path] = file
            elif record.error:
                self._tell(file, record.error)
            elif record.track_id in self._entries:
                yield file, _at(self._entries[record.track_id], file.path)
            else:
                unknown[file.path] = file
        for path, result in self._workers.run(identify_file, list(unknown), go_on):
            file = unknown[path]
            if isinstance(result, Failure):
                self._failed(file, result)
                continue
            known = self._entries.get(result.id)
            features = known.features if known else self._catalogue.features(result.id)
            self._entries[result.id] = CatalogueEntry(track=result, features=features)
            self._remember(_record(file, track_id=result.id), result)
            yield file, self._entries[result.id]

    def analyse(
        self, found: Iterable[tuple[FoundFile, CatalogueEntry]], go_on: GoOn = lambda: True
    ) -> Iterator[tuple[FoundFile, CatalogueEntry | None]]:
        """Each track that was not yet heard from end to end, once, with its features.

        None for a file that turns out to be unplayable.
        """
        todo: dict[str, tuple[FoundFile, CatalogueEntry]] = {}
        seen: set[TrackId] = set()
        for file, entry in found:
            if _heard_whole(entry.features) or entry.track.id in seen:
                continue
            seen.add(entry.track.id)
            features = self._catalogue.features(entry.track.id)  # another process may have been faster
            if features is not None and _heard_whole(features):
                yield file, self._learn(entry, features)
            else:
                todo[file.path] = file, entry
        for path, result in self._workers.run(analyse_file, list(todo), go_on):
            file, entry = todo[path]
            if isinstance(result, Failure):
                self._failed(file, result)
                if result.lasting:
                    yield file, None
            elif unchanged(file):  # else still being copied: the next look begins anew
                self._catalogue.save_features(entry.track.id, result)
                yield file, self._learn(entry, result)

    def forget(self, paths: Sequence[str]) -> None:
        """Files that have gone."""
        for path in paths:
            self._files.pop(path, None)
            self._told.pop(path, None)
        self._catalogue.forget(paths)

    def paths(self) -> tuple[str, ...]:
        return tuple(self._files)

    def _learn(self, entry: CatalogueEntry, features: TrackFeatures) -> CatalogueEntry:
        learned = structs.replace(entry, features=features)
        self._entries[entry.track.id] = learned
        return learned

    def _remember(self, record: FileRecord, track: Track | None = None) -> None:
        self._files[record.path] = record
        self._catalogue.record(record, track)

    def _failed(self, file: FoundFile, failure: Failure) -> None:
        if not os.path.exists(file.path):
            return  # gone: nothing that anybody could mend
        if 0.0 <= time.time() - file.mtime_ns / 1e9 < self._settle:
            return  # the next look will tell
        if failure.lasting:
            self._remember(_record(file, error=failure.why))
        self._tell(file, failure.why)

    def _tell(self, file: FoundFile, why: str) -> None:
        """Once for every state of a file."""
        if self._told.get(file.path) != file:
            self._told[file.path] = file
            self._on_failed(file.path, why)


def _record(file: FoundFile, *, track_id: TrackId | None = None, error: str = "") -> FileRecord:
    return FileRecord(path=file.path, size=file.size, mtime_ns=file.mtime_ns, track_id=track_id, error=error)


def _heard_whole(features: TrackFeatures | None) -> bool:
    return features is not None and features.scan_mode is ScanMode.FULL


def _at(entry: CatalogueEntry, path: str) -> CatalogueEntry:
    """The entry of a track, played from this one of its files."""
    if entry.track.uri == path:
        return entry
    return structs.replace(entry, track=structs.replace(entry.track, uri=path))


def unchanged(file: FoundFile) -> bool:
    """Whether the file is still the one that was found."""
    try:
        status = os.stat(file.path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
