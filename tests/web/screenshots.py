"""Pictures of all pages, light and dark, phone and tablet, into build/screenshots: `make screenshots`."""

import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, Error, Page

from adapters.report.gather import gather
from adapters.report.page import html
from adapters.report.rows import JournalRows
from adapters.web.house import Mark, Point
from adapters.web.view import ASK_FROM
from player.model import Evidence, ListenerState, Progress, Quantity, Trend
from player.session.messages import AgitationState, Decision, PlaybackState, TrackView, VolumeState
from player.units import Decibels, Frames, Percent, Seconds
from tests.support.broker import running_broker
from tests.support.browser import chromium, free_port
from tests.support.month import write_month
from tests.support.site import Site, site
from tests.ward.test_rooms import ROOT, agitation, playback

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


def a_report(folder: Path, days: int) -> str:
    """The address of the report of a simulated resident."""
    who = write_month(folder / "journal.db", days=days, randomise=True)
    path = folder / "report.html"
    path.write_text(html(gather(JournalRows(folder / "journal.db", who), who), "en", datetime.now(UTC)))
    return path.as_uri()


@contextmanager
def a_ward(folder: Path) -> Iterator[str]:
    """The address of `lull ward --web` of four rooms: restless, well, silent by a fault, away."""
    rooms = {
        "room4": (playback("soothing"), agitation(0.72), b"online"),
        "room7": (playback(), agitation(0.21), b"online"),
        "room9": (playback(fault="The speaker is gone: switch it on."), agitation(0.3), b"online"),
        "room12": (playback(), agitation(0.2), b"offline"),
    }
    with running_broker() as broker:
        for room, messages in rooms.items():
            for kind, said in zip(
                ("state/playback", "state/agitation", "availability"), messages, strict=True
            ):
                argv = [
                    "mosquitto_pub",
                    "-p",
                    str(broker.port),
                    "-r",
                    "-q",
                    "1",
                    "-t",
                    f"{ROOT}/{room}/{kind}",
                ]
                subprocess.run([*argv, "-s"], input=said, check=True)
        config, port = folder / "ward.yaml", free_port()
        config.write_text(f"data: {folder}\nmqtt: {{url: '{broker.url}'}}\n")
        argv = [sys.executable, "-m", "adapters.cli", "ward", "--config", str(config)]
        with subprocess.Popen([*argv, "--web", "--listen", f"127.0.0.1:{port}"]) as ward:
            try:
                yield f"http://127.0.0.1:{port}/ward"
            finally:
                ward.terminate()


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, chromium() as browser:
        folder = Path(temporary)
        shoot(browser, a_report(folder, days=31), "report")
        with a_ward(folder) as url:
            shoot(browser, url, "ward", wait_for="text=room12")
        for trusted, pages in ((True, PAGES), (False, STRANGERS)):
            with site(folder / str(trusted), trusted=trusted) as here:
                an_afternoon(here)
                for name, path in pages.items():
                    shoot(browser, f"http://127.0.0.1:{here.port}{path}", name)


def shoot(browser: Browser, url: str, name: str, wait_for: str = "main") -> None:
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                device_scale_factor=1.5,
                locale="en-GB",
            )
            page = context.new_page()
            _open(page, url)
            page.wait_for_selector(wait_for)
            page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png", full_page=True)
            context.close()


def _open(page: Page, url: str) -> None:
    """A service that was just started answers in its time."""
    for _ in range(100):
        try:
            page.goto(url, wait_until="load")
        except Error:
            page.wait_for_timeout(200)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}")


if __name__ == "__main__":
    main()
