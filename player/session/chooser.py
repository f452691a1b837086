"""What to ask the selector for, and how far to relax when it finds nothing."""

from random import Random

from player.model import CatalogueEntry, Selection, TrackId
from player.selection.selector import UNKNOWN_CALMNESS, Purpose, Selector
from player.session.catalogue import Catalogue
from player.session.recall import RECENT, Recall, without
from player.units import Seconds


class Chooser:
    def __init__(self, selector: Selector, catalogue: Catalogue, recall: Recall, random: Random) -> None:
        self._selector = selector
        self._catalogue = catalogue
        self._recall = recall
        self._random = random

    def calmer(self, present: TrackId | None, at: Seconds) -> Selection | None:
        """The best approved piece that is no more arousing than `present`, and not just played."""
        recent = self._recall.recent(min(RECENT, len(self._catalogue) // 3))
        return self._choose(
            at, Purpose(soothe=True, floor=self.calmness(present), avoid=without(recent, present))
        )

    def following(self, present: TrackId | None, at: Seconds, *, calm: bool) -> Selection | None:
        """What comes after `present`, relaxed step by step: the music shall not end for want of a choice.

        While `calm` is asked for: as calm as now, then calmer than half of all music, then anything approved.
        """
        recent = self._recall.recent(min(RECENT, len(self._catalogue) // 3))
        purposes = [Purpose(soothe=False, avoid=without(recent, present))]
        if calm:
            avoid = without(recent, present)
            purposes[:0] = [
                Purpose(soothe=True, floor=self.calmness(present), avoid=avoid),
                Purpose(soothe=True, floor=UNKNOWN_CALMNESS, avoid=avoid),
            ]
        purposes += [
            Purpose(soothe=False, avoid=without(frozenset(), present)),
            Purpose(soothe=False),
        ]
        return next((choice for p in purposes if (choice := self._choose(at, p)) is not None), None)

    def first(self, name: str | None, at: Seconds) -> Selection | None:
        """The piece that the profile names to start with, if it may be played; otherwise by the policy."""
        entry = self._catalogue.named(name)
        if entry is not None and self._catalogue.is_playable(entry.track.id, at):
            choice = self._choose(at, Purpose(soothe=False), only=entry)
            if choice is not None:
                return choice
        return self.following(None, at, calm=False)

    def may_play(self, track_id: TrackId, at: Seconds) -> CatalogueEntry | None:
        """The entry, if it is there and nothing bars it or lately broke it."""
        entry = self._catalogue.get(track_id)
        if entry is None or not self._catalogue.is_playable(track_id, at):
            return None
        return entry if self._choose(at, Purpose(soothe=False), only=entry) else None

    def calmness(self, track_id: TrackId | None) -> float:
        entry = self._catalogue.get(track_id)
        if entry is None or entry.features is None or entry.features.affect is None:
            return UNKNOWN_CALMNESS if track_id is not None else 0.0
        return entry.features.affect.calmness

    def _choose(self, at: Seconds, purpose: Purpose, only: CatalogueEntry | None = None) -> Selection | None:
        entries = self._catalogue.playable(at) if only is None else (only,)
        return self._selector.choose(entries, self._recall.history(at), purpose, self._random)
