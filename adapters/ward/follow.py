"""The connection of a ward: reads what the players of a home publish, sends `calm` or `stop` to one."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from adapters.mqtt.connection import Connection, ProtocolRefusedError, Terms, connect
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.endpoint import Endpoint
from adapters.mqtt.retry import pause_before
from adapters.ward.rooms import NAME, Ward
from player.errors import MqttError
from player.settings import MqttSettings
from player.units import Seconds

log = logging.getLogger(__name__)

VERBS: Final = frozenset({"calm", "stop", "quieter"})
EXPIRY: Final = 30  # s; a late `calm` is none


class WardLink:
    """`run` belongs in a task. `problem`: why there is no connection, "" while there is one."""

    def __init__(
        self, settings: MqttSettings, ward: Ward, clock: Callable[[], Seconds], *, share: str = ""
    ) -> None:
        """share: the name of a group of wards that divide the events among them (`$share`); states reach all.

        Raises `SettingsError`.
        """
        self._endpoint = Endpoint.of(settings)
        self._ward, self.clock, self._share = ward, clock, share
        self._connection: Connection | None = None
        self._version5 = True
        self.problem = "not connected yet"
        self.settled = asyncio.Event()  # what the broker had stored was asked for

    async def run(self) -> None:
        """Connects, and connects again after every loss, for ever."""
        attempts = 0
        while True:
            try:
                await self._cycle()
            except MqttError as error:
                if isinstance(error, ProtocolRefusedError):
                    self._version5 = not self._version5
                if str(error) != self.problem:
                    log.warning("%s", error)
                attempts = attempts + 1 if self._connection is None else 0
                self.problem = str(error)
            finally:
                self._connection = None
                self._ward.lost()
            await asyncio.sleep(pause_before(attempts))

    async def read_for(self, seconds: Seconds) -> None:
        """Connect once and take what comes in that time. Raises `MqttError`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._cycle()
        if not self.settled.is_set():
            raise MqttError("the broker did not answer in time: is it running?")

    async def send(self, player: str, verb: str) -> str:
        """Tell one player; the id under which it will answer. Raises `MqttError`."""
        if verb not in VERBS or not NAME.fullmatch(player):
            raise MqttError(f"a ward sends only {', '.join(sorted(VERBS))}, and to a room that it shows")
        if self._connection is None:
            raise MqttError(f"{player} was not told: {self.problem}")
        command = uuid.uuid4().hex
        payload = json.dumps({"id": command, "by": "staff"}).encode()
        await self._connection.publish(
            Outgoing(topic=self._ward.topic(player, verb), payload=payload, expiry=EXPIRY)
        )
        return command

    async def _cycle(self) -> None:
        terms = Terms(client_id="", version5=self._version5, droppable=lambda topic: "/event/" in topic)
        async with connect(self._endpoint, terms) as connection:
            for topic_filter in self._ward.filters:
                shared = self._share and topic_filter.endswith("/event/decision")
                name = f"$share/{self._share}/{topic_filter}" if shared else topic_filter
                await connection.subscribe(name, 1, keep_flag=False)
            self._connection, self.problem = connection, ""
            self.settled.set()
            async for message in connection.messages():
                self._ward.take(message.topic, message.payload, self.clock(), stored=message.retain)
