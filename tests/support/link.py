"""An `MqttLink` that runs beside the test and keeps what it delivers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from adapters.mqtt.calls import Callbacks, Identity
from adapters.mqtt.client import MqttLink
from adapters.mqtt.topics import Topics
from player.model import Command, Feedback, Reading
from player.session.messages import Fault
from player.settings import MqttSettings
from player.units import Seconds
from tests.support.broker import PATIENCE_S

TOPICS = Topics("lull", "home1", "room7")


class Rig:
    def __init__(self, settings: MqttSettings, vitals: Callable[[], dict[str, object]]) -> None:
        self.items: list[Command | Reading] = []
        self.feedback: list[Feedback] = []
        self.changes: list[tuple[bool, str]] = []
        self.persist: Callable[[], None] = lambda: None  # may raise
        self._grown = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.running: asyncio.Task[None] | None = None
        self.link = MqttLink(
            settings,
            TOPICS,
            Identity(boot="boot-1", version="0.1.0"),
            Callbacks(self._deliver, self._persist, self._tell, self._on_change, vitals),
            lambda: Seconds(time.monotonic()),
        )

    def _deliver(self, item: Command | Reading) -> None:
        self.items.append(item)
        self._notify()

    async def _persist(self, feedback: Feedback) -> None:
        self.persist()
        self.feedback.append(feedback)
        self._notify()

    def _tell(self, problem: str) -> None:
        self.link.publish(Fault(part="devices", problem=problem))

    def _on_change(self, connected: bool, why: str) -> None:
        self.changes.append((connected, why))
        self._notify()

    def _notify(self) -> None:
        task = asyncio.get_running_loop().create_task(self._grow())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _grow(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looks whenever something was delivered, stored or changed."""
        async with self._grown:
            async with asyncio.timeout(PATIENCE_S):
                await self._grown.wait_for(lambda: condition() or self._ended())
        if self.running is not None and self._ended():
            self.running.result()  # raises what ended it

    def _ended(self) -> bool:
        return self.running is not None and self.running.done()

    def start(self) -> None:
        self.running = asyncio.get_running_loop().create_task(self.link.run())
        self.running.add_done_callback(lambda _: self._notify())

    async def end(self) -> None:
        """Cancel until it has ended: on Python 3.11 one cancellation can be swallowed (bpo-37658)."""
        assert self.running is not None
        while not self.running.done():
            self.running.cancel()
            await asyncio.wait([self.running], timeout=1.0)
        with suppress(asyncio.CancelledError):
            self.running.result()

    async def connected(self, times: int = 1) -> None:
        await self.until(lambda: sum(up for up, _ in self.changes) >= times)


@asynccontextmanager
async def linked(
    broker: str | MqttSettings, *, vitals: Callable[[], dict[str, object]] = dict
) -> AsyncIterator[Rig]:
    """broker: its URL, or how to reach it."""
    rig = Rig(MqttSettings(url=broker) if isinstance(broker, str) else broker, vitals)
    rig.start()
    try:
        yield rig
    finally:
        await rig.end()
