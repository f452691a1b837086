"""An audio process under test, and what it reports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from adapters.audio.launch import Launcher
from adapters.audio.process import AudioProcess
from adapters.system.child import bound
from player.model import AudioReport
from player.settings import AudioSettings

Report = TypeVar("Report", bound=AudioReport)
TIMEOUT_S = 15.0  # only a broken process takes so long


class Reports:
    """Everything that the process told, in order."""

    def __init__(self) -> None:
        self.all: list[AudioReport] = []
        self.lost: list[str] = []
        self.ready = 0
        self._news = asyncio.Event()

    def deliver(self, report: AudioReport) -> None:
        self.all.append(report)
        self._news.set()

    def on_lost(self, reason: str) -> None:
        self.lost.append(reason)
        self._news.set()

    def on_ready(self) -> None:
        self.ready += 1
        self._news.set()

    def of(self, kind: type[Report]) -> list[Report]:
        return [report for report in self.all if isinstance(report, kind)]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def wait(
        self, kind: type[Report], such: Callable[[Report], bool] = lambda _report: True, after: int = 0
    ) -> Report:
        """The first report of a kind from number `after` on."""

        def found() -> list[Report]:
            return [report for report in self.all[after:] if isinstance(report, kind) and such(report)]

        await self.wait_until(lambda: bool(found()))
        return found()[0]


@asynccontextmanager
async def audio_process(settings: AudioSettings) -> AsyncIterator[tuple[AudioProcess, Reports]]:
    """A process that takes commands; closed at the end."""
    reports = Reports()
    process = AudioProcess(Launcher(settings, bound), reports.deliver, reports.on_lost, reports.on_ready)
    task = asyncio.create_task(process.run(), name="audio process")
    try:
        await reports.wait_until(lambda: reports.ready > 0)
        yield process, reports
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
