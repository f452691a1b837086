"""The live view shows what is so, in words."""

import fcntl
import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from rich.console import Console

from adapters.terminal import CLOSE_PATIENCE, Screen, Snapshot, render
from player.model import Evidence, ListenerState, Progress, Quantity, Trend
from player.session.messages import AgitationState, Decision, PlaybackState, TrackView, VolumeState
from player.units import Decibels, Frames, Percent, Seconds

TRACK = TrackView(id="t", title="Greensleeves [bold]", artist="Traditional", duration=Seconds(125.0))


def shown(snapshot: Snapshot) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(render(snapshot))
    return console.export_text()


def snapshot(*, fault: str = "", track: TrackView | None = TRACK) -> Snapshot:
    evidence = Evidence(
        source="wristband", quantity=Quantity.AGITATION, agitation=0.8, weight=1.0, age=Seconds(3.0)
    )
    listener = ListenerState(
        agitation=0.8, confidence=0.5, trend=Trend.RISING, why=(evidence,), at=Seconds(9.0)
    )
    playback = PlaybackState(
        state="soothing" if track else "idle",
        track=track,
        position=Seconds(0.0),
        since=Seconds(0.0),
        reason="Looking for music.",
        device="USB DAC",
        fault=fault,
        calmness=0.9,
    )
    return Snapshot(
        views={
            PlaybackState: playback,
            AgitationState: AgitationState(listener=listener),
            VolumeState: VolumeState(percent=Percent(35.0), max=Percent(70.0), level_db=-32.5),
        },
        decisions=(Decision(event_type="swap", at=Seconds(1.0), reason="Because it is calmer."),),
        progress=Progress(
            deck=0,
            track_id="t",
            position=Seconds(61.0),
            frames_written=Frames(1),
            underruns=0,
            ring=Seconds(29.0),
            peak=Decibels(-30.0),
        ),
        broker="mqtt://127.0.0.1:1883",
        resident="heron",
        library="8 pieces, all analysed",
        message="mosquitto_pub",
    )


def test_what_plays_how_the_resident_is_and_why() -> None:
    text = shown(snapshot())
    for part in (
        "Greensleeves [bold]",
        "Traditional",
        "soothing · calmness 0.90 · 1:01 of 2:05",
        "-30.0 dBFS",
        "35 % of at most 70 %",
        "0.80, rising",
        "wristband says 0.80, 3 s ago",
        "Because it is calmer.",
        "USB DAC",
        "0 underruns",
        "heron",
    ):
        assert part in text


def test_silence_and_a_missing_device_are_said() -> None:
    text = shown(snapshot(fault="No sound device: music plays unheard.", track=None))
    assert "idle: Looking for music." in text
    assert "No sound device" in text


def test_before_anything_is_known() -> None:
    empty = Snapshot(
        views={}, decisions=(), progress=None, broker="starting", resident="r", library="", message=""
    )
    assert "starting" in shown(empty)
    assert "no sensor has reported lately" in shown(empty)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: that of a person, and that of the program, which `Screen` takes."""
    monkeypatch.setenv("TERM", "xterm")
    person, program = os.openpty()
    yield person, program
    os.close(person)  # whoever still writes is let go
    for thread in threading.enumerate():
        if thread.name == "screen":
            thread.join(10.0)
            assert not thread.is_alive()


def read_until(person: int, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        seen += os.read(person, 65536)


def test_the_screen_is_drawn_and_left(terminal: tuple[int, int]) -> None:
    person, program = terminal
    screen = Screen(program)
    read_until(person, b"[?1049h")  # the alternate screen
    screen.show(snapshot())
    read_until(person, b"heron")
    screen.close()
    read_until(person, b"[?1049l")


def test_a_terminal_that_nobody_reads_holds_nobody_up(terminal: tuple[int, int]) -> None:
    _, program = terminal
    flags = fcntl.fcntl(program, fcntl.F_GETFL)
    fcntl.fcntl(program, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with suppress(BlockingIOError):  # full
        while True:
            os.write(program, b"x" * 4096)
    fcntl.fcntl(program, fcntl.F_SETFL, flags)
    begin = time.monotonic()
    screen = Screen(program)
    for _ in range(1000):
        screen.show(snapshot())
    screen.close()
    assert time.monotonic() - begin < CLOSE_PATIENCE + 2.0


def test_a_terminal_that_has_gone_is_no_error(terminal: tuple[int, int]) -> None:
    person, program = terminal
    screen = Screen(program)
    hung_up = os.open(os.devnull, os.O_RDONLY)
    os.dup2(hung_up, person)  # the person's end is closed, its number stays in use
    os.close(hung_up)
    screen.show(snapshot())
    screen.close()


def test_tags_do_nothing_to_the_terminal() -> None:
    track = TrackView(id="t", title="esc\x1b[2J", artist="a\nb", duration=Seconds(1.0))
    text = shown(snapshot(track=track))
    assert r"esc\x1b[2J  a\nb" in text and "\x1b" not in text
