"""A library by hand for the page: a real table and a real door for files, and marks that are only kept."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from adapters.library.arrivals import Arrivals, Refused, safe_name
from adapters.page.library import not_there, piece_of
from adapters.store.shelf import Shelf, place_of
from adapters.web.library import PER_PAGE, Arrival, Listing, Scanning, Spot, Stick, Wanted
from player.model import CatalogueEntry, Track, TrackId
from player.units import Bpm, Seconds
from tests.support.pieces import features

FORMATS = ("mp3", "ogg", "flac", "wav")


class HandLibrary:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loved: set[TrackId] = set()
        self.never: set[TrackId] = set()
        self.plugged: list[Stick] = []
        self.refused: list[tuple[str, str]] = []
        self._shelf = Shelf()
        self._arrivals: Arrivals | None = None

    def add(
        self,
        number: TrackId,
        title: str,
        artist: str,
        tempo: float | None,
        calm: float | None,
        *,
        approved: bool = True,
    ) -> None:
        track = Track(
            id=number,
            uri=f"/music/{title}.mp3",
            title=title,
            duration=Seconds(180.0),
            artist=artist,
            approved=approved,
        )
        known = (
            None
            if calm is None
            else features(calm, tempo=None if tempo is None else Bpm(tempo), tempo_confidence=0.85)
        )
        self._shelf.change([CatalogueEntry(track=track, features=known)], [])

    async def listing(self, wanted: Wanted) -> Listing:
        one = self._shelf.one(wanted.piece) if wanted.piece else None
        start = (wanted.page - 1) * PER_PAGE
        books, found = self._shelf.look(
            wanted.search, wanted.sort, down=wanted.down, start=start, count=PER_PAGE, cell=wanted.cell
        )
        if wanted.piece:
            books, found = [one] if one else [], int(one is not None)
        pieces = [piece_of(book, loved=book.id in self.loved, never=book.id in self.never) for book in books]
        spots = []
        for book in self._shelf.spots(250):
            assert book.tempo is not None and book.calmness is not None
            x, y = place_of(book.tempo, book.calmness)
            spots.append(Spot(x=x, y=y, count=1, name=book.title, piece=book.id))
        return Listing(pieces=pieces, found=found, spots=spots)

    def scanning(self) -> Scanning:
        _, pieces = self._shelf.look("", "title", down=False, start=0, count=1, cell=None)
        return Scanning(pieces=pieces, unknown=pieces - len(self._shelf.spots(1000)), refused=self.refused)

    async def missing(self, names: Sequence[str]) -> Sequence[str]:
        return not_there(self._shelf, names)

    async def love(self, track_id: TrackId, *, loved: bool) -> bool:
        if self._shelf.one(track_id) is None:
            return False
        (self.loved.add if loved else self.loved.discard)(track_id)
        return True

    async def sticks(self) -> Sequence[Stick]:
        return self.plugged

    async def take_stick(self, path: str) -> Sequence[Arrival]:
        if path not in {stick.path for stick in self.plugged}:
            return [Arrival(name=path, problem="lost")]
        files = await asyncio.to_thread(lambda: sorted(Path(path).iterdir()))
        return [Arrival(name=await self._door().copy(file)) for file in files]

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> Arrival:
        try:
            return Arrival(name=await self._door().receive(name, chunks))
        except Refused as refused:
            return Arrival(name=safe_name(name), problem=refused.problem)

    def _door(self) -> Arrivals:
        if self._arrivals is None:
            self._arrivals = Arrivals(self.folder, FORMATS)
        return self._arrivals
