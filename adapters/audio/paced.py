"""Sinks without a sound card, paced like one: nothing at all, or a WAV file."""

import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import numpy as np

from player.errors import OutputError
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Frames

FRAME_BYTES: Final = 4 * CHANNELS
HEADER_EVERY: Final = SAMPLE_RATE  # frames between two updates of the WAV header
MAX_WAV_DATA: Final = 0xFFFF_FFFF - 64  # bytes, a limit of the format
IEEE_FLOAT: Final = 3  # WAVE_FORMAT_IEEE_FLOAT


class NullSink:
    """Takes frames at the pace of a card whose buffer is `buffer_ms` long, and drops them.

    `clock` and `sleep` may be virtual. `fail_after` (frames) and `stall_after` (frames; nothing is taken
    any more, `write` waits for ever in steps of `sleep`) imitate a device that breaks.
    """

    def __init__(
        self,
        buffer_ms: int = 120,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        fail_after: int | None = None,
        stall_after: int | None = None,
    ) -> None:
        self._buffer = buffer_ms * SAMPLE_RATE // 1000
        self._clock, self._sleep = clock, sleep
        self._fail_after, self._stall_after = fail_after, stall_after
        self._written = 0
        self._underruns = 0
        self._empty_at = clock()  # when all that was accepted will have been played

    @property
    def name(self) -> str:
        return "null"

    @property
    def frames_written(self) -> Frames:
        return Frames(self._written)

    @property
    def delay(self) -> Frames:
        return Frames(max(0, round((self._empty_at - self._clock()) * SAMPLE_RATE)))

    @property
    def underruns(self) -> int:
        return self._underruns

    def write(self, block: Pcm) -> None:
        if self._fail_after is not None and self._written >= self._fail_after:
            raise OutputError(self.name, "was told to fail.")
        while self._stall_after is not None and self._written >= self._stall_after:
            self._sleep(self._buffer / SAMPLE_RATE)
        now = self._clock()
        if now > self._empty_at:
            self._underruns += self._written > 0
            self._empty_at = now
        self._empty_at += len(block) / SAMPLE_RATE
        self._written += len(block)
        room = self._buffer - len(block) // 2  # so that the level swings around `buffer_ms`
        while (ahead := self.delay - max(room, 0)) > 0:
            self._sleep(ahead / SAMPLE_RATE)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class WavSink:
    """Writes 32-bit float WAV. The header is brought up to date every second, so that a killed process
    leaves a file that plays.

    `paced` by a `NullSink`; without it the file is written as fast as it comes. When the format's 4 GiB
    are full, further frames are dropped.
    """

    def __init__(self, path: str, pace: NullSink | None = None) -> None:
        self._path, self._pace = path, pace
        self._written = 0
        self._in_header = 0
        try:
            self._file = open(path, "wb")  # noqa: SIM115  closed by close()
            self._write_header()
        except OSError as error:
            raise OutputError(self.name, f"cannot be written ({error.strerror}): check the path.") from error

    @property
    def name(self) -> str:
        return f"wav:{self._path}"

    @property
    def frames_written(self) -> Frames:
        return Frames(self._written)

    @property
    def delay(self) -> Frames:
        return self._pace.delay if self._pace else Frames(0)

    @property
    def underruns(self) -> int:
        return self._pace.underruns if self._pace else 0

    def write(self, block: Pcm) -> None:
        try:
            if (self._written + len(block)) * FRAME_BYTES <= MAX_WAV_DATA:
                self._file.write(np.ascontiguousarray(block, dtype="<f4").tobytes())
            self._written += len(block)
            if self._written - self._in_header >= HEADER_EVERY:
                self._write_header()
        except (OSError, ValueError) as error:
            raise OutputError(self.name, f"cannot be written ({error}): is the disk full?") from error
        if self._pace:
            self._pace.write(block)

    def close(self) -> None:
        """A file that cannot be written was told of when it broke."""
        if not self._file.closed:
            with suppress(OSError):
                self._write_header()
            with suppress(OSError):  # what is left in the buffer; the file is closed all the same
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write_header(self) -> None:
        """RIFF/WAVE header with the length so far; frames first, so that it never promises too much."""
        self._file.flush()
        data = min(self._written * FRAME_BYTES, MAX_WAV_DATA // FRAME_BYTES * FRAME_BYTES)
        rate = SAMPLE_RATE * FRAME_BYTES
        form = struct.pack("<HHIIHHH", IEEE_FLOAT, CHANNELS, SAMPLE_RATE, rate, FRAME_BYTES, 32, 0)
        fact = struct.pack("<4sII", b"fact", 4, data // FRAME_BYTES)
        head = (
            b"WAVE"
            + struct.pack("<4sI", b"fmt ", len(form))
            + form
            + fact
            + struct.pack("<4sI", b"data", data)
        )
        self._file.seek(0)
        self._file.write(struct.pack("<4sI", b"RIFF", len(head) + data) + head)
        self._file.flush()
        self._file.seek(0, os.SEEK_END)
        self._in_header = self._written
