"""The connection to the broker breaks after its Nth byte, in either direction: no judgement is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiomqtt
import pytest

from tests.support.broker import running_broker
from tests.support.link import linked

JUDGEMENTS = 5
TOPIC = "lull/v1/home1/room7/feedback"
BYTES = [0, 1, 2, 5, 9, 20, 40, 61, 80, 100, 130, 170, 210, 260, 330, 420, 560, 900]


class Wire:
    """Between link and broker. `cuts`: bytes after which the next connections break; then none does."""

    def __init__(self, broker_port: int, *, upward: bool) -> None:
        self.port = 0
        self.cuts: list[int] = []
        self.closed = False
        self._broker_port, self._upward = broker_port, upward
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()

    def cut_now(self) -> None:
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._broker_port)
        cut = self.cuts.pop(0) if self.cuts else None
        self._open |= {writer, back}
        up = self._pump(reader, back, cut if self._upward else None)
        down = self._pump(there, writer, None if self._upward else cut)
        done, pending = await asyncio.wait(
            [asyncio.create_task(up), asyncio.create_task(down)], return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*done, *pending, return_exceptions=True)
        for end in (writer, back):
            self._open.discard(end)
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: int | None) -> None:
        left = cut
        with suppress(OSError):
            while data := await reader.read(4096):
                writer.write(data if left is None else data[:left])
                await writer.drain()
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        return


@asynccontextmanager
async def wire(broker_port: int, *, upward: bool) -> AsyncIterator[Wire]:
    made = Wire(broker_port, upward=upward)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut_now()


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("cut", BYTES)
async def test_judgements_that_waited_come_once_however_the_connection_breaks(
    cut: int, upward: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.mqtt.client.pause_before", lambda _attempts: 0.01)
    with running_broker() as broker:
        async with (
            wire(broker.port, upward=upward) as between,
            linked(f"mqtt://127.0.0.1:{between.port}") as rig,
        ):
            await rig.connected()
            between.closed = True
            between.cut_now()
            await rig.until(lambda: not rig.changes[-1][0])
            ids = [f"judgement-{number}" for number in range(JUDGEMENTS)]
            async with aiomqtt.Client("127.0.0.1", broker.port) as staff:
                for name in ids:
                    await staff.publish(TOPIC, json.dumps({"id": name, "rating": 1}), qos=1)
            between.cuts, between.closed = [cut], False
            await rig.until(lambda: len(rig.feedback) >= JUDGEMENTS)
            assert [f.id for f in rig.feedback] == ids
            assert not between.cuts, "the cut was made"
