"""Every sink, one contract."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.audio.output import open_sink
from adapters.audio.paced import NullSink, WavSink
from adapters.audio.portaudio import Hush, PortAudioSink, refresh_devices
from player.errors import OutputError
from player.ports.audio import AudioSink, Pcm
from player.units import SAMPLE_RATE
from tests.contracts.audio_sink import check_audio_sink
from tests.support.level import decoded
from tests.support.pulse import PulseServer

BLOCK: Pcm = np.zeros((480, 2), np.float32)


def write_seconds(sink: AudioSink, seconds: int) -> None:
    for _ in range(seconds * SAMPLE_RATE // len(BLOCK)):
        sink.write(BLOCK)


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_null_sink() -> None:
    clock = VirtualClock()
    check_audio_sink(lambda: NullSink(120, clock=clock, sleep=clock.sleep), clock, 120)


def test_wav_sink(tmp_path: Path) -> None:
    clock = VirtualClock()
    pace = NullSink(120, clock=clock, sleep=clock.sleep)
    check_audio_sink(lambda: WavSink(str(tmp_path / "out.wav"), pace), clock, 120)


def test_portaudio_sink(pulse: PulseServer) -> None:
    del pulse
    # hidden: PulseAudio's own null sink moves in steps of up to 20 ms
    check_audio_sink(lambda: PortAudioSink("default", 120), time.monotonic, 120, hidden_ms=50)


def test_null_sink_keeps_its_buffer_full_and_no_fuller() -> None:
    clock = VirtualClock()
    sink = NullSink(120, clock=clock, sleep=clock.sleep)
    for _ in range(1000):
        sink.write(BLOCK)
    assert clock.now == pytest.approx(10.0 - 0.115, abs=1e-3), "half a block below"
    assert sink.delay == pytest.approx(5520, abs=1)
    assert sink.underruns == 0


def test_null_sink_counts_what_a_card_would_have_missed() -> None:
    clock = VirtualClock()
    sink = NullSink(120, clock=clock, sleep=clock.sleep)
    for pause in (0.0, 0.1, 0.2, 0.0, 0.5):
        clock.now += pause
        for _ in range(13):
            sink.write(BLOCK)
    assert sink.underruns == 2


def test_null_sink_breaks_when_told() -> None:
    clock = VirtualClock()
    sink = NullSink(120, clock=clock, sleep=clock.sleep, fail_after=960)
    sink.write(BLOCK)
    sink.write(BLOCK)
    with pytest.raises(OutputError):
        sink.write(BLOCK)


def test_null_sink_stalls_when_told() -> None:
    class Patience(Exception):
        pass

    clock = VirtualClock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 60:
            raise Patience

    sink = NullSink(120, clock=clock, sleep=sleep, stall_after=480)
    sink.write(BLOCK)
    with pytest.raises(Patience):
        sink.write(BLOCK)


def test_wav_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    pcm = np.random.default_rng(1).uniform(-1, 1, (3 * SAMPLE_RATE + 7, 2)).astype(np.float32)
    with WavSink(str(path)) as sink:
        for start in range(0, len(pcm), 1000):
            sink.write(pcm[start : start + 1000])
    assert np.array_equal(decoded(str(path)), pcm)


def test_wav_of_a_killed_process_plays(tmp_path: Path) -> None:
    path = tmp_path / "killed.wav"
    script = (
        "import sys, numpy as np\n"
        "from adapters.audio.paced import WavSink\n"
        "sink = WavSink(sys.argv[1])\n"
        "for _ in range(250): sink.write(np.full((480, 2), 0.25, np.float32))\n"
        "print('written', flush=True)\n"
        "sys.stdin.read()\n"
    )
    argv = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(2.0, abs=0.01), "the header is valid"
    assert np.all(decoded(str(path)) == np.float32(0.25))


def test_wav_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="check the path"):
        open_sink(f"wav:{tmp_path / 'missing' / 'out.wav'}", 120)


def test_device_that_does_not_exist_is_named(pulse: PulseServer) -> None:
    del pulse
    with pytest.raises(OutputError, match="cannot be opened"):
        open_sink("no such speaker", 120)


def test_device_that_goes_is_named(pulse: PulseServer) -> None:
    sink = open_sink("default", 120)
    for _ in range(30):
        sink.write(BLOCK)
    pulse.unplug()
    with pytest.raises(OutputError, match="check its cable"):
        write_seconds(sink, 10)
    sink.close()


def test_sinks_open_by_name(tmp_path: Path) -> None:
    for name in ("null", f"wav:{tmp_path / 'out.wav'}"):
        with open_sink(name, 120) as sink:
            assert sink.name == name


def test_a_wav_file_on_a_full_disk_is_named_and_can_be_closed(tmp_path: Path) -> None:
    """The keeper closes it on the render thread."""
    sink = WavSink(str(tmp_path / "full.wav"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="is the disk full"):
            write_seconds(sink, 2)
        sink.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_portaudio_that_did_not_start_is_started_at_the_next_look(
    pulse: PulseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sounddevice

    del pulse

    def refuse() -> None:
        raise sounddevice.PortAudioError("no memory")

    with monkeypatch.context() as broken:
        broken.setattr(sounddevice, "_initialize", refuse)
        for _ in range(2):
            with pytest.raises(OutputError, match="does not start"):
                refresh_devices()
    refresh_devices()
    check_audio_sink(PortAudioSink, time.monotonic, 120)


def test_two_threads_that_want_standard_error_away_leave_it_as_it_was() -> None:
    before = os.fstat(2).st_ino
    hush = Hush()
    hush.begin()
    hush.begin()
    hush.end()
    assert os.fstat(2).st_ino == os.stat(os.devnull).st_ino
    hush.end()
    assert os.fstat(2).st_ino == before
