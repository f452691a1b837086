"""`lull ward` in a terminal: one line for each room, the most urgent first."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from adapters.ward.follow import WardLink
from adapters.ward.rooms import Condition, Room, Ward
from player.session.messages import SOUNDING
from player.settings import Settings
from player.units import Seconds

RATE: Final = 2.0  # pictures a second
LOOK: Final = Seconds(2.0)  # within which a broker answers and brings what it had stored
STYLES: Final = {
    Condition.SILENT: "bold white on red",
    Condition.AWAY: "bold red",
    Condition.ASKING: "bold magenta",
    Condition.RESTLESS: "yellow",
    Condition.CALM: "green",
    Condition.UNKNOWN: "dim",
}


class RoomAnswer(Struct, frozen=True, kw_only=True):
    player: str
    condition: Condition
    state: str
    title: str
    artist: str
    agitation: float | None
    fault: str
    reason: str
    seen_s: float  # ago


class WardAnswer(Struct, frozen=True, kw_only=True):
    """`lull ward --json`."""

    site: str
    rooms: tuple[RoomAnswer, ...]
    refused: dict[str, int]  # messages that were not understood, by reason


def picture(rooms: list[Room], now: Seconds, problem: str) -> Table:
    table = Table(title="Lull: all rooms", caption=Text(problem, style="red") if problem else None)
    for name in ("room", "how", "agitation", "now", "why"):
        table.add_column(name, overflow="fold")
    for room in rooms:
        condition = room.condition(now)
        piece = f"{room.title} – {room.artist}".strip(" –") if room.state in SOUNDING else room.state
        table.add_row(
            Text(room.player),
            Text(condition, style=STYLES[condition]),
            "" if room.agitation is None else f"{room.agitation:.2f}",
            Text(piece),
            Text(room.fault or (room.request if condition is Condition.ASKING else room.reason)),
        )
    if not rooms and not problem:
        table.add_row("", Text("no player has said anything yet", style="dim"), "", "", "")
    return table


def watch_ward(settings: Settings, console: Console, *, share: str = "") -> None:
    """Until interrupted. Raises `SettingsError`."""
    asyncio.run(_watch(settings, console, share))


async def _watch(settings: Settings, console: Console, share: str) -> None:
    ward, link = _linked(settings, time.monotonic, share)
    running = asyncio.create_task(link.run(), name="ward")
    try:
        with Live(console=console, auto_refresh=False) as view:
            while not running.done():
                now = Seconds(time.monotonic())
                view.update(picture(ward.rooms(now), now, link.problem), refresh=True)
                await asyncio.sleep(1.0 / RATE)
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def look_once(settings: Settings) -> WardAnswer:
    """What the broker knows of all rooms now. Raises `SettingsError`, `MqttError`."""
    return asyncio.run(_look(settings))


async def _look(settings: Settings) -> WardAnswer:
    ward, link = _linked(settings, time.monotonic, "")
    await link.read_for(LOOK)
    now = Seconds(time.monotonic())
    rooms = tuple(_answer(room, now) for room in ward.rooms(now))
    return WardAnswer(site=settings.site, rooms=rooms, refused=dict(ward.refused))


def _linked(settings: Settings, clock: Callable[[], float], share: str) -> tuple[Ward, WardLink]:
    ward = Ward(settings.mqtt.base, settings.site)
    return ward, WardLink(settings.mqtt, ward, lambda: Seconds(clock()), share=share)


def _answer(room: Room, now: Seconds) -> RoomAnswer:
    return RoomAnswer(
        player=room.player,
        condition=room.condition(now),
        state=room.state,
        title=room.title,
        artist=room.artist,
        agitation=room.agitation,
        fault=room.fault,
        reason=room.reason,
        seen_s=round(now - room.seen, 1),
    )
