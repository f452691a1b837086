"""The sink that is always there: the device, or the null sink while the device is away."""

import queue
import threading
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

RETRY: Final = Seconds(2.0)  # between two looks for a device that is away
ENTRANCE: Final = Seconds(1.0)  # fade-in on a device that came back; tuning constant


class SinkKeeper:
    """Writes to `device`; falls back to the null sink and returns, fading in. Used by the render thread.

    `opened` is told of every change. A WAV file that broke is not tried again: that would empty it.
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
        self._closed = threading.Event()
        self._entered = round(ENTRANCE * SAMPLE_RATE)  # frames of the fade-in that are done
        self._before = Frames(0)  # of the sinks before this one
        self._underruns_before = 0
        self._sink: AudioSink = NullSink(buffer_ms)
        try:
            self._sink = opener(device, buffer_ms)
        except OutputError as error:
            self._seek_device(error)
        else:
            opened(SinkOpened(device=self._sink.name))

    @property
    def frames_written(self) -> Frames:
        return Frames(self._before + self._sink.frames_written)

    @property
    def underruns(self) -> int:
        return self._underruns_before + self._sink.underruns

    def write(self, block: Pcm) -> None:
        """As `AudioSink.write`, and never raises: a block that the device refused goes to the null sink."""
        if not self._found.empty():
            self._replace(self._found.get())
            self._entered = 0
            self._opened(SinkOpened(device=self._sink.name))
        block = self._enter(block)
        try:
            self._sink.write(block)
        except OutputError as error:
            self._replace(NullSink(self._buffer_ms))
            self._seek_device(error)
            self._sink.write(block)

    def close(self) -> None:
        self._closed.set()
        self._sink.close()

    def _replace(self, sink: AudioSink) -> None:
        self._before, self._underruns_before = self.frames_written, self.underruns
        self._sink.close()
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

    def _seek_device(self, error: OutputError) -> None:
        self._opened(SinkOpened(device=self._sink.name, fallback_reason=str(error)))
        if not self._device.startswith("wav:"):
            threading.Thread(target=self._seek, name="device", daemon=True).start()

    def _seek(self) -> None:
        """Until the device is back. No stream is open now: PortAudio can be started anew to see it."""
        while not self._closed.is_set():
            try:
                self._refresh()
                self._found.put(self._opener(self._device, self._buffer_ms))
            except OutputError:
                self._closed.wait(self._retry)
            else:
                return
