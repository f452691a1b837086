"""The music there is, as the session knows it: tracks, features, and what broke in this run."""

from collections.abc import Iterable

from msgspec import structs

from player.model import FEATURES_VERSION, CatalogueEntry, TrackFeatures, TrackId
from player.selection.familiarity import names
from player.settings import Taste


class Catalogue:
    def __init__(self) -> None:
        self._entries: dict[TrackId, CatalogueEntry] = {}
        self._broken: dict[TrackId, str] = {}
        self.complete = False  # every folder has been looked at once

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, track_id: TrackId | None) -> CatalogueEntry | None:
        return self._entries.get(track_id) if track_id is not None else None

    def playable(self) -> Iterable[CatalogueEntry]:
        return (entry for track_id, entry in self._entries.items() if track_id not in self._broken)

    def merge(self, found: Iterable[CatalogueEntry], gone: Iterable[TrackId]) -> None:
        """Newer tags and features win; features are kept when an entry comes without them."""
        for entry in found:
            known = self._entries.get(entry.track.id)
            features = entry.features if _usable(entry.features) else known.features if known else None
            self._entries[entry.track.id] = CatalogueEntry(track=entry.track, features=features)
            self._broken.pop(entry.track.id, None)
        for track_id in gone:
            self._entries.pop(track_id, None)

    def learn(self, track_id: TrackId, features: TrackFeatures) -> None:
        entry = self._entries.get(track_id)
        if entry is not None and _usable(features):
            self._entries[track_id] = structs.replace(entry, features=features)

    def broke(self, track_id: TrackId, reason: str) -> None:
        """Not tried again in this run, unless the file is found anew."""
        self._broken[track_id] = reason

    def named(self, name: str | None) -> CatalogueEntry | None:
        """The first track that a person names by title, "artist - title" or path."""
        if name is None:
            return None
        taste = Taste(tracks=(name,))
        return next((e for e in self._entries.values() if names(taste, e.track)), None)


def _usable(features: TrackFeatures | None) -> bool:
    return features is not None and features.version == FEATURES_VERSION
