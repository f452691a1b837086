"""Brokers and clients that are killed, floods, packets that are too large, old brokers."""

import asyncio
import gc
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.mqtt.connection import Terms, connect
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.endpoint import Endpoint
from player.errors import MqttError
from player.model import AdaptMode, Command, Quantity, Reading, Verb
from player.session.messages import ModeState
from tests.support.broker import PATIENCE_S, Broker, listening
from tests.support.link import TOPICS, linked

ROOT = TOPICS.root


def resident_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


async def test_a_killed_broker_is_found_again_and_gets_all_state(broker: Broker) -> None:
    async with linked(broker.url) as rig:
        rig.link.publish(ModeState(mode=AdaptMode.MANUAL))
        await rig.connected()
        broker.kill()
        await rig.until(lambda: rig.changes[-1][0] is False)
        assert not rig.link.connected
        assert f"127.0.0.1:{broker.port}" in rig.changes[-1][1] and "is it running" in rig.changes[-1][1]
        rig.link.publish(ModeState(mode=AdaptMode.OFF))
        broker.restart()
        await rig.connected(times=2)
        async with listening(broker.port, f"{ROOT}/#") as person:
            assert (await person.wait("state/mode"))["mode"] == "off"
            assert await person.wait("availability") == "online"
            await person.client.publish(f"{ROOT}/cmd/stop", qos=1)
            await rig.until(lambda: len(rig.items) == 1)


