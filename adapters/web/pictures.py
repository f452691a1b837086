"""Agitation over the last hours as a picture, with what was done marked on it: plain SVG, made here."""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from adapters.web.house import House, Mark, Point, Records
from adapters.web.hub import Hub
from adapters.web.translation import Language, clock_time
from player.errors import StoreError
from player.units import Seconds

SPAN: Final = Seconds(6 * 3600.0)
AGAIN: Final = Seconds(20.0)  # between two looks at the journal
GRAIN: Final = 60.0  # s
FRESH: Final = Seconds(5.0)  # no page looks again within
FADES: Final = Seconds(900.0)  # how long an estimate stands when no other follows
WIDTH, HEIGHT = 360.0, 150.0  # viewBox units
LEFT, TOP, BOTTOM = 4.0, 24.0, 20.0
MOST_LISTED: Final = 12
PRESSES: Final = frozenset({"calm", "like", "dislike", "never", "allow", "stop", "play", "pause", "next"})


class Line(Struct, frozen=True, kw_only=True):
    """An unbroken stretch. path and area: SVG path data."""

    path: str
    area: str


class Sign(Struct, frozen=True, kw_only=True):
    """kind: swap | press; x in viewBox units."""

    x: float
    kind: str


class Hour(Struct, frozen=True, kw_only=True):
    x: float
    name: str


class Event(Struct, frozen=True, kw_only=True):
    """What was done, in words."""

    time: str
    words: str
    kind: str


class Picture(Struct, frozen=True, kw_only=True):
    lines: tuple[Line, ...] = ()
    signs: tuple[Sign, ...] = ()
    hours: tuple[Hour, ...] = ()
    events: tuple[Event, ...] = ()  # newest first
    summary: str = ""
    width: float = WIDTH
    height: float = HEIGHT
    top: float = TOP
    floor: float = HEIGHT - BOTTOM


class Pictures:
    """Keeps the newest past; `watch` reads it from disk while somebody looks."""

    def __init__(self, house: House, hub: Hub) -> None:
        self._house, self._hub = house, hub
        self._points: Sequence[Point] = ()
        self._marks: Sequence[Mark] = ()
        self._seen: tuple[object, ...] = ()
        self._looked = Seconds(-math.inf)

    @property
    def records(self) -> Records:
        return self._house.records

    async def watch(self) -> None:
        """While pages are open, what happens comes into the picture. A disk that cannot be read is said
        elsewhere: the picture stays as it was."""
        while True:
            if self._hub.watched:
                with contextlib.suppress(StoreError):
                    await self.look()
            await asyncio.sleep(AGAIN)

    async def look(self) -> None:
        """Raises `StoreError`."""
        at = self._house.vitals().at
        if 0.0 <= at - self._looked < FRESH:
            return
        self._looked, since = at, Seconds(at - SPAN)
        self._points, self._marks = await asyncio.to_thread(self._house.records.past, since)
        seen = (len(self._points), self._points[-1:], len(self._marks), self._marks[-1:])
        if seen != self._seen:
            self._seen = seen
            self._hub.changed()

    def picture(self, _: Language) -> Picture:
        at = math.ceil(self._house.vitals().at / GRAIN) * GRAIN  # else every moment would be another picture
        return draw(thinned(self._points), self._marks, Seconds(at), _)


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most the first silence and the highest level of each minute."""
    kept: list[Point] = []
    for point in points:
        same = bool(kept) and kept[-1].at // GRAIN == point.at // GRAIN
        if not same or (kept[-1].level is None) is not (point.level is None):
            kept.append(point)
        elif point.level is not None and point.level > (kept[-1].level or 0.0):
            kept[-1] = Point(at=kept[-1].at, level=point.level)
    return kept


def draw(points: Sequence[Point], marks: Sequence[Mark], at: Seconds, _: Language) -> Picture:
    """The hours before `at`, the newest at the right."""
    begin = at - SPAN
    lines = tuple(_line(stretch, begin) for stretch in _stretches(points, at))
    shown = [mark for mark in marks if mark.at >= begin and (mark.what in PRESSES or mark.what == "swap")]
    signs = [Sign(x=_x(mark.at, begin), kind="swap" if mark.what == "swap" else "press") for mark in shown]
    listed = [_event(mark, _) for mark in reversed(marks) if mark.at >= begin]
    return Picture(
        lines=lines,
        signs=tuple(signs),
        hours=tuple(_hours(begin, at, _)),
        events=tuple(event for event in listed if event is not None)[:MOST_LISTED],
        summary=_summary(points, marks, _),
    )


def _x(at: float, begin: float) -> float:
    return round(LEFT + (WIDTH - 2 * LEFT) * (at - begin) / SPAN, 1)


def _y(level: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(max(level, 0.0), 1.0), 1)


def _stretches(points: Sequence[Point], at: Seconds) -> list[list[tuple[float, float]]]:
    """Corners of unbroken stretches: each estimate stands until the next, for a while at most."""
    stretches: list[list[tuple[float, float]]] = []
    until = 0.0
    for n, point in enumerate(points):
        if point.level is None:
            continue
        following = points[n + 1].at if n + 1 < len(points) else at
        if not stretches or point.at > until or points[n - 1].level is None:
            stretches.append([])
        until = min(following, point.at + FADES)
        stretches[-1] += [(point.at, point.level), (until, point.level)]
    return stretches


def _line(corners: list[tuple[float, float]], begin: float) -> Line:
    thin = [(_x(max(at, begin), begin), _y(level)) for at, level in corners]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in dict.fromkeys(thin))
    floor = HEIGHT - BOTTOM
    return Line(path=path, area=f"{path}L{thin[-1][0]:g} {floor:g}L{thin[0][0]:g} {floor:g}Z")


def _hours(begin: float, end: float, _: Language) -> list[Hour]:
    """Full hours of the room's clock."""
    first = datetime.fromtimestamp(begin, UTC).astimezone().replace(minute=0, second=0, microsecond=0)
    found = []
    for n in range(1, int(SPAN // 3600) + 2):
        at = first.timestamp() + n * 3600.0
        if begin + 900.0 <= at <= end - 900.0:
            found.append(Hour(x=_x(at, begin), name=clock_time(at, _)))
    return found


def _event(mark: Mark, _: Language) -> Event | None:
    """In words; None for what is not worth a line."""
    words = {
        "swap": _("Calmer: %(title)s", title=mark.title),
        "start": _("Music began: %(title)s", title=mark.title),
        "prompt": _("Music alone does not help: please look after the resident"),
        "like": _("“Good” was pressed"),
        "dislike": _("“Not this one” was pressed"),
        "never": _("“Never” was pressed"),
        "allow": _("A “never” was taken back"),
        "stop": _("“Stop” was pressed"),
        "play": _("“Play” was pressed"),
        "pause": _("“Pause” was pressed"),
        "next": _("Another piece was asked for"),
        "calm": _("“Calm now” was pressed"),
    }.get(mark.what)
    if words is None:
        return None
    return Event(time=clock_time(mark.at, _), words=words, kind="swap" if mark.what == "swap" else "press")


def _summary(points: Sequence[Point], marks: Sequence[Mark], _: Language) -> str:
    levels = [point.level for point in points if point.level is not None]
    if not levels:
        return _("No sensor has told anything in the last 6 hours.")
    swaps = sum(mark.what == "swap" for mark in marks)
    return _(
        "How restless in the last 6 hours: highest %(highest)s %%, now %(now)s %%; music was made calmer "
        "%(swaps)s times.",
        highest=round(100 * max(levels)),
        now=round(100 * levels[-1]),
        swaps=swaps,
    )
