"""What is kept and told: journal, catalogue, publisher. Free of numpy: the brain imports it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from player.model import CatalogueEntry, Track, TrackFeatures, TrackId
from player.units import Seconds


class JournalEntry(Struct, frozen=True, kw_only=True):
    """One handled event and what it caused, as JSON of `session.messages`."""

    boot: str
    at: Seconds  # wall clock, as it was believed then; the event has the moment of the session's clock
    event: bytes
    effects: bytes
    memory: bytes | None = None  # JSON of `Memory`, stored in the same transaction
    feedback_id: str | None = None  # unique: a second entry with the same id is not stored
    lasting: bool = True  # False: telemetry, which goes first when there is no room


class Journal(Protocol):
    """Every event and its effects, in order. `append` never waits for the disk."""

    def append(self, entry: JournalEntry, durable: Callable[[], None] | None = None) -> None:
        """Queue one entry; `durable` is called on the writer's thread once it is committed to disk."""
        ...

    def entries(self, boot: str | None = None) -> Iterator[JournalEntry]:
        """All committed entries in order, or those of one run."""
        ...

    def close(self) -> None:
        """Write what is queued. Idempotent."""
        ...


class Publisher(Protocol):
    """Takes what the session shows, decides and answers. Never waits, never raises."""

    def publish(self, message: Struct) -> None:
        """A state (kept and repeated), a decision, a fault or a reply of `session.messages`."""
        ...


class FileRecord(Struct, frozen=True, kw_only=True):
    """A file that was looked at; the same size and time of change: need not be looked at again."""

    path: str
    size: int  # bytes
    mtime_ns: int
    track_id: TrackId | None = None
    error: str = ""  # why it cannot be played, "" when it can


class CatalogueStore(Protocol):
    """Which files are which tracks, and what analysis found. Used by any thread."""

    def files(self) -> dict[str, FileRecord]:
        """Every file that was looked at, by path."""
        ...

    def entries(self) -> dict[TrackId, CatalogueEntry]:
        """Every track that was ever identified, with features of the present version if there are any."""
        ...

    def record(self, file: FileRecord, track: Track | None = None) -> None:
        """What a file turned out to be: a track, or a failure."""
        ...

    def features(self, track_id: TrackId) -> TrackFeatures | None:
        """Features of the present version, None when there are none."""
        ...

    def save_features(self, track_id: TrackId, features: TrackFeatures) -> None: ...

    def forget(self, paths: Iterable[str]) -> None:
        """Files that have gone."""
        ...