async def test_broker_and_player_may_end_together_without_noise(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked(broker.url) as rig:
        await rig.connected()
        broker.kill()
        await rig.end()
    del rig
    gc.collect()
    await asyncio.sleep(0.0)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def test_a_second_player_of_the_same_name_is_said() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"\x20\x03\x00\x00\x00")  # CONNACK
        await reader.read(1_000)
        writer.write(b"\x90\x04\x00\x01\x00\x01" + b"\xe0\x02\x8e\x00")  # SUBACK, DISCONNECT: taken over
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        endpoint = Endpoint(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        async with connect(endpoint, Terms(client_id="x", version5=True)) as connection:
            await connection.subscribe("a", 1)
            with pytest.raises(MqttError, match="another client took our name"):
                await anext(connection.messages())


async def test_a_cancellation_that_meets_an_acknowledgement_is_not_lost(broker: Broker) -> None:
    """As when a broker answers once more and ends: what sends must end too, or nobody connects again."""
    endpoint = Endpoint(host="127.0.0.1", port=broker.port)
    async with connect(endpoint, Terms(client_id="x", version5=True, droppable=lambda _: True)) as connection:
        paho = connection._client._client
        sending = asyncio.create_task(connection.publish(Outgoing(topic="a", payload=b"1")))
        acknowledged = paho.on_publish

        def cancel_too(*args: object) -> None:
            acknowledged(*args)  # type: ignore[misc, arg-type]
            sending.cancel()

        paho.on_publish = cancel_too
        with pytest.raises(asyncio.CancelledError):
            await sending


@asynccontextmanager
async def child(url: str, file: Path, die_at: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.link_child", url, str(file), str(die_at)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_last_will_speaks_for_a_killed_player(broker: Broker, tmp_path: Path) -> None:
    async with (
        listening(broker.port, TOPICS.availability) as person,
        child(broker.url, tmp_path / "disk", 10**6) as process,
    ):
        await person.wait("availability", lambda said: said == "online")
        process.send_signal(signal.SIGKILL)
        await person.wait("availability", lambda said: said == "offline")


async def test_feedback_survives_a_kill_before_it_was_stored(broker: Broker, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.touch()
    sent = [f"f{n}" for n in range(100)]
    async with listening(broker.port, TOPICS.availability) as person:
        async with child(broker.url, disk, 10) as process:
            await person.wait("availability", lambda said: said == "online")
            for name in sent:
                await person.client.publish(TOPICS.feedback, f'{{"id":"{name}","rating":1}}', qos=1)
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == -signal.SIGKILL
        first = disk.read_text().split()
        assert first == sent[:10]
        async with linked(broker.url) as rig:
            await rig.until(lambda: sent[-1] in [feedback.id for feedback in rig.feedback])
            second = [feedback.id for feedback in rig.feedback]
    assert set(first) | set(second) == set(sent)
    assert len(second) == len(set(second))
    assert second[0] in ("f9", "f10")  # the last acknowledgement may not have left in time


def heard(item: Command | Reading, quantity: Quantity) -> bool:
    return isinstance(item, Reading) and item.quantity is quantity


def flood(port: int, count: int) -> None:
    """Signals of 50 devices at QoS 0, as fast as the broker reads them; MQTT 3.1.1 by hand."""
    with socket.create_connection(("127.0.0.1", port)) as noise:
        noise.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05noise")
        noise.recv(4)
        burst = b""
        for device in range(50):
            topic = f"{ROOT}/signal/heart_rate/d{device}".encode()
            body = struct.pack("!H", len(topic)) + topic + b"72"
            burst += bytes([0x30, len(body)]) + body
        for _ in range(count // 50):
            noise.sendall(burst)


async def test_a_flood_of_signals_does_not_stand_before_a_stop(broker: Broker) -> None:
    count = 20_000
    async with linked(broker.url) as rig, listening(broker.port, TOPICS.availability) as person:
        await rig.connected()
        before = resident_kib()
        flooding = asyncio.create_task(asyncio.to_thread(flood, broker.port, count))
        await rig.until(lambda: len(rig.items) > 0)
        await person.client.publish(f"{ROOT}/cmd/stop", qos=1)
        await rig.until(lambda: any(isinstance(item, Command) for item in rig.items))
        assert rig.link.accepted + sum(rig.link.rejects.values()) < count  # the stop overtook
        await flooding
        async with asyncio.timeout(PATIENCE_S):
            while rig.link.accepted + sum(rig.link.rejects.values()) < count:
                await asyncio.sleep(0.02)
        assert rig.link.rejects.keys() == {"rate-limited"}
        assert resident_kib() - before < 10_000
        await person.client.publish(f"{ROOT}/signal/presence/radar", b"ON", qos=1)
        await rig.until(lambda: heard(rig.items[-1], Quantity.PRESENCE))


async def test_a_megabyte_is_not_delivered_and_the_link_lives_on(broker: Broker) -> None:
    async with linked(broker.url) as rig, listening(broker.port, f"{ROOT}/#") as person:
        await rig.connected()
        await person.client.publish(f"{ROOT}/cmd/calm", b'{"id":"big"}'.ljust(1_000_000), qos=1)
        await person.wait("cmd/calm")  # this broker took it, and gave it to a client without a limit
        await person.client.publish(f"{ROOT}/cmd/next", b'{"id":"small"}', qos=1)
        await rig.until(lambda: len(rig.items) == 1)
        assert rig.items == [Command(verb=Verb.NEXT, id="small")]
        assert [connected for connected, _ in rig.changes] == [True]
        assert person.all("cmd_result") == []


@asynccontextmanager
async def old_broker(port: int) -> AsyncIterator[int]:
    """Refuses MQTT 5 in the manner of 3.1.1 brokers and passes everything else on. Gives its port."""

    serving: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        first = await reader.read(65_536)
        if first[first.index(b"MQTT") + 4] == 5:
            writer.write(b"\x20\x02\x00\x01")  # CONNACK: unacceptable protocol version
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        far_writer.write(first)
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)
        finally:
            far_writer.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def test_a_broker_that_speaks_only_3_1_1_is_good_enough(broker: Broker) -> None:
    async with old_broker(broker.port) as port, linked(f"mqtt://127.0.0.1:{port}") as rig:
        await rig.connected()
        assert "rotocol" in rig.changes[0][1]
        async with listening(broker.port, f"{ROOT}/#") as person:
            assert await person.wait("availability") == "online"
            await person.client.publish(f"{ROOT}/cmd/calm", b'{"id":"big"}'.ljust(1_000_000), qos=1)
            assert (await person.wait("cmd_result"))["reason"] == "too-large"
            await person.client.publish(f"{ROOT}/feedback", b'{"id":"f","rating":1}', qos=1)
            await rig.until(lambda: len(rig.feedback) == 1)
