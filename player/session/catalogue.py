"""The music there is, as the session knows it: tracks, features, and what lately could not be played."""

from collections.abc import Iterable

from msgspec import structs

from player.model import FEATURES_VERSION, CatalogueEntry, TrackFeatures, TrackId
from player.selection.familiarity import names
from player.settings import Taste
from player.units import Seconds

TRY_AGAIN = Seconds(300.0)  # a folder may have been away for a moment; own judgement


class Catalogue:
    """`version` grows with every change of what may be chosen."""

    def __init__(self) -> None:
        self._entries: dict[TrackId, CatalogueEntry] = {}
        self._gone: set[TrackId] = set()  # files removed: still known, never chosen
        self.reserve: dict[TrackId, CatalogueEntry] = {}  # for faults: known by id, never chosen from
        self._broken: dict[TrackId, Seconds] = {}  # not tried before this moment
        self._copies: dict[TrackId, Seconds] = {}  # of the comfort set, the same
        self._changed: dict[TrackId, None] = {}  # not yet told by `changes`, in the order in which they came
        self.complete = False  # every folder has been looked at once
        self.version = 0

    def __len__(self) -> int:
        return len(self._entries) - len(self._gone)

    def get(self, track_id: TrackId | None) -> CatalogueEntry | None:
        """Also of a piece whose file was removed: it may still be heard."""
        if track_id is None:
            return None
        return self._entries.get(track_id) or self.reserve.get(track_id)

    def broken(self, at: Seconds) -> frozenset[TrackId]:
        """What could not be played a moment ago."""
        return frozenset(track_id for track_id, until in self._broken.items() if at < until)

    def changes(self) -> tuple[list[CatalogueEntry], list[TrackId]]:
        """Entries that are new or other than before, and tracks that have gone, since it was asked last."""
        changed, self._changed = self._changed, {}
        present = [self._entries[track_id] for track_id in changed if track_id not in self._gone]
        return present, [track_id for track_id in changed if track_id in self._gone]

    def retell(self) -> None:
        """`changes` tells of every track again: whoever asks is new."""
        self._changed = dict.fromkeys(self._entries)
        self.version += 1

    def merge(self, found: Iterable[CatalogueEntry], gone: Iterable[TrackId]) -> None:
        """Newer tags and features win; features are kept when an entry comes without them."""
        for entry in found:
            known = self._entries.get(entry.track.id)
            features = entry.features if _usable(entry.features) else known.features if known else None
            self._entries[entry.track.id] = CatalogueEntry(track=entry.track, features=features)
            self._broken.pop(entry.track.id, None)
            self._gone.discard(entry.track.id)
            self._changed[entry.track.id] = None
        lost = [track_id for track_id in gone if track_id in self._entries]
        self._gone.update(lost)
        self._changed.update(dict.fromkeys(lost))
        self.version += 1

    def learn(self, track_id: TrackId, features: TrackFeatures) -> None:
        entry = self._entries.get(track_id)
        if entry is not None and _usable(features):
            self._entries[track_id] = structs.replace(entry, features=features)
            self._changed[track_id] = None
            self.version += 1

    def copy_broke(self, track_id: TrackId, at: Seconds) -> None:
        self._copies[track_id] = Seconds(at + TRY_AGAIN)

    def copy_broken(self, track_id: TrackId, at: Seconds) -> bool:
        """Whether the copy in the comfort set could not be played a moment ago."""
        return at < self._copies.get(track_id, Seconds(0.0))

    def broke(self, track_id: TrackId, at: Seconds) -> None:
        """Not tried again for a while, unless the file is found anew."""
        self._broken[track_id] = Seconds(at + TRY_AGAIN)
        self.version += 1

    def mended(self, track_id: TrackId) -> None:
        """It was tried, and comes."""
        if self._broken.pop(track_id, None) is not None:
            self.version += 1

    def named(self, name: str | None) -> CatalogueEntry | None:
        """The first track that a person names by title, "artist - title" or path."""
        if name is None:
            return None
        taste = Taste(tracks=(name,))
        return next((e for e in self._entries.values() if names(taste, e.track)), None)


def _usable(features: TrackFeatures | None) -> bool:
    return features is not None and features.version == FEATURES_VERSION
