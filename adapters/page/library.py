"""The music as the page shows it: what there is, what people brought, what they love."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from msgspec.structs import replace

from adapters.brain import Brain
from adapters.library.arrivals import Arrivals, Refused, safe_name
from adapters.music import Music
from adapters.registrar import Registrar
from adapters.store.shelf import COLUMNS, ROWS, Book, Shelf, place_of
from adapters.web.library import PER_PAGE, Arrival, Listing, Piece, Scanning, Spot, Stick, Wanted
from player.errors import LullError
from player.model import CatalogueEntry, Track, TrackId
from player.selection.familiarity import Names, spelled
from player.settings import Settings, Taste
from player.units import Seconds

MOST_SPOTS: Final = 250  # pieces drawn one by one; of more, cells
MOST_REFUSED: Final = 50  # shown
MOST_COPIED: Final = 2_000  # files of one stick at a time
SURE_SE, SURE_TEMPO = 0.25, 0.5  # of calmness 0-1, of tempo 0-1; own judgement
FREE: Final = 40  # characters of the picture's names
T = TypeVar("T")


class PageLibrary:
    """`adapters.web.library.Library`."""

    def __init__(self, settings: Settings, music: Music, brain: Brain, registrar: Registrar) -> None:
        self._music, self._brain, self._registrar = music, brain, registrar
        self._shelf = Shelf()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shelf")
        self._stating = asyncio.Lock()
        folders = settings.library.folders
        folder = Path(folders[0]).expanduser() if folders else Path(settings.data) / "music"
        self._arrivals = Arrivals(folder, settings.library.formats)
        music.follow(self._follow)

    async def listing(self, wanted: Wanted) -> Listing:
        return await self._on_thread(partial(self._list, wanted))

    def scanning(self) -> Scanning:
        refused = list(self._music.refused.items())
        return Scanning(
            pieces=len(self._music.pieces),
            unknown=len(self._music.unknown),
            refused=[(os.path.basename(uri) or uri, why) for uri, why in refused[: -MOST_REFUSED - 1 : -1]],
            more_refused=max(len(refused) - MOST_REFUSED, 0),
            problem=self._music.problem,
        )

    async def missing(self, names: Sequence[str]) -> Sequence[str]:
        return await self._on_thread(lambda: not_there(self._shelf, names))

    async def love(self, track_id: TrackId, *, loved: bool) -> bool:
        book = await self._on_thread(lambda: self._shelf.one(track_id))
        if book is None:
            return False
        async with self._stating:  # two presses at once: none is lost
            profile = self._brain.profile
            taste = profile.loved.tracks
            others = tuple(name for name in taste if Names(Taste(tracks=(name,))).track(_track(book)) is None)
            spelled = f"{book.artist} - {book.title}" if book.artist else book.title
            tracks = (*others, spelled) if loved else others
            await self._registrar.state(replace(profile, loved=replace(profile.loved, tracks=tracks)))
        return True

    async def sticks(self) -> Sequence[Stick]:
        return await asyncio.to_thread(lambda: list(self._sticks()))

    async def take_stick(self, path: str) -> Sequence[Arrival]:
        if path not in {stick.path for stick in await self.sticks()}:
            return [Arrival(name=path, problem="lost")]
        files = await asyncio.to_thread(lambda: list(_files(Path(path), self._arrivals.is_music)))
        return [await self._arrival(file.name, self._arrivals.copy(file)) for file in files]

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> Arrival:
        return await self._arrival(name, self._arrivals.receive(name, chunks))

    async def _arrival(self, name: str, taking: Awaitable[str]) -> Arrival:
        try:
            return Arrival(name=await taking)
        except Refused as refused:
            return Arrival(name=safe_name(name), problem=refused.problem)
        except LullError:
            return Arrival(name=safe_name(name), problem="unwritable")

    # --- on the shelf's thread ----------------------------------------------------------------------------

    def _follow(self, found: tuple[CatalogueEntry, ...], gone: tuple[TrackId, ...]) -> None:
        self._thread.submit(self._shelf.change, found, gone)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _list(self, wanted: Wanted) -> Listing:
        if wanted.piece is not None:
            one = self._shelf.one(wanted.piece)
            books: Sequence[Book] = [one] if one else []
            found = len(books)
        else:
            start = (wanted.page - 1) * PER_PAGE
            books, found = self._shelf.look(
                wanted.search,
                wanted.sort.value,
                down=wanted.down,
                start=start,
                count=PER_PAGE,
                cell=wanted.cell,
            )
        profile, barred = self._brain.profile, frozenset(self._brain.never)
        loved, never = Names(profile.loved), Names(profile.never)
        pieces = [
            piece_of(
                book,
                loved=loved.any(track),
                by_artist=loved.any(track) and loved.track(track) is None,
                never=book.id in barred,
                stated=never.any(track),
            )
            for book, track in ((book, _track(book)) for book in books)
        ]
        return Listing(pieces=pieces, found=found, spots=self._spots())

    def _spots(self) -> Sequence[Spot]:
        cells = self._shelf.cells()
        if sum(count for _, _, count in cells) > MOST_SPOTS:
            return [
                Spot(x=(x + 0.5) / COLUMNS, y=(y + 0.5) / ROWS, count=count, cell=(x, y))
                for x, y, count in cells
            ]
        spots = []
        for book in self._shelf.spots(MOST_SPOTS):
            assert book.tempo is not None and book.calmness is not None
            x, y = place_of(book.tempo, book.calmness)
            sure = book.calmness_se <= SURE_SE and book.tempo_confidence >= SURE_TEMPO
            spots.append(Spot(x=x, y=y, count=1, sure=sure, name=book.title[:FREE], piece=book.id))
        return spots

    def _sticks(self) -> Iterator[Stick]:
        for place in _mounted():
            files = sum(1 for _ in _files(place, self._arrivals.is_music))
            yield Stick(path=str(place), name=place.name, files=files)


def _mounted() -> Iterator[Path]:
    """What desktops and servers mount under /media and /run/media, for all, this user or by systemd."""
    for top in (Path("/media"), Path("/run/media")):
        for folder in (top, top / getpass.getuser(), top / "system"):
            try:
                inside = sorted(folder.iterdir())
            except OSError:
                continue  # not there, or not ours to see
            for place in inside:
                with suppress(OSError):
                    if place.is_mount():
                        yield place


def _files(top: Path, is_music: Callable[[str], bool]) -> Iterator[Path]:
    """Regular files only: a link on a stick may point anywhere on this machine."""
    count = 0
    for folder, folders, names in os.walk(top, followlinks=False):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if is_music(name) and not path.is_symlink() and path.is_file():
                yield path
                count += 1
                if count >= MOST_COPIED:
                    return


def not_there(shelf: Shelf, names: Sequence[str]) -> Sequence[str]:
    """Those that no title, artist or path on the shelf is."""
    left = {spelled(name): name for name in names}
    for title, artist, uri in shelf.names():
        if not left:
            break
        name, singer = spelled(title), spelled(artist)
        for one in (name, singer, f"{singer} - {name}"):
            left.pop(one, None)
        for key, path in list(left.items()):
            if uri == path or uri.endswith(f"/{path}"):
                del left[key]
    return list(left.values())


def _track(book: Book) -> Track:
    return Track(
        id=book.id,
        uri=book.uri,
        title=book.title,
        duration=Seconds(0.0),
        artist=book.artist,
        album=book.album,
    )


def piece_of(book: Book, *, loved: bool, never: bool, stated: bool = False, by_artist: bool = False) -> Piece:
    """A row of the shelf as the page shows it."""
    return Piece(
        id=book.id,
        title=book.title,
        artist=book.artist,
        year=book.year,
        tempo=book.tempo,
        tempo_confidence=book.tempo_confidence,
        calmness=book.calmness,
        calmness_se=book.calmness_se,
        heard=book.heard,
        approved=bool(book.approved),
        loved=loved,
        by_artist=by_artist,
        never=never or stated,
        stated=stated,
    )
