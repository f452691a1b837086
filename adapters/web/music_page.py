"""The library: a picture and a table of it, what people bring, and why something was refused."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, RedirectResponse, Response

from adapters.web.hub import Hub
from adapters.web.library import PER_PAGE, Arrival, Library, Listing, Sort, Wanted
from adapters.web.presses import Presses, form_id, new_id
from adapters.web.render import Templates
from adapters.web.translation import Language
from adapters.web.upload import Upload
from adapters.web.visit import Page, Visit
from adapters.web.words import OK, code, refusals
from player.errors import LullError
from player.model import Command, TrackId, Verb

MOST_UPLOAD: Final = 1024 * 1024 * 1024  # bytes of one form
MOST_PAGES: Final = 100_000
SEARCH: Final = 100  # characters
ID: Final = re.compile(r"[0-9a-f]{32}")
CELL: Final = re.compile(r"(\d{1,2})-(\d{1,2})")
VERBS: Final = {"like": Verb.LIKE, "allow": Verb.ALLOW, "never": Verb.NEVER}
LOVES: Final = {"love": True, "unlove": False}
WIDTH, HEIGHT, MARGIN = 720, 340, 12  # of the picture


class MusicPage:
    def __init__(self, templates: Templates, library: Library, presses: Presses, hub: Hub) -> None:
        self._templates, self._library, self._presses, self._hub = templates, library, presses, hub

    def pages(self) -> list[Page]:
        return [
            Page("/music", self.music),
            Page("/music/mark", self.mark, "POST"),
            Page("/music/upload", self.upload, "POST", max_body=MOST_UPLOAD),
            Page("/music/stick", self.stick, "POST"),
        ]

    def regions(self, language: Language) -> Mapping[str, str]:
        """The scan, which goes on by itself."""
        scanning = self._library.scanning()
        return {"scanning": self._templates.text(language, "parts/scanning.html", scanning=scanning)}

    async def music(self, visit: Visit) -> Response:
        return await self._page(visit, said=answered(visit))

    async def _page(self, visit: Visit, *, said: str = "", arrivals: Sequence[Arrival] = ()) -> Response:
        _ = visit.language
        wanted = wanted_of(visit.request.query_params)
        problem = ""
        try:
            listing = await self._library.listing(wanted)
        except LullError as error:
            listing, problem = Listing(pieces=(), found=0, spots=()), str(error)
        return self._templates.page(
            visit,
            "music.html",
            said=said,
            problem=problem,
            wanted=wanted,
            listing=listing,
            last=max(math.ceil(listing.found / PER_PAGE), 1),
            spots=[_drawn(spot.x, spot.y, spot.count, spot) for spot in listing.spots],
            width=WIDTH,
            height=HEIGHT,
            margin=MARGIN,
            query=query,
            sorts=sorts(_),
            sure=sure,
            once=new_id,
            regions=self.regions(_),
            sticks=await self._library.sticks(),
            arrived=[(arrival, refused(arrival.problem, _)) for arrival in arrivals],
            most_mib=MOST_UPLOAD >> 21,
        )

    async def mark(self, visit: Visit) -> Response:
        """`do`: what, and of which piece."""
        form = await visit.request.form(max_files=0)
        what, _, track_id = str(form.get("do", "")).partition(":")
        answer = "bad-value"
        if ID.fullmatch(track_id):
            if what in VERBS:
                once = f"{form_id(form.get('once'))[:24]}-{what}-{track_id[:20]}"
                command = Command(verb=VERBS[what], id=once, track_id=track_id)
                answer = code(await self._presses.press(command))
            elif what in LOVES:
                answer = await self._love(track_id, loved=LOVES[what])
        back = query(wanted_of(visit.request.query_params))
        return RedirectResponse(f"/music?{back}&{urlencode({'said': what, 'answer': answer})}#list", 303)

    async def _love(self, track_id: TrackId, *, loved: bool) -> str:
        try:
            return OK if await self._library.love(track_id, loved=loved) else "unknown-track"
        except LullError:
            return "failed"

    async def upload(self, visit: Visit) -> Response:
        """A script sends one file at a time, a plain form as many as were chosen."""
        arrivals = []
        async for name, chunks in Upload(visit.request).files():
            arrivals.append(await self._library.receive(name, chunks))
        return await self._arrived(visit, arrivals)

    async def stick(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0)
        return await self._arrived(visit, await self._library.take_stick(str(form.get("path", ""))))

    async def _arrived(self, visit: Visit, arrivals: Sequence[Arrival]) -> Response:
        _ = visit.language
        if "application/json" in visit.request.headers.get("accept", ""):
            lines = [line(arrival, _) for arrival in arrivals]
            good = [not arrival.problem for arrival in arrivals]
            return JSONResponse({"ok": all(good) and bool(good), "said": " ".join(lines) or nothing(_)})
        return await self._page(visit, said="" if arrivals else nothing(_), arrivals=arrivals)


def _drawn(x: float, y: float, count: int, spot: object) -> dict[str, object]:
    """Slow on the left, calm on top."""
    return {
        "x": round(MARGIN + x * (WIDTH - 2 * MARGIN), 1),
        "y": round(MARGIN + (1.0 - y) * (HEIGHT - 2 * MARGIN), 1),
        "r": 6.0 if count == 1 else round(min(2.5 + 1.6 * math.log2(count + 1), 11.0), 1),
        "spot": spot,
    }


def wanted_of(sent: QueryParams) -> Wanted:
    """What makes no sense is left out."""
    page, order = sent.get("page", ""), sent.get("sort", "")
    cell, piece = CELL.fullmatch(sent.get("cell", "")), sent.get("piece", "")
    return Wanted(
        search=" ".join(sent.get("search", "").split())[:SEARCH],
        sort=Sort(order) if order in [*Sort] else Sort.TITLE,
        down=sent.get("down") == "1",
        page=min(max(int(page), 1), MOST_PAGES) if page.isdecimal() and len(page) < 7 else 1,
        cell=(int(cell[1]), int(cell[2])) if cell else None,
        piece=piece if ID.fullmatch(piece) else None,
    )


def query(wanted: Wanted, **changed: object) -> str:
    """The address that asks for it, or for the same with something else."""
    now: dict[str, object] = {
        "search": wanted.search,
        "sort": wanted.sort.value,
        "down": int(wanted.down),
        "page": wanted.page,
        "cell": f"{wanted.cell[0]}-{wanted.cell[1]}" if wanted.cell else "",
        "piece": wanted.piece or "",
        **changed,
    }
    plain = {"sort": Sort.TITLE.value, "down": 0, "page": 1}
    return urlencode({name: value for name, value in now.items() if value and plain.get(name) != value})


def sorts(_: Language) -> list[tuple[Sort, str]]:
    return [
        (Sort.TITLE, _("Title")),
        (Sort.ARTIST, _("Artist")),
        (Sort.TEMPO, _("Tempo")),
        (Sort.CALMNESS, _("Calmness")),
    ]


def sure(confidence: float, _: Language) -> str:
    if confidence >= 0.8:
        return _("sure")
    return _("fairly sure") if confidence >= 0.5 else _("not sure")


def answered(visit: Visit) -> str:
    sent, _ = visit.request.query_params, visit.language
    what, answer = sent.get("said", ""), sent.get("answer", "")
    done = {
        "like": _("Noted: this one is good."),
        "allow": _("This piece may be played again."),
        "never": _("This piece will not be played here again."),
        "love": _("Noted: the resident loves this piece."),
        "unlove": _("Noted: not among the loved pieces any more."),
    }
    if what not in done:
        return ""
    return (
        done[what]
        if answer == OK
        else refusals(_).get(answer, _("This could not be done. Please try again."))
    )


def nothing(_: Language) -> str:
    return _("No file was chosen.")


def line(arrival: Arrival, _: Language) -> str:
    if not arrival.problem:
        return _("%(name)s is in the library.", name=arrival.name)
    return _("%(name)s was refused: %(why)s", name=arrival.name, why=refused(arrival.problem, _))


def refused(problem: str, _: Language) -> str:
    reasons = {
        "": "",
        "format": _("this is not a kind of music file that Lull plays."),
        "too-large": _("it is too large."),
        "disk-full": _("the disk of the player is full."),
        "no-music": _("there is no music in it that can be played."),
        "empty": _("it is empty."),
        "lost": _("it is not there any more."),
        "busy": _("others are being taken in just now. Please try again."),
        "unwritable": _("the music folder of the player cannot be written."),
    }
    return reasons.get(problem, _("this could not be done. Please try again."))
