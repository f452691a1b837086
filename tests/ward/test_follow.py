"""A ward with a real broker: what players publish is seen, one of them is told, a lost broker is said."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.cli import app
from adapters.ward.follow import WardLink
from adapters.ward.rooms import Ward
from player.errors import MqttError
from player.settings import MqttSettings
from player.units import Seconds
from tests.support.broker import PATIENCE_S, Broker, listening, running_broker
from tests.ward.test_rooms import ROOT, decision, playback

STATE = f"{ROOT}/room7/state/playback"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def clock() -> Seconds:
    return Seconds(time.monotonic())


@asynccontextmanager
async def followed(
    broker: Broker, share: str = "", ward: Ward | None = None
) -> AsyncIterator[tuple[Ward, WardLink]]:
    ward = ward or Ward("lull", "home1")
    link = WardLink(MqttSettings(url=broker.url), ward, clock, share=share)
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await link.settled.wait()
        yield ward, link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_stored_state_is_seen_at_once_and_a_room_can_be_told(broker: Broker) -> None:
    async with listening(broker.port, f"{ROOT}/+/cmd/+") as player:
        await player.client.publish(STATE, playback(), qos=1, retain=True)
        async with followed(broker) as (ward, link):
            await until(lambda: ward.rooms(clock()))
            assert ward.rooms(clock())[0].title == "Greensleeves"
            command = await link.send("room7", "calm")
            told = await player.wait("cmd/calm")
            assert told == {"id": command, "by": "staff"}
            message = player.seen[-1]
            assert not message.retain and vars(message.properties)["MessageExpiryInterval"] <= 30
            for room, verb in (("room7", "never"), ("#", "calm"), ("room7/x", "stop")):
                with pytest.raises(MqttError, match="only"):
                    await link.send(room, verb)


async def test_a_lost_broker_is_said_and_found_again(broker: Broker) -> None:
    async with listening(broker.port, STATE) as player:
        await player.client.publish(STATE, playback(), qos=1, retain=True)
        await player.wait("playback")
    async with followed(broker) as (ward, link):
        broker.kill()
        await until(lambda: link.problem)
        with pytest.raises(MqttError, match="not told"):
            await link.send("room7", "stop")
        broker.restart()
        await until(lambda: not link.problem)
        await until(lambda: ward.rooms(clock()))


class Counting(Ward):
    events = 0

    def take(self, topic: str, payload: bytes, now: Seconds, *, stored: bool = False) -> None:
        self.events += "/event/" in topic
        super().take(topic, payload, now, stored=stored)


async def test_wards_of_one_group_divide_the_events_and_all_see_the_states(broker: Broker) -> None:
    event = f"{ROOT}/room7/event/decision"
    one, other = Counting("lull", "home1"), Counting("lull", "home1")
    async with followed(broker, "night", one), followed(broker, "night", other):
        async with listening(broker.port, event) as player:
            for _ in range(20):
                await player.client.publish(event, decision("next"), qos=1)
            await player.client.publish(STATE, playback(), qos=1, retain=True)
        await until(lambda: all(w.rooms(clock()) and w.rooms(clock())[0].title for w in (one, other)))
        await until(lambda: one.events + other.events == 20)
        assert one.events > 0 < other.events


async def test_one_look_is_one_json_object(broker: Broker, tmp_path: Path) -> None:
    async with listening(broker.port, STATE) as player:
        await player.client.publish(STATE, playback(), qos=1, retain=True)
        await player.wait("playback")
    config = tmp_path / "lull.yaml"
    config.write_text(f"mqtt: {{url: '{broker.url}'}}\ndata: {tmp_path}\n")
    result = await asyncio.to_thread(CliRunner().invoke, app, ["ward", "--json", "--config", str(config)])
    assert result.exit_code == 0, result.output
    assert '"player":"room7"' in result.stdout and '"title":"Greensleeves"' in result.stdout


async def test_without_a_broker_one_look_says_so(broker: Broker) -> None:
    broker.kill()
    link = WardLink(MqttSettings(url=broker.url), Ward("lull", "home1"), clock)
    with pytest.raises(MqttError, match="is it running"):
        await link.read_for(Seconds(2.0))
