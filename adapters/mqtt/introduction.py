"""Tells Home Assistant who we are: on every connect, and whenever it starts."""

import logging
from collections.abc import Callable

from adapters.mqtt.connection import Connection, Incoming
from adapters.mqtt.discovery import PREFIX, announcement, birth_topic, farewell
from adapters.mqtt.encode import ONLINE
from adapters.mqtt.topics import Topics
from player.errors import MqttError

log = logging.getLogger(__name__)


class Introduction:
    """repeat: publishes every state once more. wanted: False takes back what was told before."""

    def __init__(
        self,
        topics: Topics,
        version: str,
        repeat: Callable[[], None],
        prefix: str = PREFIX,
        *,
        wanted: bool = True,
    ) -> None:
        self._message = announcement(topics, version, prefix) if wanted else farewell(topics, prefix)
        self._birth = birth_topic(prefix)
        self._repeat = repeat

    @property
    def topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return self._birth

    async def make(self, connection: Connection) -> None:
        """Raises `MqttError` when the connection is lost."""
        await connection.publish(self._message)

    async def listen(self, connection: Connection) -> None:
        """A broker without Home Assistant need not allow it."""
        try:
            await connection.subscribe(self._birth, 1, keep_flag=False)  # Home Assistant may store its birth
        except MqttError as error:
            log.info("%s", error)

    async def hear(self, message: Incoming, connection: Connection) -> None:
        """Any message. A stored birth tells nothing new: we have just introduced ourselves."""
        if message.topic == self._birth and message.payload == ONLINE and not message.retain:
            await self.make(connection)
            self._repeat()
