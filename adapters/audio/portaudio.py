"""The sound card, through PortAudio's blocking interface (sounddevice)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from player.errors import OutputError
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Frames, Seconds

STALL: Final = Seconds(2.0)  # a device that takes nothing for so long has gone; tuning constant
SHORTEST_WAIT: Final = Seconds(0.003)  # a driver moves in steps: no use to look more often; tuning constant
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
            self._portaudio, self._stream = _open(device, buffer_ms)
        self._capacity = self._stream.write_available  # nothing is queued yet
        self._target = min(buffer_ms * SAMPLE_RATE // 1000, self._capacity)

    @property
    def name(self) -> str:
        return self._device

    @property
    def frames_written(self) -> Frames:
        return Frames(self._written)

    @property
    def delay(self) -> Frames:
        return Frames(0 if self._closed else max(0, self._capacity - self._stream.write_available))

    @property
    def underruns(self) -> int:
        return self._underruns

    def write(self, block: Pcm) -> None:
        try:
            self._underruns += bool(self._stream.write(block))
            self._written += len(block)
            self._wait(len(block))
        except self._portaudio.PortAudioError as error:
            raise OutputError(self.name, f"has gone ({_words(error)}): check its cable and power.") from error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with _quiet():
                self._stream.close(ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _wait(self, block: int) -> None:
        most = max(self._target - block // 2, 0)
        give_up = time.monotonic() + STALL
        while (ahead := self.delay - most) > 0:
            if time.monotonic() > give_up:
                raise OutputError(self.name, "takes no more sound: check its cable and power.")
            time.sleep(max(ahead / SAMPLE_RATE, SHORTEST_WAIT))


def refresh_devices() -> None:
    """Let PortAudio see devices that came since it started. Only while no stream is open."""
    portaudio = _module()
    with _quiet():
        portaudio._terminate()  # sounddevice has no public name for Pa_Terminate and Pa_Initialize
        portaudio._initialize()


def _open(device: str, buffer_ms: int) -> tuple[Any, Any]:
    portaudio = _module()
    try:
        stream = portaudio.OutputStream(
            samplerate=SAMPLE_RATE,
            channels=CHANNELS,
            dtype="float32",
            latency=buffer_ms / 1000,
            blocksize=0,
            device=None if device == "default" else device,
        )
        stream.start()
    except (portaudio.PortAudioError, ValueError) as error:
        raise OutputError(
            device, f"cannot be opened ({_words(error)}): connect or switch on a speaker."
        ) from error
    return portaudio, stream


def _module() -> Any:
    try:
        import sounddevice  # a null or WAV sink works without PortAudio
    except (ImportError, OSError) as error:
        raise OutputError("default", f"PortAudio is missing: {INSTALL}") from error
    return sounddevice


def _words(error: Exception) -> str:
    return str(error).splitlines()[0].strip().lower()


@contextmanager
def _quiet() -> Iterator[None]:
    """ALSA and PortAudio write pages to standard error while they look for devices."""
    saved = os.dup(2)
    void = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(void, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(void)
