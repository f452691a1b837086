"""The ward's page before a real broker, and an evening on a ward to look at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.ward.website import WardSite
from adapters.web.keys import Keys
from adapters.web.listening import Listen
from player.settings import MqttSettings, Settings
from tests.support.broker import PATIENCE_S, Broker, listening
from tests.support.browser import free_port
from tests.support.site import Reader
from tests.ward.test_rooms import ROOT, agitation, decision, playback

EVENING: Final = {
    "anna": (playback(), agitation(0.12)),
    "garden": (playback(), agitation(0.74)),
    "lake": (playback("idle", fault="no sound card"), agitation(0.3)),
    "room7": (playback("soothing"), agitation(0.45)),
    "room12": (playback("held"), agitation(0.05)),
}


@asynccontextmanager
async def opened(broker: Broker, folder: Path) -> AsyncIterator[int]:
    """The port."""
    port = free_port()
    settings = Settings(site="home1", data=str(folder), mqtt=MqttSettings(url=broker.url))
    ward = WardSite(settings, Listen("127.0.0.1", port), Keys(folder / "ward.json"))
    task = asyncio.create_task(ward.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ward.link.settled.wait()
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                break
        yield port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def an_evening(broker: Broker, port: int) -> None:
    """Five rooms, one of them silent by fault, one where staff are asked for; until the page shows them."""
    async with listening(broker.port, f"{ROOT}/nothing") as told:
        for room, (heard, felt) in EVENING.items():
            for kind, payload in (
                ("availability", b"online"),
                ("state/playback", heard),
                ("state/agitation", felt),
            ):
                await told.client.publish(f"{ROOT}/{room}/{kind}", payload, qos=1, retain=True)
        await told.client.publish(f"{ROOT}/garden/event/decision", decision("prompt"), qos=1)
    reader = Reader(port)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            page = (await asyncio.to_thread(reader.get, "/ward")).text
            if all(f'id="room-{room}"' in page for room in EVENING) and 'class="card room asking"' in page:
                return
            await asyncio.sleep(0.05)
