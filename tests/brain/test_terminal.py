"""The live view shows what is so, in words."""

import io

from rich.console import Console

from adapters.terminal import Snapshot, render
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
