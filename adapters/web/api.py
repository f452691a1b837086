"""The same actions for programs: JSON, described by its own OpenAPI."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.web.house import House, Mark, Place, Point
from adapters.web.hub import Hub
from adapters.web.keys import Role
from adapters.web.presses import Presses, new_id
from adapters.web.signin import SignIn
from adapters.web.view import Banner, Level, Now, Question, Restless, Scene
from adapters.web.visit import Page, Visit
from player.model import AdaptMode, Command, Feedback, Verb
from player.session.messages import Decision, Reply
from player.units import Seconds

DAY_H: Final = 24
VALUED: Final = {Verb.VOLUME: (0.0, 100.0), Verb.RATE: (0.0, 4.0)}
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
TrackName = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]


class SessionView(Struct, frozen=True, kw_only=True):
    """token: to be sent back as `X-Lull-Token` with everything that changes something."""

    role: str
    token: str


class PinEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pin: Annotated[str, Meta(max_length=32)]


class NowView(Struct, frozen=True, kw_only=True):
    place: Place
    now: Now
    restless: Restless
    volume: Level | None
    question: Question | None
    banners: list[Banner]


class PastView(Struct, frozen=True, kw_only=True):
    agitation: list[Point]
    done: list[Mark]


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: the same one twice is done once. value: volume in percent, or a rating of agitation 0-4."""

    id: Id | None = None
    value: Annotated[float, Meta(ge=0, le=100)] | None = None
    mode: AdaptMode | None = None
    track_id: TrackName | None = None


class Judgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """rating: −1 worse, 0 same, +1 better, since the music changed."""

    rating: Annotated[int, Meta(ge=-1, le=1)]
    id: Id | None = None
    note: Annotated[str, Meta(max_length=500)] | None = None


class Problem(Struct, frozen=True, kw_only=True):
    ok: bool
    reason: str
    said: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`answer` gets the visit and the body; what it returns is sent as JSON of the type `gives`.

    further: names and schemas of the parameters in path and query.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Visit, Any], Awaitable[Any]]
    gives: Any
    takes: Any = None
    need: Role = Role.STAFF
    further: tuple[dict[str, Any], ...] = ()
    token: bool = True


class Api:
    def __init__(self, house: House, hub: Hub, scene: Scene, presses: Presses, signin: SignIn) -> None:
        self._house, self._hub, self._scene, self._presses, self._signin = house, hub, scene, presses, signin

    def operations(self) -> list[Operation]:
        staff = Role.STAFF
        hours = {
            "name": "hours",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": DAY_H},
        }
        return [
            Operation("GET", "/api/session", "Who am I?", self.session, SessionView, need=Role.NOBODY),
            Operation(
                "POST",
                "/api/session",
                "Sign in with the staff PIN.",
                self.enter,
                SessionView,
                PinEntry,
                Role.NOBODY,
                token=False,
            ),
            Operation("GET", "/api/now", "What is heard, and how the resident is.", self.now, NowView),
            Operation(
                "GET", "/api/past", "Agitation and what was done.", self.past, PastView, further=(hours,)
            ),
            Operation("GET", "/api/decisions", "The newest decisions.", self.decisions, list[Decision]),
            *(
                Operation(
                    "POST",
                    f"/api/commands/{verb}",
                    f"Do: {verb}.",
                    self.command,
                    Reply,
                    Order,
                    Role.NOBODY if verb in (Verb.STOP, Verb.QUIETER) else staff,
                    token=verb not in (Verb.STOP, Verb.QUIETER),
                )
                for verb in Verb
            ),
            Operation("POST", "/api/feedback", "Better, same or worse?", self.feedback, Reply, Judgement),
        ]

    # --- answers ------------------------------------------------------------------------------------------

    async def session(self, visit: Visit, _body: None) -> SessionView:
        return SessionView(role=visit.role.name.lower(), token=visit.token)

    async def enter(self, visit: Visit, entry: PinEntry) -> Response:
        wait = self._signin.check(visit, entry.pin)
        if wait is not None:
            headers = {"retry-after": str(int(wait) + 1)} if wait else None
            raise HTTPException(429 if wait else 403, "too-many" if wait else "wrong-pin", headers)
        response = Response(media_type="application/json")
        token = self._signin.admit(response)
        response.body = msgspec.json.encode(SessionView(role="staff", token=token))
        response.headers["content-length"] = str(len(response.body))
        return response

    async def now(self, visit: Visit, _body: None) -> NowView:
        _ = visit.language
        return NowView(
            place=self._house.place,
            now=self._scene.now(_),
            restless=self._scene.restless(_),
            volume=self._scene.level(),
            question=self._scene.question(),
            banners=self._scene.banners(_),
        )

    async def past(self, visit: Visit, _body: None) -> PastView:
        hours = visit.request.query_params.get("hours", "6")
        if not hours.isdecimal() or len(hours) > 2 or not 1 <= int(hours) <= DAY_H:
            raise HTTPException(400, "bad-value")
        since = Seconds(self._house.vitals().at - int(hours) * 3600.0)
        points, marks = await asyncio.to_thread(self._house.records.past, since)
        return PastView(agitation=list(points), done=list(marks))

    async def decisions(self, visit: Visit, _body: None) -> list[Decision]:
        del visit
        return list(self._hub.decisions)

    async def command(self, visit: Visit, order: Order) -> Reply:
        verb = Verb(visit.path.rpartition("/")[2])
        if verb in VALUED:
            low, high = VALUED[verb]
            if order.value is None or not low <= order.value <= high:
                raise HTTPException(400, "bad-value")
        if verb is Verb.MODE and order.mode is None:
            raise HTTPException(400, "bad-value")
        command = Command(
            verb=verb, id=order.id or new_id(), value=order.value, mode=order.mode, track_id=order.track_id
        )
        return await self._presses.press(command)

    async def feedback(self, visit: Visit, judgement: Judgement) -> Reply:
        del visit
        feedback = Feedback(id=judgement.id or new_id(), rating=judgement.rating, note=judgement.note)
        reply = await self._presses.judge(feedback)
        question = self._scene.question()
        if reply.ok and question is not None:
            self._scene.answer(question.id)
        return reply


def pages_of(operations: Iterable[Operation]) -> list[Page]:
    return [Page(one.path, _page(one), one.method, one.need, token=one.token) for one in operations]


def _page(one: Operation) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        body = None
        if one.takes is not None:
            if not visit.request.headers.get("content-type", "").startswith("application/json"):
                raise HTTPException(415, "not-json")
            try:
                body = msgspec.json.decode(await visit.request.body() or b"{}", type=one.takes)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise HTTPException(400, "bad-value") from error
        given = await one.answer(visit, body)
        if isinstance(given, Response):
            return given
        return Response(msgspec.json.encode(given), media_type="application/json")

    return answer
