"""Two real brokers and the shipped bridge: state goes out, commands come in, signals stay at home."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import PATIENCE_S, Broker, listening, running_broker

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
        async with asyncio.timeout(PATIENCE_S):
            while not outside.all("state/mode"):  # until the bridge stands
                await inside.client.publish(f"{ROOT}/state/mode", b'{"mode": "auto"}', qos=1, retain=True)
                await asyncio.sleep(0.1)
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
