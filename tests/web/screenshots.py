"""Pictures of all pages, light and dark, phone and tablet, into build/screenshots: `make screenshots`."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser

from adapters.web.house import Mark, Point
from adapters.web.view import ASK_FROM
from player.model import Evidence, ListenerState, Progress, Quantity, Trend
from player.session.messages import AgitationState, Decision, PlaybackState, TrackView, VolumeState
from player.units import Decibels, Frames, Percent, Seconds
from tests.support.browser import chromium
from tests.support.site import Site, site

OUT: Final = Path("build/screenshots")
SIZES: Final = {"phone": (360, 740), "tablet": (1180, 820)}
PAGES: Final = {
    "staff": "/",
    "bedside": "/bedside?button",
    "music": "/music",
    "setup": "/setup",
    "problem": "/nothing",
}
STRANGERS: Final = {"enter": "/enter"}


def an_afternoon(here: Site) -> None:
    """Six hours in which music helped twice, and a piece that plays now."""
    now = here.vitals.at
    piece = TrackView(id="0" * 32, title="Clair de lune", artist="Claude Debussy", duration=Seconds(301.0))
    for minute in range(0, 360, 2):
        level = 0.22 + 0.1 * math.sin(minute / 37.0) + 0.04 * math.sin(minute / 3.0)
        for peak in (118, 290):
            rise = minute - peak
            level += 0.55 * math.exp(-((rise / (9.0 if rise < 0 else 26.0)) ** 2))
        here.points.append(Point(at=Seconds(now - (360 - minute) * 60.0), level=min(level, 1.0)))
    for minutes_ago, what, title in (
        (242, "start", "Moonlight Bay"),
        (236, "swap", "Träumerei"),
        (221, "like", ""),
        (97, "calm", ""),
        (66, "swap", "Clair de lune"),
    ):
        here.marks.append(Mark(at=Seconds(now - minutes_ago * 60.0), what=what, by="staff", title=title))
    a_library(here)
    listener = ListenerState(
        agitation=0.27,
        confidence=0.8,
        trend=Trend.FALLING,
        why=(Evidence(source="wrist", quantity=Quantity.EDA, agitation=0.3, weight=0.7, age=Seconds(1.0)),),
        at=now,
    )
    swap = Decision(
        event_type="swap",
        at=Seconds(now - ASK_FROM - 5.0),
        reason="Restless",
        to_track=piece,
        trigger="agitation",
    )
    playing = PlaybackState(
        state="soothing",
        track=piece,
        position=Seconds(0.0),
        since=now,
        reason="",
        device="speaker",
        fault="",
        calmness=0.86,
    )
    progress = Progress(
        deck=0,
        track_id=piece.id,
        position=Seconds(84.0),
        frames_written=Frames(1),
        underruns=0,
        ring=Seconds(20.0),
        peak=Decibels(-20.0),
    )
    for message in (AgitationState(listener=listener), swap, playing, _volume()):
        here.do(lambda message=message: here.hub.publish(message))  # type: ignore[misc]
    here.do(lambda: here.hub.heard(progress, now))


def a_library(here: Site) -> None:
    """Pieces from calm to lively, one loved, one never, and a file that is refused."""
    names = (
        ("Clair de lune", "Claude Debussy", 66.0, 0.91),
        ("Träumerei", "Robert Schumann", 72.0, 0.86),
        ("Moonlight Bay", "Vera Lynn", 84.0, 0.71),
        ("Greensleeves", "", 92.0, 0.64),
        ("In the Mood", "Glenn Miller", 160.0, 0.18),
        ("La Mer", "Charles Trenet", 112.0, 0.43),
        ("Radetzky March", "Johann Strauss", 118.0, 0.11),
        ("Gymnopédie No. 1", "Erik Satie", 70.0, 0.95),
    )
    for number, (title, artist, tempo, calm) in enumerate(names):
        here.library.add(f"{number:032x}", title, artist, tempo, calm)
    here.library.add(f"{99:032x}", "Not heard yet", "Somebody", None, None)
    here.library.loved.add(f"{2:032x}")
    here.library.never.add(f"{6:032x}")
    here.library.refused = [
        ("old tape.mp3", "holds no sound that can be decoded: replace or remove this file.")
    ]


def _volume() -> VolumeState:
    return VolumeState(percent=Percent(45.0), max=Percent(70.0), level_db=-28.0)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, chromium() as browser:
        for trusted, pages in ((True, PAGES), (False, STRANGERS)):
            with site(Path(folder) / str(trusted), trusted=trusted) as here:
                an_afternoon(here)
                for name, path in pages.items():
                    shoot(browser, f"http://127.0.0.1:{here.port}{path}", name)


def shoot(browser: Browser, url: str, name: str) -> None:
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                device_scale_factor=1.5,
                locale="en-GB",
            )
            page = context.new_page()
            page.goto(url, wait_until="load")
            page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png", full_page=True)
            context.close()


if __name__ == "__main__":
    main()
