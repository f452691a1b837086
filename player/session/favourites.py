"""Which pieces are kept on this disk, for the day on which nothing else can be had."""

from player.model import CatalogueEntry, TrackId
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.recall import Recall
from player.units import Seconds

EVERY = Seconds(1800.0)  # how often the comfort set may change; own judgement
PIECES = 20  # about an hour; own judgement


class Favourites:
    def __init__(self, catalogue: Catalogue, chooser: Chooser, recall: Recall) -> None:
        self._catalogue, self._chooser, self._recall = catalogue, chooser, recall
        self._told: tuple[TrackId, ...] = ()
        self._made_of: tuple[object, ...] = ()
        self._made_at: Seconds | None = None

    def changed(self, at: Seconds) -> tuple[CatalogueEntry, ...]:
        """The pieces to keep, best first; empty while they are the same as before."""
        if not self._catalogue.complete:
            return ()
        if self._made_at is not None and 0.0 <= at - self._made_at < EVERY:
            return ()
        made_of = (self._catalogue.version, self._recall.version)
        if made_of == self._made_of:
            return ()
        self._made_at, self._made_of = at, made_of
        pieces = self._chooser.favourites(at, PIECES)
        ids = tuple(entry.track.id for entry in pieces)
        if ids == self._told:
            return ()
        self._told = ids
        return pieces
