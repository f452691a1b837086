"""The resident of the demonstration: a virtual wristband that publishes real MQTT signals."""

import asyncio
import logging
from collections.abc import Callable

import aiomqtt
import msgspec

from player.simulation.resident import VirtualResident
from player.units import Seconds

log = logging.getLogger(__name__)

PERIOD = Seconds(2.0)  # between two readings
RETRY = Seconds(1.0)


class _Playback(msgspec.Struct):
    """What the wearer hears, from `state/playback`."""

    state: str
    calmness: float | None = None


class VirtualWristband:
    """Publishes `signal/agitation/wristband` below `root` and listens to what is played."""

    def __init__(self, root: str, host: str, port: int, now: Callable[[], Seconds]) -> None:
        self._root = root
        self._host, self._port = host, port
        self._now = now
        self._resident = VirtualResident(seed=1, at=now())
        self._calmness: float | None = None

    async def run(self) -> None:
        """For ever; a broker that is away is waited for."""
        while True:
            try:
                await self._wear()
            except* aiomqtt.MqttError as lost:
                log.debug("the virtual wristband lost the broker: %s", lost.exceptions)
            await asyncio.sleep(RETRY)

    async def _wear(self) -> None:
        async with aiomqtt.Client(self._host, self._port, max_queued_incoming_messages=100) as client:
            await client.subscribe(f"{self._root}/state/playback")
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(client))
                while not listening.done():
                    await client.publish(f"{self._root}/signal/agitation/wristband", self._feel())
                    await asyncio.sleep(PERIOD)

    def _feel(self) -> bytes:
        value = round(self._resident.agitation(self._now(), self._calmness), 3)
        return msgspec.json.encode({"value": value})

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                try:
                    heard = msgspec.json.decode(message.payload, type=_Playback)
                except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, another shape
                    log.debug("the virtual wristband does not understand %s: %s", message.topic, error)
                    continue
                playing = heard.state in ("playing", "soothing")
                self._calmness = heard.calmness if playing else None
