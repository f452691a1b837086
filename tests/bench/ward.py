"""500 players on one mosquitto, and one ward: memory, CPU, update latency. `python -m tests.bench.ward`."""

import argparse
import asyncio
import resource
import time
from pathlib import Path

import aiomqtt
import numpy as np

from adapters.ward.follow import WardLink
from adapters.ward.rooms import Ward
from player.settings import MqttSettings
from player.units import Seconds
from tests.support.broker import Broker, running_broker
from tests.ward.test_rooms import agitation, playback

PLAYERS = 500
SECONDS = 60.0
EVERY = 10.0  # s between two states of one player: six times as often as in life
PROBES_PER_SECOND = 5.0


def clock() -> Seconds:
    return Seconds(time.monotonic())


def resident_mib(pid: int | str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024.0
    raise RuntimeError(f"process {pid} has no VmRSS")


class Probed(Ward):
    """Notes when the title of a probe arrives."""

    def __init__(self, base: str, site: str) -> None:
        super().__init__(base, site)
        self.sent: dict[str, float] = {}
        self.delays: list[float] = []

    def take(self, topic: str, payload: bytes, now: Seconds, *, stored: bool = False) -> None:
        super().take(topic, payload, now, stored=stored)
        if topic.endswith("/probe/state/playback"):
            title = payload.split(b'"title": "', 1)[1].split(b'"', 1)[0].decode()
            if (at := self.sent.pop(title, None)) is not None:
                self.delays.append(time.monotonic() - at)


async def _players(broker: Broker, count: int) -> None:
    """All over one connection: the broker's work for the ward is the same."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        turn = 0
        while True:
            player = f"lull/v1/home1/room-{turn % count}"
            await client.publish(f"{player}/availability", b"online", qos=0, retain=True)
            await client.publish(f"{player}/state/playback", playback(), qos=0, retain=True)
            await client.publish(f"{player}/state/agitation", agitation((turn % 10) / 10), qos=0, retain=True)
            turn += 1
            if turn > count:
                await asyncio.sleep(EVERY / count)


async def _probe(broker: Broker, ward: Probed) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for number in range(int(SECONDS * PROBES_PER_SECOND)):
            title = f"probe {number}"
            track = {"id": "t", "title": title, "artist": "", "duration_s": 1.0}
            ward.sent[title] = time.monotonic()
            await client.publish("lull/v1/home1/probe/state/playback", playback(track=track), qos=1)
            await asyncio.sleep(1.0 / PROBES_PER_SECOND)


async def _measure(broker: Broker, count: int) -> dict[str, float]:
    ward = Probed("lull", "home1")
    before = resident_mib("self")
    link = WardLink(MqttSettings(url=broker.url), ward, clock)
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(_players(broker, count))]
    while len(ward.rooms(clock())) < count:
        await asyncio.sleep(0.1)
    cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    began = time.monotonic()
    await _probe(broker, ward)
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - cpu
    took = time.monotonic() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    delays = np.array(ward.delays) * 1000.0
    return {
        "players": len(ward.rooms(clock())),
        "messages_per_s": 3 * count / EVERY,
        "latency_ms_p50": round(float(np.quantile(delays, 0.5)), 1),
        "latency_ms_p99": round(float(np.quantile(delays, 0.99)), 1),
        "probes": len(delays),
        "cpu_percent_with_the_players": round(100.0 * spent / took, 1),
        "memory_mib": round(resident_mib("self"), 1),
        "memory_growth_mib": round(resident_mib("self") - before, 1),
        "broker_mib": round(resident_mib(broker.process.pid), 1),
    }


def measure(count: int = PLAYERS) -> None:
    with running_broker("max_queued_messages 0\n") as broker:
        figures = asyncio.run(_measure(broker, count))
    print("ward:", ", ".join(f"{name} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=PLAYERS)
    measure(parser.parse_args().players)
