"""The audio process from end to end, with real files."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from adapters.audio.launch import Launched, Launcher
from adapters.audio.process import AudioProcess
from player.model import (
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    Heard,
    Listened,
    Load,
    Progress,
    SinkOpened,
    Stop,
    Unload,
    Volume,
)
from player.ports.audio import Pcm
from player.settings import AudioSettings
from player.units import SAMPLE_RATE, Decibels, Seconds
from tests.support.audio import Reports, audio_process
from tests.support.level import decoded
from tests.support.pulse import PulseServer
from tests.support.wav import write_wav

ROOT = Path(__file__).parents[2]
NULL = AudioSettings(device="null")
FULL = Volume(level=Decibels(0.0))
UNITY = Decibels(0.0)
START = Seconds(0.0)


def sine(hertz: float, seconds: float, amplitude: float = 0.25) -> Pcm:
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.repeat(wave[:, np.newaxis], 2, axis=1).astype(np.float32)


def load(deck: int, path: Path, gain: Decibels | None = UNITY, start: Seconds = START) -> Load:
    return Load(deck=deck, track_id=path.stem, uri=str(path), gain=gain, start=start)


async def test_load_swap_free_and_end(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "first.wav", sine(440, 20.0))
    second = write_wav(tmp_path / "second.wav", sine(660, 1.5))
    out = tmp_path / "out.wav"
    async with audio_process(AudioSettings(device=f"wav:{out}")) as (process, reports):
        process.send(FULL)
        process.send(load(0, first))
        assert await reports.wait(DeckLoaded) == DeckLoaded(deck=0, track_id="first", gain=UNITY)
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        heard = await reports.wait(Heard)
        assert (heard.deck, heard.track_id) == (0, "first")
        process.send(load(1, second))
        await reports.wait(DeckLoaded, lambda r: r.deck == 1)
        playing = await reports.wait(Progress, lambda r: r.deck == 0 and r.position > 0.5)
        assert playing.track_id == "first"
        process.send(Crossfade(deck=1, fade=Seconds(0.2)))
        swapped = await reports.wait(Heard, lambda r: r.deck == 1)
        await reports.wait(DeckFreed, lambda r: r.track_id == "first")
        ending = await reports.wait(DeckEnding)
        assert ending.track_id == "second"
        assert 0.0 < ending.remaining <= 1.5
        await reports.wait(DeckFreed, lambda r: r.track_id == "second")
        await reports.wait(Listened, lambda r: r.complete and r.track_id == "second")
        last = await reports.wait(Progress, lambda r: r.deck == -1, after=len(reports.all))
        assert last.underruns == 0
        assert reports.of(SinkOpened) == [SinkOpened(device=f"wav:{out}")]
        assert not reports.of(DeckFailed)
    pcm = decoded(str(out))[:, 0]
    assert not pcm[: heard.frame].any()
    assert pcm[heard.frame + 1] != 0.0, "`Heard` names the first changed frame"
    pure = 0.25 * np.sin(2 * np.pi * 440 * np.arange(swapped.frame - 9600, swapped.frame) / SAMPLE_RATE)
    before = pcm[swapped.frame - 9600 : swapped.frame]
    assert np.sqrt(np.mean(before**2)) == pytest.approx(np.sqrt(np.mean(pure**2)), rel=0.01)


async def test_guessed_gain_brings_to_the_target_and_never_amplifies(tmp_path: Path) -> None:
    loud = write_wav(tmp_path / "loud.wav", sine(997, 5.0, amplitude=1.0))
    soft = write_wav(tmp_path / "soft.wav", sine(997, 5.0, amplitude=0.01))
    async with audio_process(NULL) as (process, reports):
        process.send(load(0, loud, gain=None))
        process.send(load(1, soft, gain=None))
        # 0 dBFS sine on both channels is 0 LUFS (BS.1770-4: −3.01 for one)
        assert (await reports.wait(DeckLoaded, lambda r: r.deck == 0)).gain == pytest.approx(-23.0, abs=0.3)
        assert (await reports.wait(DeckLoaded, lambda r: r.deck == 1)).gain == 0.0


async def test_guessed_gain_falls_before_a_loud_part_is_heard(tmp_path: Path) -> None:
    """25 s soft, then 20 dB louder: the gain is lowered while the soft part plays, however busy we are."""
    music = np.concatenate((sine(440, 25.0, amplitude=0.05), sine(440, 8.0, amplitude=0.5)))
    path = write_wav(tmp_path / "surprise.wav", music)
    out = tmp_path / "out.wav"
    async with audio_process(AudioSettings(device=f"wav:{out}")) as (process, reports):
        process.send(FULL)
        process.send(load(0, path, gain=None))
        assert (await reports.wait(DeckLoaded)).gain == pytest.approx(0.0, abs=4.0)
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        await reports.wait(Progress, lambda r: r.position > 5.0)
    level = np.abs(decoded(str(out))[:, 0])
    assert level[3 * SAMPLE_RATE : 5 * SAMPLE_RATE].max() < 0.9 * level[:SAMPLE_RATE].max()


async def test_silent_intro_is_skipped(tmp_path: Path) -> None:
    music = np.concatenate((np.zeros((2 * SAMPLE_RATE, 2), np.float32), sine(440, 3.0)))
    path = write_wav(tmp_path / "intro.wav", music)
    async with audio_process(NULL) as (process, reports):
        process.send(load(0, path))
        assert (await reports.wait(DeckLoaded)).cue == pytest.approx(1.98, abs=0.01)


async def test_a_track_resumed_in_the_middle_is_never_complete(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", sine(440, 6.0))
    async with audio_process(NULL) as (process, reports):
        process.send(FULL)
        process.send(load(0, path, start=Seconds(4.0)))
        assert (await reports.wait(DeckLoaded)).cue == pytest.approx(4.0)
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        first = await reports.wait(Progress, lambda r: r.deck == 0)
        assert 4.0 <= first.position < 5.0
        listened = await reports.wait(Listened)
        assert not listened.complete
        assert listened.features.heard == pytest.approx(2.0, abs=0.1)


async def test_stop_and_unload_free_every_deck(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "track.wav", sine(440, 20.0))
    async with audio_process(NULL) as (process, reports):
        process.send(FULL)
        for deck in range(3):
            process.send(load(deck, path))
        await reports.wait_until(lambda: len(reports.of(DeckLoaded)) == 3)
        process.send(Unload(deck=2))
        assert (await reports.wait(DeckFreed)).deck == 2
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        await reports.wait(Heard)
        process.send(load(3, path))
        process.send(Stop(fade=Seconds(0.2)))
        await reports.wait_until(lambda: {r.deck for r in reports.of(DeckFreed)} == {0, 1, 2, 3})
        process.send(load(0, path))
        await reports.wait(DeckLoaded, after=len(reports.all))


async def test_bad_files_are_reported_and_the_music_goes_on(tmp_path: Path) -> None:
    good = write_wav(tmp_path / "good.wav", sine(440, 20.0))
    text = tmp_path / "text.mp3"
    text.write_text("not music\n" * 1000)
    empty = tmp_path / "empty.mp3"
    empty.touch()
    silent = write_wav(tmp_path / "silent.wav", np.zeros((SAMPLE_RATE, 2), np.float32))
    async with audio_process(NULL) as (process, reports):
        process.send(FULL)
        process.send(load(0, good))
        await reports.wait(DeckLoaded)
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        for path in (text, empty, silent, tmp_path / "gone.mp3"):
            process.send(load(1, path))
            failed = await reports.wait(DeckFailed, after=len(reports.all))
            assert (failed.deck, failed.track_id) == (1, path.stem)
            assert str(path) in failed.reason
        process.send(Crossfade(deck=1, fade=Seconds(1.0)))
        assert "load" in (await reports.wait(DeckFailed, after=len(reports.all))).reason
        good.unlink()
        progress = await reports.wait(Progress, after=len(reports.all))
        assert (progress.deck, progress.underruns) == (0, 0)
        assert not reports.lost


async def test_killed_process_is_replaced_and_plays_again(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "track.wav", sine(440, 20.0))
    async with audio_process(NULL) as (process, reports):
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await reports.wait_until(lambda: reports.ready == 2)
        assert "signal 9" in reports.lost[0]
        assert process.pid not in (None, first)
        process.send(load(0, path))
        await reports.wait(DeckLoaded)


async def test_stopped_process_is_replaced() -> None:
    """It does not die, it stands still: judged by the reports that do not come."""
    async with audio_process(NULL) as (process, reports):
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        await reports.wait_until(lambda: reports.ready == 2)
        assert "stood still" in reports.lost[0]


class Unkillable(Launched):
    """As one whose thread hangs in the kernel."""

    def kill(self) -> None:
        """It does not help."""


class FirstHangs(Launcher):
    first: Unkillable | None = None

    def launch(self, *, suspect: bool = False) -> Launched:
        launched = super().launch(suspect=suspect)
        if self.first is None:
            self.first = launched = Unkillable(launched._process, launched.connection)
        return launched


async def test_a_process_that_cannot_be_killed_is_not_waited_for() -> None:
    reports, launcher = Reports(), FirstHangs(NULL)
    process = AudioProcess(launcher, reports.deliver, reports.on_lost, reports.on_ready)
    running = asyncio.create_task(process.run())
    await reports.wait_until(lambda: reports.ready == 1)
    assert launcher.first is not None
    try:
        os.kill(launcher.first.pid, signal.SIGSTOP)
        await reports.wait_until(lambda: reports.ready == 2)
        assert process.pid not in (None, launcher.first.pid)
    finally:
        launcher.first.kill_at_once()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


SPINS = "import sys; sys.stdout.write('x'); sys.stdout.flush()\nwhile True: pass"
SLEEPS = "import sys, time; sys.stdout.write('x'); sys.stdout.flush()\nwhile True: time.sleep(1000.0)"


@pytest.mark.parametrize(
    ("program", "stopped", "busy"), [(SPINS, False, True), (SPINS, True, False), (SLEEPS, False, False)]
)
def test_who_wants_a_processor_is_slow_and_does_not_hang(program: str, stopped: bool, busy: bool) -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        process.stdout.read(1)
        if stopped:
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        launched = Launched(process, ours)
        try:
            give_up = time.monotonic() + 20.0
            while launched.busy() != busy:  # who is about to sleep still runs, or waits for a processor
                assert time.monotonic() < give_up
                time.sleep(0.01)
            assert stopped or busy == any(launched.busy() for _ in range(20))
        finally:
            launched.kill_at_once()


async def test_commands_for_a_process_that_is_down_are_counted() -> None:
    async with audio_process(NULL) as (process, _reports):
        pass
    process.send(FULL)
    assert process.unsent == 1
    assert process.pid is None


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.parametrize("with_setpriv", [True, False])
def test_child_goes_with_its_parent(with_setpriv: bool) -> None:
    path = os.environ["PATH"] if with_setpriv else "/nonexistent"
    script = """
        import asyncio, os
        from adapters.audio.launch import Launcher
        from adapters.audio.process import AudioProcess
        from adapters.system.child import bound
        from player.settings import AudioSettings
        launcher = Launcher(AudioSettings(device="null"), bound)
        process = AudioProcess(launcher, lambda r: None, print, lambda: print(process.pid, flush=True))
        asyncio.run(process.run())
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PATH": path}) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 1.0
        while not gone(pid):
            assert time.monotonic() < deadline, "the child must be gone within a second"
            time.sleep(0.01)


async def test_device_goes_and_comes_back(pulse: PulseServer, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "track.wav", sine(440, 30.0))
    async with audio_process(AudioSettings()) as (process, reports):
        assert await reports.wait(SinkOpened) == SinkOpened(device="default")
        process.send(FULL)
        process.send(load(0, path))
        await reports.wait(DeckLoaded)
        process.send(Crossfade(deck=0, fade=Seconds(0.1)))
        await reports.wait(Heard)
        pulse.unplug()
        fallen = await reports.wait(SinkOpened, lambda r: r.device == "null")
        assert "check its cable" in fallen.fallback_reason
        pulse.plug()
        await reports.wait(SinkOpened, lambda r: r.device == "default", after=len(reports.all))
        with pulse.record() as recording:
            recording.wait_frames(SAMPLE_RATE)
        assert np.abs(recording.pcm()).max() > 0.1
        assert not reports.lost, "the process lived on"
