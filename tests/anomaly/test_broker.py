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
# A cut before the broker's answer costs the client's patience of 10 s: only one of those.
CUTS = [(9, True), *((n, True) for n in (330, 420, 560)), *((n, False) for n in (40, 61, 100, 170, 330, 560))]


class Wire:
    """Between link and broker. `cuts`: bytes after which the next connections break; then none does."""

    def __init__(self, broker_port: int, *, upward: bool) -> None:
        self.port = 0
        self.cuts: list[int] = []
        self._server: asyncio.Server | None = None
        self._broker_port, self._upward = broker_port, upward
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Break every connection, and refuse others."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
    await made.open()
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(("cut", "upward"), CUTS)
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
            between.close()
            await rig.until(lambda: not rig.changes[-1][0])
            ids = [f"judgement-{number}" for number in range(JUDGEMENTS)]
            async with aiomqtt.Client("127.0.0.1", broker.port) as staff:
                for name in ids:
                    await staff.publish(TOPIC, json.dumps({"id": name, "rating": 1}), qos=1)
            between.cuts = [cut]
            await between.open()
            await rig.until(lambda: len(rig.feedback) >= JUDGEMENTS)
            assert [f.id for f in rig.feedback] == ids
            assert not between.cuts, "the cut was made"
