"""What Lull says and hears over MQTT: the private broker, the link, the virtual wristband."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from adapters.attendance import Attendance
from adapters.brain import Brain
from adapters.clock import Clock
from adapters.devices_file import DevicesFile
from adapters.inbox import Inbox
from adapters.mqtt.broker import PrivateBroker
from adapters.mqtt.calls import Callbacks, Identity
from adapters.mqtt.client import MqttLink
from adapters.mqtt.topics import Topics
from adapters.system.child import saving
from adapters.virtual_resident import VirtualWristband
from player.errors import LullError, MqttError, SettingsError
from player.model import Command, Reading
from player.session.messages import CommandArrived, Fault, ReadingArrived
from player.settings import MqttSettings, Settings
from player.units import Seconds

log = logging.getLogger("lull")


class Conversation:
    """`state` tells people where the broker is, or why there is none. `vitals` goes into `status`."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        inbox: Inbox,
        brain: Brain,
        vitals: Callable[[], Mapping[str, object]],
    ) -> None:
        self._settings, self._clock, self._inbox, self._brain = settings, clock, inbox, brain
        self._vitals = vitals
        self._topics = Topics(base=settings.mqtt.base, site=settings.site, player=settings.player)
        self._url = ""
        self.state = "starting"
        self.attendance = Attendance()
        self._followers: list[Callable[[Command | Reading, Seconds], None]] = []
        self._link: MqttLink | None = None
        self._broker_trouble = ""
        self._devices: DevicesFile | None = None

    @property
    def example(self) -> str:
        """A first message that somebody can type."""
        where = urlsplit(self._url)
        port = f" -p {where.port}" if where.port else ""
        return f"mosquitto_pub{port} -t {self._topics.root}/cmd/calm -m '{{}}'"

    @property
    def trouble(self) -> str:
        """Why sensors are not heard, "" when nothing is wrong."""
        return self._broker_trouble or (self._devices.trouble if self._devices else "")

    def follow(self, follow: Callable[[Command | Reading, Seconds], None]) -> None:
        """It hears of all that devices say."""
        self._followers.append(follow)

    @property
    def rejects(self) -> Mapping[str, int]:
        """Messages that were not understood, by reason."""
        return self._link.rejects if self._link else {}

    async def run(self) -> None:
        """Music never waits for a broker: without one Lull plays, and `state` says what is missing."""
        async with AsyncExitStack() as stack:
            mqtt = self._settings.mqtt
            if mqtt.url is None:
                try:
                    folder = Path(self._settings.data) / "broker"
                    broker = await stack.enter_async_context(PrivateBroker(folder, saving))
                except MqttError as error:
                    self._do_without(error)
                    return
                mqtt = msgspec.structs.replace(mqtt, url=broker.url)
                log.info("broker: private, %s:%d", broker.host, broker.port)
            try:
                link = self._link_to(mqtt)
            except SettingsError as error:
                self._do_without(error)
                return
            await self._talk(link)

    def _do_without(self, error: LullError) -> None:
        self.state, self._broker_trouble = f"none: {error}", str(error)
        log.warning("broker: %s", error)

    def _link_to(self, mqtt: MqttSettings) -> MqttLink:
        """Raises `SettingsError`."""
        self._url = self.state = str(mqtt.url)
        return MqttLink(
            mqtt,
            self._topics,
            Identity(boot=self._brain.boot, version=version("lull")),
            Callbacks(self.deliver, self._brain.keep_feedback, self._tell, self._on_broker, self._vitals),
            self._clock.now,
        )

    async def _talk(self, link: MqttLink) -> None:
        self._link = link
        self._brain.announce_to(link)
        async with asyncio.TaskGroup() as group:
            group.create_task(link.run(), name="link")
            if self._settings.devices:
                self._devices = DevicesFile(Path(self._settings.devices), link.use_mappings, self._tell)
                group.create_task(self._devices.watch(), name="devices")
            if self._settings.demo:
                where = urlsplit(self._url)
                host, port = str(where.hostname), where.port or 1883
                wristband = VirtualWristband(self._topics.root, host, port, self._clock.now)
                group.create_task(wristband.run(), name="wristband")

    def _tell(self, problem: str) -> None:
        self._brain.tell(Fault(part="devices", problem=problem))

    def deliver(self, message: Command | Reading) -> None:
        """What a device said, over the wire or on this board."""
        at = self._clock.now()
        stale = isinstance(message, Reading) and message.quality <= 0.0  # nothing was said
        for follow in self._followers if not stale else ():
            follow(message, at)
        match message:
            case Command():
                self._inbox.put(CommandArrived(at=at, command=message))
            case Reading():
                if not stale:
                    self.attendance.heard(message, at)
                self._inbox.put(ReadingArrived(at=at, reading=message))

    def _on_broker(self, connected: bool, why: str) -> None:
        self._broker_trouble = why
        what = why if connected else f"away: {why}"
        self.state = f"{self._url} ({what})" if what else self._url
        log.log(logging.WARNING if what else logging.INFO, "broker: %s", self.state)
