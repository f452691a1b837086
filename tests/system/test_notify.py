"""What systemd hears."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.system import notify
from adapters.system.notify import Notifier, unhurried
from player.units import Seconds

SHORT = Seconds(0.01)


class Manager:
    """The receiving end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.setblocking(False)

    async def hear(self) -> str:
        async with asyncio.timeout(10.0):
            return (await asyncio.get_running_loop().sock_recv(self.socket, 4096)).decode()

    def pending(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return said


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.socket.close()


async def test_the_watchdog_is_fed_only_while_every_part_moves(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "LOOK", SHORT)
    frames, events = 0, 0
    looks = asyncio.Event()

    def beat() -> tuple[int, int]:
        looks.set()
        return frames, events

    async def looked() -> None:
        for _ in range(3):
            looks.clear()
            await looks.wait()

    notifier = Notifier(manager.address, watchdog=True)
    watching = asyncio.create_task(notifier.watch(beat, lambda: "playing"))
    assert await manager.hear() == "STATUS=playing"
    frames = 1
    await looked()
    assert manager.pending() == [], "frames alone are no life"
    events = 1
    assert await manager.hear() == "READY=1"
    assert await manager.hear() == "WATCHDOG=1"
    events = 2
    await looked()
    assert manager.pending() == [], "events alone are no life"
    frames = 2
    assert await manager.hear() == "WATCHDOG=1"
    watching.cancel()
    notifier.close()


def test_children_do_not_inherit_the_socket(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    first, second = Notifier.of_environment(), Notifier.of_environment()
    first.say("STOPPING=1")
    assert manager.pending() == ["STOPPING=1"]
    second.say("STOPPING=1")
    first.close()
    assert manager.pending() == []


async def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier(None)
    notifier.say("READY=1")
    await notifier.watch(lambda: (1,), lambda: "")


def test_a_service_that_fails_at_the_start_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    for inside in (False, True):
        if inside:
            monkeypatch.setenv("INVOCATION_ID", "1")
        else:
            monkeypatch.delenv("INVOCATION_ID", raising=False)
        with pytest.raises(ValueError, match="no"), unhurried():
            raise ValueError("no")
    assert slept == [notify.FAILED_PAUSE]
