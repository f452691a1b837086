"""Other makers' devices on the wire: subscribes to what their mappings need, hands on what they say."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from adapters.mqtt.codec import Arrival
from adapters.mqtt.connection import Connection
from adapters.mqtt.devices import Devices, Lane
from adapters.mqtt.mapping.model import Compiled
from player.errors import LullError, MqttError
from player.model import Command, Reading
from player.units import Seconds

log = logging.getLogger(__name__)

TICK: Final = Seconds(0.25)


class DeviceLink:
    """deliver: as in `Callbacks`. tell: one sentence for people."""

    def __init__(
        self,
        devices: Devices,
        deliver: Callable[[Command | Reading], None],
        tell: Callable[[str], None],
        clock: Callable[[], Seconds],
        kept: frozenset[str] = frozenset(),
    ) -> None:
        """kept: topics that somebody else on these connections reads too."""
        self._devices, self._deliver, self._tell, self._clock = devices, deliver, tell, clock
        self._kept = kept
        self._changed = asyncio.Event()

    def use(self, mappings: Iterable[Compiled]) -> None:
        self._devices.use(mappings, self._clock())
        for name in self._devices.own():
            self._tell(f"mapping {name} reads Lull's own topics and is left out: name the device's topic")
        self._changed.set()  # wakes those who wait, who then wait for the next
        self._changed = asyncio.Event()

    def take(self, lane: Lane, arrival: Arrival) -> None:
        self._hand_over(self._devices.take(lane, arrival))
        for name in self._devices.take_lost_alarms():
            self._tell(
                f"{name} went away while its alarm was on: look there. The music stays silent until somebody "
                "presses play or calm"
            )

    def take_stops(self, arrival: Arrival) -> None:
        self._hand_over(self._devices.stops(arrival))

    async def tick(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(TICK)
            self._hand_over(self._devices.due(self._clock()))

    async def follow(self, connection: Connection, lane: Lane) -> None:
        """For ever: reads the topics of this lane, also when they change. A topic that the broker refuses is
        told and left out: the other devices and the music go on.
        """
        read: dict[str, bool] = {}
        while True:
            changed = self._changed
            before, read = read, self._devices.filters(lane)
            for topic_filter in before.keys() - read.keys() - self._kept:
                await connection.unsubscribe(topic_filter)
            for topic_filter, keep_flag in read.items():
                if before.get(topic_filter) is keep_flag:
                    continue
                try:
                    await connection.subscribe(topic_filter, 1, keep_flag=keep_flag)
                except MqttError as error:
                    log.warning("%s", error)
                    self._tell(str(error))
            await changed.wait()

    def _hand_over(self, items: Iterable[object]) -> None:
        for item in items:
            if isinstance(item, Command | Reading):
                try:
                    self._deliver(item)
                except LullError as error:
                    log.warning("%s", error)
