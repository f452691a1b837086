"""What every `adapters.direct.port.Device` does."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest
from msgspec import Struct

from adapters.direct.port import Device, Port
from player.errors import DirectError
from player.model import Command, Reading
from player.units import Seconds

PATIENCE_S = 10.0
AT = Seconds(5.0)


class Bench(Struct, frozen=True):
    """A device that is there, what lets it speak once, and how many resources it holds open."""

    device: Device
    speak: Callable[[], object]
    held: Callable[[], int]


class Heard:
    """Where it delivers; `threads` are those on which it did."""

    def __init__(self) -> None:
        self.items: list[Command | Reading] = []
        self.told: list[str] = []
        self.threads: set[int] = set()
        self.port = Port(self._deliver, self.told.append, lambda: AT)

    def _deliver(self, item: Command | Reading) -> None:
        self.threads.add(threading.get_ident())
        self.items.append(item)


async def check_device(make: Callable[[], AbstractContextManager[Bench]], away: Device) -> None:
    """`make` gives a new one each time; `away` is one that cannot be found."""
    for check in (_delivers, _closes_what_it_opened, _runs_again):
        with make() as bench:
            await check(bench)
    with pytest.raises(DirectError) as caught:
        async with asyncio.timeout(PATIENCE_S):
            await away.run(Heard().port)
    assert str(caught.value), "says nothing"


@contextmanager
def _running(device: Device, heard: Heard) -> Iterator["asyncio.Task[None]"]:
    task = asyncio.create_task(device.run(heard.port))
    try:
        yield task
    finally:
        task.cancel()


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def _heard_once(bench: Bench) -> Heard:
    """Runs it until it was heard, and ends it."""
    heard = Heard()
    with _running(bench.device, heard) as task:
        await _until(bench.held)
        bench.speak()
        await _until(lambda: heard.items)
    with suppress(asyncio.CancelledError):
        await task
    return heard


async def _delivers(bench: Bench) -> None:
    heard = await _heard_once(bench)
    (item,) = heard.items
    assert isinstance(item, Command | Reading)
    if isinstance(item, Reading):
        assert item.at == AT, "not the clock of the port"
    assert heard.threads == {threading.get_ident()}, "not on the event loop's thread"
    assert heard.told == []


async def _closes_what_it_opened(bench: Bench) -> None:
    await _heard_once(bench)
    assert bench.held() == 0


async def _runs_again(bench: Bench) -> None:
    for _ in range(2):
        assert len((await _heard_once(bench)).items) == 1
