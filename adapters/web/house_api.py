"""The library and the set-up for programs, beside the page's own operations."""

from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from adapters.web.api import Operation, TrackName
from adapters.web.library import Library, Piece, Sort
from adapters.web.music_page import wanted_of
from adapters.web.setup import Heard, SetUp
from adapters.web.setup_page import LONGEST, answers_of
from adapters.web.visit import Visit
from player.errors import LullError

Text = Annotated[str, Meta(max_length=LONGEST)]


class Loved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    track_id: TrackName
    loved: bool


class Done(Struct, frozen=True, kw_only=True):
    """reason: "" when it was done."""

    ok: bool
    reason: str = ""


class Answers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """As people type them on the page; what is left out stays as it is."""

    birth_year: Text | None = None
    languages: Text | None = None
    loved: Text | None = None
    never: Text | None = None
    risk: Text | None = None
    quiet_hours: Text | None = None


class MusicView(Struct, frozen=True, kw_only=True):
    """One page of it. found: on all pages."""

    pieces: list[Piece]
    found: int


class Refused(Struct, frozen=True, kw_only=True):
    name: str
    why: str


class ScanView(Struct, frozen=True, kw_only=True):
    """unknown: pieces still to be analysed. problem: why there is no music."""

    pieces: int
    unknown: int
    refused: list[Refused]  # the newest first
    more_refused: int
    problem: str


class SetUpView(Struct, frozen=True, kw_only=True):
    """full_scale_dba: dB(A) at the ear, None: not calibrated. rejected: messages, by reason."""

    answers: dict[str, str]
    full_scale_dba: float | None
    devices: list[Heard]
    rejected: dict[str, int]


SEARCHED: Final = (
    {"name": "search", "in": "query", "schema": {"type": "string", "maxLength": 100}},
    {"name": "sort", "in": "query", "schema": {"type": "string", "enum": [sort.value for sort in Sort]}},
    {"name": "down", "in": "query", "schema": {"type": "string", "enum": ["0", "1"]}},
    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100_000}},
)


class LibraryApi:
    def __init__(self, library: Library) -> None:
        self._library = library

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", "/api/music", "The library.", self.music, MusicView, further=SEARCHED),
            Operation("GET", "/api/music/scan", "How far the analysis is.", self.scan, ScanView),
            Operation("POST", "/api/music/love", "Loved, or no longer.", self.love, Done, Loved),
        ]

    async def music(self, visit: Visit, _body: None) -> MusicView:
        try:
            listing = await self._library.listing(wanted_of(visit.request.query_params))
        except LullError as error:
            raise HTTPException(400, "failed") from error
        return MusicView(pieces=list(listing.pieces), found=listing.found)

    async def scan(self, visit: Visit, _body: None) -> ScanView:
        del visit
        now = self._library.scanning()
        return ScanView(
            pieces=now.pieces,
            unknown=now.unknown,
            refused=[Refused(name=name, why=why) for name, why in now.refused],
            more_refused=now.more_refused,
            problem=now.problem,
        )

    async def love(self, visit: Visit, wish: Loved) -> Done:
        del visit
        try:
            known = await self._library.love(wish.track_id, loved=wish.loved)
        except LullError:
            return Done(ok=False, reason="failed")
        return Done(ok=known, reason="" if known else "unknown-track")


class SetUpApi:
    def __init__(self, setup: SetUp) -> None:
        self._setup = setup

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", "/api/setup", "The answers, the level, the devices.", self.shown, SetUpView),
            Operation("POST", "/api/setup", "Answer some of the questions.", self.state, Done, Answers),
        ]

    async def shown(self, visit: Visit, _body: None) -> SetUpView:
        del visit
        return SetUpView(
            answers=answers_of(self._setup.profile()),
            full_scale_dba=self._setup.level.view().full_scale_dba,
            devices=list(self._setup.heard()),
            rejected=dict(self._setup.rejected()),
        )

    async def state(self, visit: Visit, answers: Answers) -> Done:
        del visit
        given = {
            name: text for name in Answers.__struct_fields__ if (text := getattr(answers, name)) is not None
        }
        stated = {**answers_of(self._setup.profile()), **given}
        try:
            wrong = await self._setup.state(stated)
        except LullError:
            return Done(ok=False, reason="failed")
        if wrong:
            raise HTTPException(400, "bad-value")
        return Done(ok=True)
