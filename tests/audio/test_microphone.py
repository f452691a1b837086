"""The room's microphone on a real sound server: voices found, no sound given away."""

import asyncio
import os
import queue
import subprocess
import threading
import time
import types
import typing
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from adapters.audio.microphone import Microphone
from adapters.audio.process import AudioProcess
from player.errors import OutputError
from player.model import (
    AudioReport,
    Crossfade,
    DeckLoaded,
    Listen,
    Load,
    MicrophoneState,
    Progress,
    RoomHeard,
    Volume,
)
from player.settings import AudioSettings
from player.units import SAMPLE_RATE, Decibels, Seconds
from tests.support.audio import Reports, audio_process
from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import PulseServer
from tests.support.room import TEXTS, at_level, scene, spoken
from tests.support.wav import write_wav

PATIENCE_S = 60.0  # the delay is looked for every two seconds, and the filter learns for four
MOST_BYTES = 400  # of one report, as JSON


def pactl(server: PulseServer, *words: str) -> str:
    return subprocess.run(
        ["pactl", *words], env=server.env, capture_output=True, check=True, text=True
    ).stdout


@pytest.fixture
def room(pulse: PulseServer) -> PulseServer:
    """What the bed's speaker plays comes to the microphone 80 ms later, with whatever else is said there."""
    mix = f"rate={SAMPLE_RATE} format=float32le channels=2"
    pactl(pulse, "load-module", "module-null-sink", "sink_name=room", *mix.split())
    pactl(pulse, "load-module", "module-loopback", "source=bed.monitor", "sink=room", "latency_msec=80")
    pactl(pulse, "set-default-sink", "bed")
    pactl(pulse, "set-default-source", "room.monitor")
    return pulse


@contextmanager
def said(server: PulseServer, file: Path) -> Iterator[None]:
    """Somebody speaks in the room, again and again."""
    argv = ["sh", "-c", 'while paplay --device=room "$0"; do :; done', str(file)]
    with subprocess.Popen(argv, env=server.env, start_new_session=True) as speaker:
        try:
            yield
        finally:
            os.killpg(speaker.pid, 9)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[AudioProcess, Reports]]:
    async with audio_process(AudioSettings(microphone="default", buffer_ms=500)) as (process, reports):
        process.send(Listen(on=True))
        yield process, reports


async def until(reports: Reports, such: Callable[[RoomHeard], bool]) -> RoomHeard:
    """The first of what is heard from now on."""
    after = len(reports.all)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for report in reports.all[after:]:
                if isinstance(report, RoomHeard) and such(report):
                    return report
            await asyncio.sleep(0.1)


async def play(process: AudioProcess, reports: Reports) -> None:
    piece = next(path for path in sorted(RECORDINGS.glob("*.ogg")) if path.stem == "battle-epic")
    process.send(Load(deck=0, track_id="music", uri=str(piece), gain=Decibels(-10.0)))
    await reports.wait(DeckLoaded)
    process.send(Volume(level=Decibels(-20.0)))
    process.send(Crossfade(deck=0, fade=Seconds(0.1)))


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    sound, _ = scene(20.0, 0.4, [at_level(spoken(text, "en+f3"), -26.0) for text in TEXTS])
    return write_wav(tmp_path / "speech.wav", np.repeat(sound[:, None], 2, axis=1))


async def test_a_voice_in_the_room_is_heard_and_its_end(room: PulseServer, speech: Path) -> None:
    """How the music is taken away is tried in a computed room (tests/room): a loopback's delay drifts."""
    async with listening() as (_, reports):
        with said(room, speech):
            alone = await until(reports, lambda heard: heard.voice > 0.3)
            assert alone.pitch is not None and 120.0 < alone.pitch < 300.0
        await until(reports, lambda heard: heard.voice == 0.0)


async def test_no_sound_can_leave_the_audio_process(room: PulseServer, speech: Path) -> None:
    """While it listens: no file is open for writing, no socket but those to brain and sound server."""
    async with listening() as (process, reports):
        with said(room, speech):
            await until(reports, lambda heard: heard.voice > 0.2)
            assert process.pid is not None
            writable = [path for path, flags in _open_files(process.pid) if flags & os.O_ACCMODE]
            kinds = {path.split(":")[0] for path in writable}
            assert not [path for path in writable if path.startswith("/") and not path.startswith("/dev/")]
            assert kinds <= {"socket", "pipe", "anon_inode", "/dev/null", "/memfd"}, kinds
            assert not _internet_sockets(process.pid)
    heard = [report for report in reports.all if isinstance(report, RoomHeard)]
    assert max(len(msgspec.json.encode(report)) for report in heard) < MOST_BYTES


def _open_files(pid: int) -> Iterator[tuple[str, int]]:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if entry.name in ("1", "2"):  # of the one who started it: a few words of log
            continue
        try:
            path, about = os.readlink(entry), Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text()
        except FileNotFoundError:  # closed meanwhile
            continue
        yield path, int(about.split("flags:")[1].split()[0], 8)


def _internet_sockets(pid: int) -> set[str]:
    inodes = {path[8:-1] for path, _ in _open_files(pid) if path.startswith("socket:[")}
    tables = [Path(f"/proc/{pid}/net/{table}") for table in ("tcp", "tcp6", "udp", "udp6")]
    used = {
        line.split()[9] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]
    }
    return inodes & used


