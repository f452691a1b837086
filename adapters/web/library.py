"""What the page of the music asks of the service. Awaited; what is slow runs elsewhere."""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from player.model import TrackId

PER_PAGE = 100


class Sort(StrEnum):
    TITLE = "title"
    ARTIST = "artist"
    TEMPO = "tempo"
    CALMNESS = "calmness"


class Wanted(Struct, frozen=True, kw_only=True):
    """Which pieces. calm, tempo: a cell of the picture, 0-based; piece: this one alone."""

    search: str = ""
    sort: Sort = Sort.TITLE
    down: bool = False  # from the largest
    page: int = 1
    cell: tuple[int, int] | None = None
    piece: TrackId | None = None


class Piece(Struct, frozen=True, kw_only=True):
    """One row. tempo: BPM; calmness, confidences: 0-1; heard: seconds that were analysed; None: not known."""

    id: TrackId
    title: str
    artist: str
    year: int | None
    tempo: float | None
    tempo_confidence: float
    calmness: float | None
    calmness_se: float
    heard: float | None
    approved: bool = True  # False: of a music server, and played only when it is loved
    loved: bool = False  # by name or by artist
    by_artist: bool = False  # only by artist: in the set-up it is taken back
    never: bool = False
    stated: bool = False  # “never”, and in the set-up: only there it is taken back


class Spot(Struct, frozen=True, kw_only=True):
    """Of the picture: a piece, or a cell that holds many. x: tempo, y: calmness, both 0-1."""

    x: float
    y: float
    count: int
    sure: bool = True  # of tempo and calmness
    name: str = ""  # of a single piece
    piece: TrackId | None = None
    cell: tuple[int, int] | None = None


class Listing(Struct, frozen=True, kw_only=True):
    pieces: Sequence[Piece]
    found: int  # on all pages
    spots: Sequence[Spot]


class Scanning(Struct, frozen=True, kw_only=True):
    pieces: int
    unknown: int  # still to analyse
    refused: Sequence[tuple[str, str]]  # file name and why; the newest first
    more_refused: int = 0
    problem: str = ""  # why there is no music


class Stick(Struct, frozen=True, kw_only=True):
    """A folder of a USB stick or disk that is plugged in."""

    path: str
    name: str
    files: int  # of music; counted up to a bound


class Arrival(Struct, frozen=True, kw_only=True):
    """What became of one file. problem: a `Problem` word, "" when it is in the library."""

    name: str
    problem: str = ""


class Library(Protocol):
    async def listing(self, wanted: Wanted) -> Listing:
        """Raises `LullError`."""
        ...

    def scanning(self) -> Scanning: ...

    async def missing(self, names: Sequence[str]) -> Sequence[str]:
        """Those that no piece and no artist here bears. Raises `LullError`."""
        ...

    async def love(self, track_id: TrackId, *, loved: bool) -> bool:
        """False for a piece that is not there. Returns once it is in force and on disk."""
        ...

    async def sticks(self) -> Sequence[Stick]: ...

    async def take_stick(self, path: str) -> Sequence[Arrival]:
        """Copies what is on it; only of a folder that `sticks` names."""
        ...

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> Arrival:
        """One file, written as it comes. Whatever fails, nothing of it stays behind."""
        ...
