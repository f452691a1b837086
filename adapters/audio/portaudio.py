"""The sound card, through PortAudio's blocking interface (sounddevice)."""

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import numpy as np

from adapters.audio.resample import RateConverter
from player.errors import OutputError
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Frames, Seconds

STALL: Final = Seconds(0.7)  # a device that takes nothing for so long has gone; tuning constant
KICK: Final = Seconds(0.25)  # after an underrun a sound server may wait for a full buffer: it gets one
FIRST: Final = Seconds(3.0)  # until a device that was opened takes sound; tuning constant
SHORTEST_WAIT: Final = Seconds(0.003)  # a driver moves in steps: no use to look more often; tuning constant
OTHER_RATES: Final = (44_100, 96_000)  # Hz, for a device that refuses ours
INVALID_RATE: Final = -9997  # paInvalidSampleRate
NUMBER: Final = re.compile(r" \(hw:\d+,\d+\)$")
INSTALL: Final = "install PortAudio (apt-get install libportaudio2)."


class PortAudioSink:
    """One output stream. No callback: `write` waits until the device has room.

    What is ahead of the ear swings around `buffer_ms` by half a block (plus what the driver hides).
    PortAudio rounds its own buffer up: its blocking write alone would add up to 30 ms to every command.
    """

    def __init__(self, device: str = "default", buffer_ms: int = 120) -> None:
        self._device = device
        self._written = 0
        self._underruns = 0
        self._closed = False
        with _quiet():
            self._portaudio, self._stream, rate = _open(device, buffer_ms)
        self._convert = RateConverter(rate) if rate != SAMPLE_RATE else None
        self._speed = SAMPLE_RATE / rate  # our frames for one of the device's
        try:
            self._capacity = self._stream.write_available  # of the device's; nothing is queued yet
            self._target = min(buffer_ms * SAMPLE_RATE // 1000, int(self._capacity * self._speed))
            self._begin()
        except self._portaudio.PortAudioError as error:  # it went a moment after it was opened
            self.close()
            raise self._gone(error) from error
        except OutputError:
            self.close()
            raise

    @property
    def name(self) -> str:
        return self._device

    @property
    def frames_written(self) -> Frames:
        return Frames(self._written)

    @property
    def delay(self) -> Frames:
        queued = 0 if self._closed else max(0, self._capacity - self._stream.write_available)
        return Frames(round(queued * self._speed))

    @property
    def underruns(self) -> int:
        return self._underruns

    def write(self, block: Pcm) -> None:
        try:
            converted = block if self._convert is None else self._convert.push(block)
            self._underruns += bool(self._stream.write(converted))
            self._written += len(block)
            self._wait(len(block))
        except self._portaudio.PortAudioError as error:
            raise self._gone(error) from error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with _quiet():
                self._stream.close(ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _begin(self) -> None:
        """A buffer of silence, and wait until the device takes of it: a device that is held by another
        program opens and then takes nothing, and a sound server may sleep for 2 s."""
        silence = np.zeros((int(self._target / self._speed), CHANNELS), np.float32)
        give_up = time.monotonic() + FIRST
        self._stream.write(silence)
        while self.delay >= self._target - 1:
            if time.monotonic() > give_up:
                raise OutputError(self.name, "takes no sound: is it used by another program?")
            time.sleep(SHORTEST_WAIT)

    def _gone(self, error: Exception) -> OutputError:
        return OutputError(self.name, f"has gone ({_words(error)}): check its cable and power.")

    def _wait(self, block: int) -> None:
        most = max(self._target - block // 2, 0)
        began, kicked = time.monotonic(), False
        while (ahead := self.delay - most) > 0:
            still = time.monotonic() - began
            if still > STALL:
                raise OutputError(self.name, "takes no more sound: check its cable and power.")
            if still > KICK and not kicked:
                kicked = True
                self._stream.write(np.zeros((self._stream.write_available, CHANNELS), np.float32))
            time.sleep(max(ahead / SAMPLE_RATE, SHORTEST_WAIT))


class PortAudioInput:
    """One input stream, mono. `read` blocks on PortAudio and raises `OutputError` when the device is gone."""

    def __init__(self, device: str, latency: Seconds) -> None:
        self._device = device
        self._portaudio = _module()
        with _quiet():
            try:
                self._stream = self._portaudio.InputStream(
                    samplerate=SAMPLE_RATE,
                    channels=1,
                    dtype="float32",
                    latency=float(latency),
                    blocksize=0,
                    device=None if device == "default" else device,
                )
                self._stream.start()
            except (self._portaudio.PortAudioError, ValueError) as error:
                raise OutputError(
                    device, f"cannot be listened to ({_words(error)}): connect a microphone, or name another."
                ) from error

    def read(self, frames: int) -> tuple[Pcm, bool]:
        """Shape (frames, 1), and whether frames before it were lost."""
        try:
            block, overflowed = self._stream.read(frames)
        except self._portaudio.PortAudioError as error:
            raise OutputError(self._device, f"has gone ({_words(error)}): check the microphone.") from error
        return block, bool(overflowed)

    def close(self) -> None:
        with _quiet():
            self._stream.close(ignore_errors=True)


def refresh_devices() -> None:
    """Let PortAudio see devices that came since it started. Only while no stream is open.

    Raises `OutputError` when it does not start; then it may be tried again.
    """
    portaudio = _module()
    with _quiet():
        try:
            if portaudio._initialized:  # sounddevice has no public name for these; 0: it did not start before
                portaudio._terminate()
            portaudio._initialize()
        except portaudio.PortAudioError as error:
            raise OutputError("default", f"PortAudio does not start ({_words(error)}).") from error


def _open(device: str, buffer_ms: int) -> tuple[Any, Any, int]:
    """PortAudio, a stream, and its rate: ours, or one that the device does not refuse."""
    portaudio = _module()
    for rate in (SAMPLE_RATE, *OTHER_RATES):
        try:
            stream = portaudio.OutputStream(
                samplerate=rate,
                channels=CHANNELS,
                dtype="float32",
                latency=buffer_ms / 1000,
                blocksize=0,
                device=_found(portaudio, device),
            )
            stream.start()
        except (portaudio.PortAudioError, ValueError) as error:
            if error.args[-1] == INVALID_RATE and rate != OTHER_RATES[-1]:
                continue
            raise OutputError(
                device, f"cannot be opened ({_words(error)}): connect or switch on a speaker."
            ) from error
        return portaudio, stream, rate
    raise AssertionError(OTHER_RATES)


def _found(portaudio: Any, device: str) -> str | None:
    """The name to look for; without the number that ALSA gives, when the device was plugged in elsewhere."""
    if device == "default":
        return None
    try:
        portaudio.query_devices(device, "output")
    except ValueError:
        return NUMBER.sub("", device)
    return device


def _module() -> Any:
    try:
        import sounddevice  # a null or WAV sink works without PortAudio
    except (ImportError, OSError) as error:
        raise OutputError("default", f"PortAudio is missing: {INSTALL}") from error
    return sounddevice


def _words(error: Exception) -> str:
    said = str(error).splitlines()[0].strip().lower()
    return "the sound system ended or refused" if "unanticipated host error" in said else said


class Hush:
    """Standard error of this process, away while anybody wants it so: two threads may, and overlap."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # never held while a driver works: that may hang
        self._wanted = 0
        self._saved = -1

    def begin(self) -> None:
        with self._lock:
            self._wanted += 1
            if self._wanted == 1:
                self._saved = os.dup(2)
                void = os.open(os.devnull, os.O_WRONLY)
                os.dup2(void, 2)
                os.close(void)

    def end(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                os.dup2(self._saved, 2)
                os.close(self._saved)


_hush: Final = Hush()


@contextmanager
def _quiet() -> Iterator[None]:
    """ALSA and PortAudio write pages to standard error while they look for devices."""
    _hush.begin()
    try:
        yield
    finally:
        _hush.end()
