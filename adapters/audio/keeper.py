"""The sink that is always there: the device, or the null sink while the device is away."""

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from adapters.audio.output import open_sink
from adapters.audio.paced import NullSink
from adapters.audio.portaudio import refresh_devices
from player.errors import OutputError
from player.model import SinkOpened
from player.ports.audio import AudioSink, Pcm
from player.units import SAMPLE_RATE, Frames, Seconds

# Tuning constants.
RETRY: Final = Seconds(0.5)  # between two looks for a device that is away
EAGER: Final = 120  # looks; from then on
SLOWER: Final = 3.0  # times as long: a look costs processor time
OPENING: Final = Seconds(4.0)  # a device that answers later is not waited for at the start
STUCK: Final = Seconds(60.0)  # in one look
POLL: Final = Seconds(0.005)
ENTRANCE: Final = Seconds(1.0)  # fade-in on a device that came back


class SinkKeeper:
    """Writes to `device`; falls back to the null sink and returns, fading in. Used by the render thread.

    `begin` comes before the first `write`. `opened` is told of every change.
    A WAV file that broke is not tried again: that would empty it.
    """

    def __init__(
        self,
        device: str,
        buffer_ms: int,
        opened: Callable[[SinkOpened], None],
        *,
        opener: Callable[[str, int], AudioSink] = open_sink,
        refresh: Callable[[], None] = refresh_devices,
        retry: Seconds = RETRY,
    ) -> None:
        self._device, self._buffer_ms, self._opened = device, buffer_ms, opened
        self._opener, self._refresh, self._retry = opener, refresh, retry
        self._found: queue.SimpleQueue[AudioSink] = queue.SimpleQueue()  # at most one
        self._refused: queue.SimpleQueue[OutputError] = queue.SimpleQueue()  # of the first look; at most one
        self._closed = threading.Event()
        self._busy_since = time.monotonic()  # of the thread that looks for the device; inf: it waits
        self._entered = round(ENTRANCE * SAMPLE_RATE)  # frames of the fade-in that are done
        self._before = Frames(0)  # of the sinks before this one
        self._underruns_before = 0
        self._sink: AudioSink = NullSink(buffer_ms)
        self._look(None)

    @property
    def frames_written(self) -> Frames:
        return Frames(self._before + self._sink.frames_written)

    @property
    def underruns(self) -> int:
        return self._underruns_before + self._sink.underruns

    def write(self, block: Pcm) -> None:
        """As `AudioSink.write`: a block that the device refused goes to the null sink.

        Raises `OutputError` only when the sound system hangs: a new process may be luckier.
        """
        if not self._found.empty():
            self._replace(self._found.get())
            self._entered = 0
            self._opened(SinkOpened(device=self._sink.name))
        elif time.monotonic() - self._busy_since > STUCK:
            raise OutputError(self._device, f"has not answered for {STUCK:.0f} s: check its cable and power.")
        block = self._enter(block)
        try:
            self._sink.write(block)
        except OutputError as error:
            gone = self._sink
            self._replace(NullSink(self._buffer_ms))
            self._tell_refused(error)
            self._look(gone)
            self._sink.write(block)

    def close(self) -> None:
        self._closed.set()
        self._sink.close()

    def begin(self) -> None:
        """Wait for the device, which is being opened since the constructor; when it does not answer soon
        the null sink stands in until it does."""
        give_up = time.monotonic() + OPENING
        while time.monotonic() < give_up:
            if not self._found.empty():
                self._sink = self._found.get()
                self._opened(SinkOpened(device=self._sink.name))
                return
            if not self._refused.empty():
                self._tell_refused(self._refused.get())
                return
            time.sleep(POLL)
        self._tell_refused(OutputError(self._device, "does not answer: check its cable and power."))

    def _replace(self, sink: AudioSink) -> None:
        self._before, self._underruns_before = self.frames_written, self.underruns
        self._sink = sink

    def _enter(self, block: Pcm) -> Pcm:
        """Linear fade-in after a device came back."""
        length = round(ENTRANCE * SAMPLE_RATE)
        if self._entered >= length:
            return block
        ramp = np.arange(self._entered, self._entered + len(block), dtype=np.float32) / np.float32(length)
        self._entered += len(block)
        entering: Pcm = block * np.minimum(ramp, np.float32(1.0))[:, np.newaxis]
        return entering

    def _tell_refused(self, error: OutputError) -> None:
        self._opened(SinkOpened(device=self._sink.name, fallback_reason=str(error)))

    def _look(self, gone: AudioSink | None) -> None:
        """On a thread of its own: a sound server that stands still blocks whoever opens or closes."""
        if gone is not None and self._device.startswith("wav:"):
            gone.close()
            return
        threading.Thread(target=self._seek, args=(gone,), name="device", daemon=True).start()

    def _seek(self, gone: AudioSink | None) -> None:
        """Until the device is there. No stream is open now: PortAudio can be started anew to see it."""
        look = 0
        while not self._closed.is_set():
            self._busy_since = time.monotonic()
            try:
                if gone is not None:
                    gone.close()
                    gone = None
                if look or self.frames_written:
                    self._refresh()
                self._found.put(self._opener(self._device, self._buffer_ms))
            except Exception as failed:  # noqa: BLE001  a thread's boundary: whoever looks must look again
                error = failed if isinstance(failed, OutputError) else _unexpected(self._device, failed)
                self._busy_since = math.inf
                if not look and not self.frames_written:
                    self._refused.put(error)
                if self._device.startswith("wav:"):
                    return
                look += 1
                self._closed.wait(self._retry if look < EAGER else SLOWER * self._retry)
            else:
                self._busy_since = math.inf
                return


def _unexpected(device: str, error: Exception) -> OutputError:
    return OutputError(device, f"cannot be opened ({type(error).__name__}: {error}): it is tried again.")
