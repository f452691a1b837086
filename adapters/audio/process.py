"""The brain's side of the audio process: start, feed and watch it, and start it anew when it fails."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from player.model import AudioReport, MixCommand, Progress, SinkOpened
from player.settings import AudioSettings
from player.units import Seconds

# Tuning constants.
READY_TIMEOUT: Final = Seconds(15.0)  # start → first report
STALL: Final = Seconds(1.5)  # without a report of frames written: the process stands still
FAST_DEATH: Final = Seconds(5.0)  # a process that lived shorter was of no use;
BACKOFF: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 5.0)  # s before the next start, by fast deaths in a row
SUSPECT: Final = (
    2  # processes that died while the device was opened: from then on it is tried elsewhere first
)
CLOSE_TIMEOUT: Final = Seconds(1.5)
MAX_UNSENT: Final = 1 << 20  # bytes of commands that a process did not take: it stands still
FRUGAL: Final = {
    "OPENBLAS_NUM_THREADS": "1",  # a pool would compete with the render thread for the same cores
    # glibc keeps a heap for each thread, and what is freed in it: 122 MiB instead of 85 with four threads
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
LINE_LIMIT: Final = 1 << 20  # bytes of one report


class AudioProcess:
    """One audio process at a time. All callbacks run in the event loop.

    `deliver` gets every report, `on_ready` follows the first `SinkOpened` of each process, `on_lost` tells
    why one ended. `bound` may wrap the command line so that the child dies with the parent.
    """

    def __init__(
        self,
        settings: AudioSettings,
        deliver: Callable[[AudioReport], None],
        on_lost: Callable[[str], None],
        on_ready: Callable[[], None],
        bound: Callable[[Sequence[str]], list[str]] = list,
    ) -> None:
        self._settings, self._bound = settings, bound
        self._deliver, self._on_lost, self._on_ready = deliver, on_lost, on_ready
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(AudioReport)
        self.last_progress: Progress | None = None
        self.unsent = 0  # commands given while no process could take them
        self.starts = 0
        self._underruns_before = 0  # of processes that are gone
        self._stillborn = 0  # processes in a row that ended before their sink was open

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def send(self, command: MixCommand) -> None:
        """Never waits. A command for a process that is down is counted in `unsent` and dropped."""
        writer = self._writer
        if writer is None or writer.is_closing():
            self.unsent += 1
            return
        writer.write(self._encoder.encode(command) + b"\n")
        if writer.transport.get_write_buffer_size() > MAX_UNSENT:
            self._kill()

    async def run(self) -> None:
        """Supervise until cancelled; then the process is closed in good order."""
        deaths = 0
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            reason = await self._live()
            deaths = deaths + 1 if loop.time() - begin < FAST_DEATH else 0
            self._on_lost(reason)
            await asyncio.sleep(BACKOFF[min(deaths, len(BACKOFF) - 1)])

    async def _live(self) -> str:
        """One life of the process, and why it ended."""
        ours, theirs = socket.socketpair()
        try:
            reader, self._writer = await asyncio.open_connection(sock=ours, limit=LINE_LIMIT)
            try:
                self._process = await self._spawn(theirs)
            finally:
                theirs.close()
            self.starts += 1
            self._stillborn += 1
            reason = await self._read(reader)
        finally:
            if self.last_progress is not None:
                self._underruns_before = self.last_progress.underruns
            await self._end()
        return reason

    async def _spawn(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        argv = [sys.executable, "-m", "adapters.audio.child", "--fd", str(theirs.fileno())]
        argv += ["--parent", str(os.getpid()), "--device", self._settings.device]
        argv += ["--buffer-ms", str(self._settings.buffer_ms)]
        if self._stillborn >= SUSPECT:
            argv.append("--suspect")
        return await asyncio.create_subprocess_exec(
            *self._bound(argv),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, **FRUGAL, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    async def _read(self, reader: asyncio.StreamReader) -> str:
        patience = READY_TIMEOUT
        while True:
            try:
                async with asyncio.timeout(
                    patience
                ):  # not wait_for: Python 3.11's can swallow a cancellation
                    line = await reader.readline()
            except TimeoutError:
                self._kill()
                return f"the audio process stood still for {patience:.1f} s"
            except ConnectionResetError:
                line = b""
            if not line.endswith(b"\n"):
                return await self._exit_reason()
            report = self._decoder.decode(line)
            if isinstance(report, Progress):
                report = msgspec.structs.replace(report, underruns=report.underruns + self._underruns_before)
                self.last_progress = report
            self._deliver(report)
            if isinstance(report, SinkOpened) and patience == READY_TIMEOUT:
                patience = STALL
                self._stillborn = 0
                self._on_ready()

    async def _exit_reason(self) -> str:
        assert self._process is not None
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                status = await self._process.wait()
        except TimeoutError:
            return "the audio process closed its pipe"
        return (
            f"the audio process was killed (signal {-status})"
            if status < 0
            else f"the audio process ended ({status})"
        )

    async def _end(self) -> None:
        """Close the pipe, which ends the process; kill it when that takes too long."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        process = self._process
        if process is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await process.wait()
        except TimeoutError:
            self._kill()
            await process.wait()
        except asyncio.CancelledError:
            self._kill()
            raise
        finally:
            self._process = None

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself: what we wanted
                self._process.kill()
