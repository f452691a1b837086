"""A real mosquitto on a free loopback port, and somebody who listens and talks to it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiomqtt

PATIENCE_S = 15.0
PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """`config`: further lines. Dies with the test run."""

    def __init__(self, folder: Path, config: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
            f"autosave_on_changes true\nlog_dest none\n{config}"
        )
        self.process = self._start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _start(self) -> "subprocess.Popen[bytes]":
        argv = ["setpriv", "--pdeathsig", "KILL", PROGRAM, "-c", str(self._file)]
        process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("mosquitto does not start") from None
                time.sleep(0.01)
            else:
                return process

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


@contextmanager
def running_broker(config: str = "") -> Iterator[Broker]:
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder), config)
        try:
            yield broker
        finally:
            broker.stop()


class Listener:
    """Keeps every message below its filter, in order."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.seen: list[aiomqtt.Message] = []
        self._grown = asyncio.Condition()

    async def collect(self) -> None:
        async for message in self.client.messages:
            async with self._grown:
                self.seen.append(message)
                self._grown.notify_all()

    async def wait(
        self, topic_end: str, wanted: Callable[[Any], bool] = lambda _: True, since: int = 0
    ) -> Any:
        """The first payload (JSON decoded) that is wanted, on a topic with this end."""

        def found() -> list[Any]:
            for message in self.seen[since:]:
                if message.topic.value.endswith(topic_end):
                    value = decoded(message.payload)
                    if wanted(value):
                        return [value]
            return []

        async with self._grown:
            async with asyncio.timeout(PATIENCE_S):
                await self._grown.wait_for(found)
            return found()[0]

    def all(self, topic_end: str) -> list[Any]:
        return [decoded(m.payload) for m in self.seen if m.topic.value.endswith(topic_end)]


def decoded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode()


@asynccontextmanager
async def listening(port: int, topic_filter: str) -> AsyncIterator[Listener]:
    """An MQTT 5 client that has subscribed; `client` publishes."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        listener = Listener(client)
        await client.subscribe(topic_filter, qos=1)
        task = asyncio.create_task(listener.collect())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
