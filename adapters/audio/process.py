"""The brain's side of the audio process: start, feed and watch it, and start it anew when it fails."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from adapters.audio.launch import KILL_PATIENCE, Launched, Launcher
from player.model import AudioReport, MixCommand, Progress, SinkOpened
from player.units import Seconds

# Tuning constants.
READY_TIMEOUT: Final = Seconds(15.0)  # start → first report
STALL: Final = Seconds(1.5)  # without a report of frames written: the render thread stands still
SILENCE: Final = Seconds(0.55)  # without a sign of life and without work: the whole process does
FAST_DEATH: Final = Seconds(5.0)  # a process that lived shorter was of no use;
BACKOFF: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 5.0)  # s before the next start, by fast deaths in a row
SUSPECT: Final = (
    2  # processes that died while the device was opened: from then on it is tried elsewhere first
)
LOOK: Final = Seconds(0.2)  # how often the patience is counted
CLOSE_TIMEOUT: Final = Seconds(1.5)
MAX_UNSENT: Final = 1 << 20  # bytes of commands that a process did not take: it stands still
LINE_LIMIT: Final = 1 << 20  # bytes of one report


class AudioProcess:
    """One audio process at a time. All callbacks run in the event loop.

    `deliver` gets every report, `on_ready` follows the first `SinkOpened` of each process, `on_lost` tells
    why one ended.
    """

    def __init__(
        self,
        launcher: Launcher,
        deliver: Callable[[AudioReport], None],
        on_lost: Callable[[str], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._launcher = launcher
        self._deliver, self._on_lost, self._on_ready = deliver, on_lost, on_ready
        self._process: Launched | None = None
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
        try:
            self._process = self._launcher.launch(suspect=self._stillborn >= SUSPECT)
            reader, self._writer = await asyncio.open_connection(
                sock=self._process.connection, limit=LINE_LIMIT
            )
            self.starts += 1
            self._stillborn += 1
            reason = await self._read(reader)
        finally:
            if self.last_progress is not None:
                self._underruns_before = self.last_progress.underruns
            await self._end()
        return reason

    async def _read(self, reader: asyncio.StreamReader) -> str:
        mute = still = 0.0  # s without any sign of life, without a report of frames written
        patience = READY_TIMEOUT
        while True:
            line, waited = await _next_line(reader)
            mute, still = (mute + waited if line is None else 0.0), still + waited
            if still > patience or (mute > SILENCE and patience == STALL and not self._busy()):
                self._kill()
                return f"the audio process stood still for {max(mute, still):.1f} s"
            if line is None or line == b"\n":
                continue
            if not line.endswith(b"\n"):
                return await self._exit_reason()
            report = self._decoder.decode(line)
            if isinstance(report, Progress):
                still = 0.0
                report = msgspec.structs.replace(report, underruns=report.underruns + self._underruns_before)
                self.last_progress = report
            self._deliver(report)
            if isinstance(report, SinkOpened) and patience == READY_TIMEOUT:
                patience, still = STALL, 0.0
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
        """Close the pipe, which ends the process; kill it when that takes too long.

        One whose thread the kernel does not let go of (a dead disk, a driver) outlives even that: the music
        does not wait for it, and it plays nothing any more.
        """
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
            with suppress(TimeoutError):
                async with asyncio.timeout(KILL_PATIENCE):
                    await process.wait()
        except asyncio.CancelledError:
            process.kill_at_once()
            raise
        finally:
            self._process = None

    def _busy(self) -> bool:
        return self._process is not None and self._process.busy()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()


async def _next_line(reader: asyncio.StreamReader) -> tuple[bytes | None, Seconds]:
    """None when nothing came in time; and how long that took, while this process was awake itself: whoever
    was stopped must not blame the other. b"" at the end of the pipe."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(LOOK):  # not wait_for: Python 3.11's can swallow a cancellation
            line = await reader.readline()
    except TimeoutError:
        return None, LOOK
    except ConnectionResetError:
        return b"", LOOK
    return line, Seconds(min(loop.time() - began, LOOK))