def test_nothing_that_crosses_the_pipe_can_carry_sound() -> None:
    """What is heard becomes a fixed handful of numbers, and no report has room for samples."""
    numbers = {float, int, bool, type(None)}
    for field in msgspec.structs.fields(RoomHeard):
        assert set(_plain(field.type)) <= numbers, field.name
    assert RoomHeard in typing.get_args(AudioReport)
    for report in typing.get_args(AudioReport):
        for field in msgspec.structs.fields(report):
            assert not {bytes, bytearray, memoryview, np.ndarray} & set(_plain(field.type)), (
                report,
                field.name,
            )


def _plain(kind: object) -> Iterator[object]:
    """The types within a type, without their new names."""
    kind = getattr(kind, "__supertype__", kind)
    if typing.get_origin(kind) in (types.UnionType, typing.Union, tuple, list, dict):
        for part in typing.get_args(kind):
            yield from _plain(part)
    else:
        yield kind


async def test_it_is_closed_until_consent_was_given_and_after_it_was_withdrawn(room: PulseServer) -> None:
    def streams() -> int:
        return len(pactl(room, "list", "short", "source-outputs").splitlines()) - 1  # without the loopback

    async with audio_process(AudioSettings(microphone="default")) as (process, reports):
        await play(process, reports)
        assert streams() == 0
        process.send(Listen(on=True))
        await until(reports, lambda heard: heard.quality >= 0.0)
        assert streams() == 1
        process.send(Listen(on=False))
        async with asyncio.timeout(PATIENCE_S):
            while streams():
                await asyncio.sleep(0.1)
    async with audio_process(AudioSettings()) as (process, reports):
        process.send(Listen(on=True))  # no device was named
        await play(process, reports)
        assert streams() == 0


@pytest.mark.usefixtures("pulse")
async def test_a_microphone_that_is_away_costs_nothing() -> None:
    async with audio_process(AudioSettings(microphone="no such microphone")) as (process, reports):
        process.send(Listen(on=True))
        await play(process, reports)
        await reports.wait(DeckLoaded)
        assert not reports.of(RoomHeard) and not reports.lost


def test_the_device_is_free_while_portaudio_starts_anew() -> None:
    """A stream that PortAudio tears down under its reader would take the process with it."""
    open_now: list[bool] = []
    reads, order = [0], []

    class Stream:
        def __init__(self, _device: str, _latency: Seconds) -> None:
            order.append("open")

        def read(self, frames: int) -> tuple[object, bool]:
            reads[0] += 1
            if reads[0] == 3:
                order.append("gone")
                raise OutputError("default", "has gone")
            return np.zeros((frames, 1), np.float32), False

        def close(self) -> None:
            order.append("close")

    microphone = Microphone("default", lambda _report: None, opener=Stream)
    microphone.start()
    microphone.allow(True)
    microphone.apart(lambda: open_now.append(order.count("open") > order.count("close")))
    assert not any(open_now)


def test_a_microphone_whose_driver_hangs_is_told_and_nothing_is_torn_down() -> None:
    hangs, ends = threading.Event(), threading.Event()
    done: list[bool] = []

    class Stream:
        def __init__(self, _device: str, _latency: Seconds) -> None:
            """Opens at once."""

        def read(self, frames: int) -> tuple[object, bool]:
            hangs.set()
            ends.wait()
            return np.zeros((frames, 1), np.float32), False

        def close(self) -> None:
            """Nothing is held."""

    microphone = Microphone("default", lambda _report: None, opener=Stream)
    microphone.start()
    microphone.allow(True)
    assert hangs.wait(10.0)
    assert not microphone.apart(lambda: done.append(True))
    ends.set()
    while not microphone.apart(lambda: done.append(True)):
        pass
    assert done == [True]
    microphone.allow(False)


def test_a_microphone_that_is_away_is_told_once_and_again_when_it_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.audio.microphone.RETRY", 0.01)
    reports: queue.Queue[RoomHeard | MicrophoneState] = queue.Queue()
    away, tries = threading.Event(), threading.Semaphore(0)
    away.set()

    class Stream:
        def __init__(self, device: str, _latency: Seconds) -> None:
            tries.release()
            if away.is_set():
                raise OutputError(device, "cannot be listened to")

        def read(self, frames: int) -> tuple[object, bool]:
            time.sleep(0.01)
            return np.zeros((frames, 1), np.float32), False

        def close(self) -> None:
            """Nothing is held."""

    def next_state() -> str:
        while not isinstance(report := reports.get(timeout=PATIENCE_S), MicrophoneState):
            pass
        return report.problem

    microphone = Microphone("bed", reports.put, opener=Stream)
    microphone.start()
    microphone.allow(True)
    assert "cannot be listened to" in next_state()
    for _ in range(3):
        assert tries.acquire(timeout=PATIENCE_S)
    assert reports.empty()
    away.clear()
    assert next_state() == ""
    away.set()
    microphone.apart(lambda: None)  # the device is opened anew
    assert "cannot be listened to" in next_state()
    microphone.allow(False)
    assert next_state() == ""


def test_what_is_wrong_with_the_microphone_reaches_the_brain_and_nobody_else_is_disturbed() -> None:
    async def check() -> None:
        settings = AudioSettings(device="null", microphone="no such microphone")
        async with audio_process(settings) as (process, reports):
            assert not [each for each in reports.all if isinstance(each, MicrophoneState)]  # no consent yet
            process.send(Listen(on=True))
            state = await reports.wait(MicrophoneState)
            assert "no such microphone" in state.problem and "connect a microphone" in state.problem
            written = await reports.wait(Progress, lambda each: each.frames_written > 0)
            assert written.underruns == 0

    asyncio.run(check())
