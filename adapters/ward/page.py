"""All rooms on one page, the most urgent first; calm and stop from there."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from starlette.responses import JSONResponse, RedirectResponse, Response

from adapters.ward.follow import WardLink
from adapters.ward.rooms import NAME, Room, Ward
from adapters.web.hub import Hub
from adapters.web.keys import Role
from adapters.web.presses import form_id, new_id
from adapters.web.render import Templates
from adapters.web.translation import Language
from adapters.web.visit import Page, Visit
from adapters.web.ward_words import LOUD, condition, playing, sent
from player.errors import MqttError
from player.session.messages import SOUNDING
from player.units import Seconds

LOOK_EVERY: Final = 0.5  # s
KEPT: Final = 1_000  # presses, so that a form sent twice counts once
PATIENCE: Final = 5.0  # s, for the broker to take a press
SENT: Final = re.compile(r"[a-z]{1,16}")


class Card(Struct, frozen=True, kw_only=True):
    """One room, in words. level: 0-1."""

    player: str
    kind: str  # a condition, for the style
    word: str
    grave: bool
    level: float | None
    playing: str
    title: str
    artist: str
    why: str  # in the language of its player
    stops: bool  # there is something to stop


class WardPage:
    def __init__(self, templates: Templates, ward: Ward, link: WardLink, hub: Hub) -> None:
        self._templates, self._ward, self._link, self._hub = templates, ward, link, hub
        self._clock: Callable[[], Seconds] = link.clock
        self._done: OrderedDict[str, str] = OrderedDict()

    def pages(self) -> list[Page]:
        return [
            Page("/", self.home),
            Page("/ward", self.page),
            Page("/ward/calm", self.press, "POST"),
            Page("/ward/stop", self.press, "POST", Role.NOBODY, token=False),  # only ever less sound
        ]

    async def watch(self) -> None:
        """For ever: tells the open pages when a room is not what it was."""
        before: object = None
        while True:
            now = (self._rooms(), self._link.problem)
            if now != before:
                before = now
                self._hub.changed()
            await asyncio.sleep(LOOK_EVERY)

    def regions(self, language: Language) -> Mapping[str, str]:
        now = self._clock()
        cards = [_card(room, now, language) for room in self._ward.rooms(now)]
        text = self._templates.text
        return {
            "broker": text(language, "parts/ward_link.html", problem=self._link.problem),
            "rooms": text(language, "parts/rooms.html", cards=cards),
        }

    async def home(self, visit: Visit) -> Response:
        del visit
        return RedirectResponse("/ward", 303)

    async def page(self, visit: Visit) -> Response:
        asked, room = visit.request.query_params.get("sent", ""), visit.request.query_params.get("room", "")
        said = sent(asked, room, visit.language) if SENT.fullmatch(asked) and NAME.fullmatch(room) else ""
        return self._templates.page(
            visit, "ward.html", regions=self.regions(visit.language), said=said, once=new_id
        )

    async def press(self, visit: Visit) -> Response:
        verb = visit.path.rpartition("/")[2]
        form = await visit.request.form(max_files=0)
        room, once = str(form.get("room", "")), form_id(form.get("once"))
        key = f"{once}-{verb}-{room}"
        outcome = self._done.get(key) or await self._tell(room, verb)
        self._done[key] = outcome
        while len(self._done) > KEPT:
            self._done.popitem(last=False)
        if "application/json" in visit.request.headers.get("accept", ""):
            said = sent(outcome, room, visit.language)
            return JSONResponse({"ok": outcome == verb, "reason": outcome, "said": said})
        back = "/ward" if visit.role is Role.STAFF else "/enter"
        return RedirectResponse(f"{back}?sent={outcome}&room={room}" if NAME.fullmatch(room) else back, 303)

    async def _tell(self, room: str, verb: str) -> str:
        if room not in {known.player for known in self._ward.rooms(self._clock())}:
            return "unknown"
        try:
            async with asyncio.timeout(PATIENCE):
                await self._link.send(room, verb)
        except (MqttError, TimeoutError):
            return "lost"
        return verb

    def _rooms(self) -> list[tuple[str, Room]]:
        """Without the time at which each was heard last, which nobody sees."""
        from msgspec.structs import replace

        now = self._clock()
        return [
            (room.condition(now), replace(room, seen=Seconds(0.0), volume=None))
            for room in self._ward.rooms(now)
        ]


def _card(room: Room, now: Seconds, _: Language) -> Card:
    kind = room.condition(now).name.lower()
    sounds = room.state in SOUNDING and kind != "away"
    return Card(
        player=room.player,
        kind=kind,
        word=condition(kind, _),
        grave=kind in LOUD,
        level=None if kind == "away" else room.agitation,
        playing="" if kind in LOUD else playing(room.state, _),
        title=room.title if sounds else "",
        artist=room.artist if sounds else "",
        why=room.fault if kind == "silent" else "",
        stops=room.state not in ("held", "idle"),
    )
