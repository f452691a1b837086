"""The control socket answers this machine's commands, and nothing that it is sent does harm."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters import control
from adapters.control import NAME, Answer, Calibrate, ControlDoor, Request, ShowProfile, StateProfile, ask
from player.errors import SelectionError, StoreError
from player.settings import Profile

PATIENCE_S = 15.0


class Desk:
    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def handle(self, request: Request) -> Answer:
        self.asked.append(request)
        await self.hold.wait()
        if isinstance(request, Calibrate):
            raise SelectionError("not today")
        return Answer(profile=Profile(id="heron"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Deeper than a socket's name may be long."""
    deep = tmp_path.joinpath(*["a" * 40] * 4)
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
async def door(desk: Desk, folder: Path) -> AsyncIterator[Path]:
    (folder / NAME).write_text("of a run that was killed")
    running = asyncio.create_task(ControlDoor(folder, desk.handle).run())
    async with asyncio.timeout(PATIENCE_S):
        while not (folder / NAME).is_socket():
            await asyncio.sleep(0.01)
    yield folder
    running.cancel()
    await asyncio.wait([running])
    assert not (folder / NAME).exists()


async def send(folder: Path, line: bytes) -> dict[str, object]:
    with control.reached(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    writer.write_eof()
    async with asyncio.timeout(PATIENCE_S):
        answer = json.loads(await reader.readline())
    writer.close()
    assert isinstance(answer, dict)
    return answer


async def test_question_and_answer(door: Path, desk: Desk) -> None:
    answer = await asyncio.to_thread(ask, door, ShowProfile())
    assert answer.profile == Profile(id="heron") and desk.asked == [ShowProfile()]
    profile = Profile(id="heron", birth_year=1938)
    await asyncio.to_thread(ask, door, StateProfile(profile=profile))
    assert desk.asked[-1] == StateProfile(profile=profile)


async def test_only_the_owner_may_ask(door: Path) -> None:
    assert (door / NAME).stat().st_mode & 0o777 == 0o600


async def test_a_named_failure_is_told_to_who_asked(door: Path) -> None:
    with pytest.raises(StoreError, match="not today"):
        await asyncio.to_thread(ask, door, Calibrate(full_scale_dba=90.0))


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b"\xff\n", b"{}\n", b'{"type":"reboot"}\n', b"[" * 100_000 + b"\n", b"a" * 1_000_000,
        b'{"type":"state-profile","profile":{"id":"Vera Lynn"}}\n', b'{"type":"forget"}\n',
        b'{"type":"forget","resident":"x","force":true}\n',
    ],
)  # fmt: skip
async def test_nonsense_gets_an_answer_and_reaches_nobody(door: Path, desk: Desk, line: bytes) -> None:
    try:
        answer = await send(door, line)
        assert answer["ok"] is False and answer["problem"]
    except (ConnectionError, BrokenPipeError):
        assert len(line) > control.LONGEST  # cut off in the middle
    assert desk.asked == []
    assert (await send(door, b'{"type":"profile"}\n'))["ok"] is True


async def test_too_many_at_once_are_told_so(door: Path, desk: Desk) -> None:
    desk.hold.clear()
    waiting = [asyncio.create_task(send(door, b'{"type":"profile"}\n')) for _ in range(control.AT_ONCE)]
    async with asyncio.timeout(PATIENCE_S):
        while len(desk.asked) < control.AT_ONCE:
            await asyncio.sleep(0.01)
    assert (await send(door, b'{"type":"profile"}\n'))["ok"] is False
    desk.hold.set()
    assert all(answer["ok"] for answer in await asyncio.gather(*waiting))


def test_nobody_there_is_a_named_failure(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not answer"):
        ask(tmp_path, ShowProfile())
    (tmp_path / NAME).touch()
    with pytest.raises(StoreError, match="does not answer"):
        ask(tmp_path, ShowProfile())
    dead = socket.socket(socket.AF_UNIX)
    (tmp_path / NAME).unlink()
    dead.bind(str(tmp_path / NAME))
    dead.close()
    with pytest.raises(StoreError, match="does not answer"):
        ask(tmp_path, ShowProfile())
