"""Who wants an answer where: the response topics of MQTT 5 requests."""

from collections import OrderedDict

import msgspec
from msgspec import Struct

from adapters.mqtt.connection import Incoming
from adapters.mqtt.reception import REMEMBERED
from adapters.mqtt.topics import Topics
from player.model import Command


class Asker(Struct, frozen=True, kw_only=True):
    topic: str
    correlation: bytes | None


class Askers:
    """Bounded: the oldest of `REMEMBERED` open requests is forgotten, and gets `cmd_result` only."""

    def __init__(self, topics: Topics, boot: str) -> None:
        self._topics = topics
        self._boot = boot
        self._named = 0
        self._open: OrderedDict[str, Asker] = OrderedDict()  # by id of the command

    def of(self, message: Incoming) -> Asker | None:
        """None when no answer is wanted, or on a topic where none may go."""
        topic = message.response_topic
        if topic is None or not self._topics.may_answer_on(topic):
            return None
        return Asker(topic=topic, correlation=message.correlation)

    def remember(self, command: Command, message: Incoming) -> Command:
        """Gives a request without id one of ours, so that its answer finds the way."""
        asker = self.of(message)
        if asker is None:
            return command
        if not command.id:
            self._named += 1
            command = msgspec.structs.replace(command, id=f"{self._boot}-{self._named}")
        self._open[command.id] = asker
        if len(self._open) > REMEMBERED:
            self._open.popitem(last=False)
        return command

    def pop(self, command_id: str) -> Asker | None:
        return self._open.pop(command_id, None)
