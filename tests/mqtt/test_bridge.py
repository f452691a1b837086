"""Two real brokers and the shipped bridge: state goes out, commands come in, signals stay at home."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from tests.support.broker import PATIENCE_S, Broker, Listener, listening, running_broker

SHIPPED = Path(__file__).parents[2] / "config" / "broker" / "bridge.conf"
ROOT = "lull/v1/home1/room7"


@pytest.fixture
def brokers() -> Iterator[tuple[Broker, Broker]]:
    with running_broker() as central:
        text = SHIPPED.read_text()
        for shipped, here in (
            ("address central.example:8883\n", f"address 127.0.0.1:{central.port}\n"),
            ("bridge_cafile /etc/mosquitto/lull/central-ca.crt\n", ""),
        ):
            assert shipped in text
            text = text.replace(shipped, here)
        with running_broker(text) as home:
            yield home, central


async def test_state_goes_out_commands_come_in_and_signals_stay(brokers: tuple[Broker, Broker]) -> None:
    home, central = brokers
    async with listening(home.port, "lull/#") as inside, listening(central.port, "#") as outside:
        await until_joined(inside, outside)
        for kind in ("signal/heart_rate/strap", "feedback", "status", "telemetry", "cmd_result"):
            await inside.client.publish(f"{ROOT}/{kind}", b"1", qos=1)
        await inside.client.publish(f"{ROOT}/event/decision", b'{"event_type": "swap"}', qos=1)
        await outside.wait("event/decision")
        await outside.client.publish(f"{ROOT}/cmd/calm", b'{"id": "c1"}', qos=1)
        assert await inside.wait("cmd/calm") == {"id": "c1"}
        await outside.client.publish(f"{ROOT}/state/mode", b'{"mode": "forged"}', qos=1)
        await outside.client.publish(f"{ROOT}/cmd/stop", b"", qos=1)
        await inside.wait("cmd/stop")  # in order: what came before it has come
        assert all(state["mode"] == "auto" for state in inside.all("state/mode")), "states only go out"
        left = {message.topic.value.removeprefix(f"{ROOT}/") for message in outside.seen}
        assert left == {"state/mode", "event/decision", "cmd/calm", "cmd/stop"}


async def test_a_command_sent_while_the_line_was_down_never_acts_but_what_happened_is_told(
    brokers: tuple[Broker, Broker],
) -> None:
    home, central = brokers
    async with listening(central.port, "#") as outside:
        async with listening(home.port, "lull/#") as inside:
            await until_joined(inside, outside)
        async with waiting_for_commands(home):
            pass  # its session stays: nothing is missed while the bridge comes back
        home.stop()
        await outside.client.publish(f"{ROOT}/cmd/play", b"", qos=1)
        home.restart()
        async with waiting_for_commands(home) as player, asyncio.timeout(PATIENCE_S):
            arrived = asyncio.create_task(first_topic(player))
            while not arrived.done():  # until the bridge stands
                await outside.client.publish(f"{ROOT}/cmd/next", b"", qos=1)
                await asyncio.sleep(0.1)
            assert arrived.result() == f"{ROOT}/cmd/next"
    async with listening(home.port, "lull/#") as inside:
        central.stop()
        await inside.client.publish(f"{ROOT}/event/decision", b'{"event_type": "keep"}', qos=1)
        central.restart()
        async with listening(central.port, "#") as outside:
            assert (await outside.wait("event/decision"))["event_type"] == "keep"


@asynccontextmanager
async def waiting_for_commands(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    """The broker keeps what comes for it while it is away."""
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="kept", clean_session=False) as client:
        await client.subscribe(f"{ROOT}/cmd/+", qos=1)
        yield client


async def first_topic(client: aiomqtt.Client) -> str:
    return (await anext(client.messages)).topic.value


async def until_joined(inside: Listener, outside: Listener) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not outside.all("state/mode"):
            await inside.client.publish(f"{ROOT}/state/mode", b'{"mode": "auto"}', qos=1, retain=True)
            await asyncio.sleep(0.1)
