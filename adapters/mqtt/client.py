"""The link to the broker: takes what people and sensors say, gives what the player shows. For ever."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from msgspec import Struct

from adapters.mqtt import encode
from adapters.mqtt.askers import Asker, Askers
from adapters.mqtt.calls import Callbacks, Identity
from adapters.mqtt.codec import Arrival, Inbound, is_safe, peek_id
from adapters.mqtt.connection import Connection, Incoming, ProtocolRefusedError, Terms, connect, within
from adapters.mqtt.devices import Devices, Lane
from adapters.mqtt.encode import OFFLINE, ONLINE, Moment, Outgoing
from adapters.mqtt.endpoint import Endpoint
from adapters.mqtt.following import DeviceLink
from adapters.mqtt.introduction import Introduction
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.outbox import Outbox
from adapters.mqtt.payloads import StatusPayload
from adapters.mqtt.reception import Reception, TokenBucket
from adapters.mqtt.retry import pause_before
from adapters.mqtt.topics import Topics
from player.errors import LullError, MqttError, PayloadError
from player.model import Command, Feedback, Reading
from player.session.messages import SOUNDING, Decision, Fault, PlaybackState, Reply, StateView
from player.settings import MqttSettings
from player.units import Seconds

log = logging.getLogger(__name__)

STEADY: Final = Seconds(10.0)  # a connection that held so long was a good one
REPEAT: Final = Seconds(60.0)  # state and status are published again
PERSIST_PATIENCE: Final = Seconds(30.0)
PERSIST_RETRY: Final = Seconds(2.0)
FLUSH: Final = 3  # turns of the loop in which what was written reaches the socket
GOODBYE: Final = Seconds(1.0)
MOST_NAMED: Final = 20  # topics of which it is said that we may not write them
FLOOD_RATE, FLOOD_BURST = 10.0, 10.0  # commands per second that came too fast and are answered


class _Links(Struct, frozen=True):
    """Three sessions: a flood of signals cannot stand before a stop, and feedback outlives a connection."""

    commands: Connection
    signals: Connection
    feedback: Connection


class MqttLink:
    """`run` belongs in a task; cancelling it says `offline`. `publish` never waits."""

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        identity: Identity,
        calls: Callbacks,
        clock: Callable[[], Seconds],
    ) -> None:
        """`settings.url` must be set (that of the private broker when none is configured).

        Raises `SettingsError`.
        """
        self._endpoint = Endpoint.of(settings)
        self._topics = topics
        self._identity = identity
        self._calls = calls
        self._clock = clock
        self._reception = Reception(topics, calls.tell)
        self._devices = Devices(topics)
        self._introduction = Introduction(
            topics, identity.version, self._repeat_all, wanted=settings.discovery
        )
        self._outbox = Outbox()
        kept = frozenset({self._introduction.topic})
        self._device_link = DeviceLink(self._devices, calls.deliver, calls.tell, clock, kept)
        self._something = asyncio.Event()
        self._askers = Askers(topics, identity.boot)
        self._flood = TokenBucket(FLOOD_RATE, FLOOD_BURST, clock())
        self._seq = 0
        self._version5 = True
        self._forbidden: set[str] = set()  # topics that the broker does not let us write
        self._why = ""  # there is no connection
        self._connected_at: Seconds | None = None

    @property
    def connected(self) -> bool:
        return self._connected_at is not None

    @property
    def accepted(self) -> int:
        """Messages taken since the start."""
        return self._reception.accepted

    @property
    def rejects(self) -> dict[str, int]:
        """Messages refused since the start, by reason."""
        return dict(self._reception.rejects)

    def use_mappings(self, mappings: Iterable[Compiled]) -> None:
        """What other makers' devices mean, from now on. Call it on the event loop's thread, at any time."""
        self._device_link.use(mappings)

    @property
    def mappings(self) -> dict[str, dict[str, object]]:
        """By mapping: seconds since it was of use, and what became of its messages; as in `status`."""
        return self._devices.report(self._clock())

    # --- outward --------------------------------------------------------------------------------------

    def publish(self, message: Struct) -> None:
        """A state (newest kept, repeated every minute and on connect with its own time), a decision, a fault
        or a reply.

        Call it on the event loop's thread. Without a broker, events and replies wait in a bounded row.
        """
        match message:
            case Reply():
                self._answer(message, self._askers.pop(message.id))
            case Decision() | Fault():
                self._outbox.add(encode.event(self._topics, message, self._moment()), self._clock())
            case _ if isinstance(message, StateView):
                if isinstance(message, PlaybackState):
                    self._devices.playing = message.state in SOUNDING
                self._outbox.hold(message, self._clock())
            case _:
                raise TypeError(f"not something that is published: {type(message).__name__}")
        self._something.set()

    def publish_telemetry(self, counters: Mapping[str, float]) -> None:
        """Dropped while there is no broker."""
        if self.connected:
            self._outbox.add(encode.telemetry(self._topics, counters, self._moment()), self._clock())
            self._something.set()

    def _answer(self, reply: Reply, asker: Asker | None) -> None:
        moment = self._moment()
        self._outbox.add(encode.result(self._topics.result, reply, moment), moment.at)
        if asker is not None:
            self._outbox.add(encode.result(asker.topic, reply, moment, asker.correlation), moment.at)
        self._something.set()

    def _moment(self, at: Seconds | None = None) -> Moment:
        """Now, or `at` when the content is older than its message."""
        self._seq += 1
        now = self._clock()
        at = now if at is None else at
        return Moment(seq=self._seq, at=at, wall=Seconds(time.time() - (now - at)))

    # --- for ever -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For devices time goes on without a broker too: what is held ends."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._device_link.tick(), name="mqtt-devices")
            await self._stay_connected()

    async def _stay_connected(self) -> None:
        """Connects, and connects again after every loss."""
        attempts = 0
        while True:
            started = self._clock()
            try:
                await self._cycle()
            except* MqttError as group:
                why = "; ".join(dict.fromkeys(str(error) for error in _leaves(group)))
                if any(isinstance(error, ProtocolRefusedError) for error in _leaves(group)):
                    self._version5 = not self._version5
                if self._clock() - started > STEADY:
                    attempts = 0
                self._lost(why)
            await asyncio.sleep(pause_before(attempts))
            attempts += 1

    async def _cycle(self) -> None:
        async with self._links() as links:
            commands = links.commands
            await commands.subscribe(self._topics.commands, 1)
            await links.signals.subscribe(self._topics.signals, 0)
            await links.feedback.subscribe(self._topics.feedback, 1)
            self._outbox.repeat_states()
            await self._send_states(commands)
            try:
                self._connected_at = self._clock()
                self._devices.connected(self._connected_at)
                await commands.publish(self._status())
                await commands.publish(self._availability(ONLINE))
                self._why = ""
                self._calls.on_change(True, "")
                await self._introduction.make(commands)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._send(commands), name="mqtt-send")
                    group.create_task(self._repeat(), name="mqtt-repeat")
                    group.create_task(self._receive(commands, "buttons"), name="mqtt-commands")
                    group.create_task(self._receive(links.signals, "sensors"), name="mqtt-signals")
                    group.create_task(self._device_link.follow(commands, "buttons"), name="mqtt-buttons")
                    group.create_task(self._device_link.follow(links.signals, "sensors"), name="mqtt-sensors")
                    group.create_task(self._introduction.listen(links.signals), name="mqtt-birth")
                    group.create_task(self._keep(links.feedback), name="mqtt-feedback")
            finally:
                self._connected_at = None
                self._devices.disconnected()
                with suppress(MqttError, TimeoutError):  # the broker publishes the will instead
                    await within(GOODBYE, commands.publish(self._availability(OFFLINE)))

    @asynccontextmanager
    async def _links(self) -> AsyncIterator[_Links]:
        name, version5 = self._topics.client_id, self._version5
        terms = (
            Terms(
                client_id=name,
                version5=version5,
                will=self._availability(OFFLINE),
                admit=self._admit,
                droppable=self._unsafe,
                on_limit=self._limited,
                on_drop=self._command_dropped,
                on_refused=self._not_allowed,
            ),
            Terms(
                client_id=f"{name}-signals",
                version5=version5,
                admit=self._admit_sensor,
                droppable=lambda _topic: True,
                on_drop=self._dropped,
            ),
            Terms(client_id=f"{name}-feedback", version5=version5, on_drop=self._dropped),
        )
        async with AsyncExitStack() as stack:
            yield _Links(*[await stack.enter_async_context(connect(self._endpoint, t)) for t in terms])

    def _admit(self, topic: str) -> bool:
        return self._reception.admit(topic, self._clock())

    def _admit_sensor(self, topic: str) -> bool:
        return self._reception.admit(topic, self._clock(), sensor=True)

    def _unsafe(self, topic: str) -> bool:
        address = self._topics.parse(topic)
        return address is None or not is_safe(address)

    def _dropped(self, _message: Incoming) -> None:
        self._reception.rejects["overflow"] += 1

    def _command_dropped(self, message: Incoming) -> None:
        self._dropped(message)
        self._limited(message)

    def _limited(self, message: Incoming) -> None:
        if self._topics.parse(message.topic) is None:
            self._device_link.take_stops(self._arrival(message))
        else:
            self._answer_flood(message)

    def _answer_flood(self, message: Incoming) -> None:
        if self._flood.take(self._clock()):  # otherwise answers were a flood of their own
            self._answer_rejected(message, "rate-limited")

    def _not_allowed(self, topic: str, reason: str) -> None:
        if topic in self._forbidden or len(self._forbidden) >= MOST_NAMED:
            return  # said once
        self._forbidden.add(topic)
        why = f"the broker does not let us write {topic} ({reason}): give this account the right"
        self._calls.on_change(True, why)

    def _lost(self, why: str) -> None:
        if why != self._why:  # a broker that stays away is named once
            log.warning("%s", why)
            self._calls.on_change(False, why)
        self._why = why

    # --- while connected ------------------------------------------------------------------------------

    async def _send(self, connection: Connection) -> None:
        while True:
            self._something.clear()
            while message := self._outbox.first(self._clock()):
                await connection.publish(message)
                self._outbox.done(message)
                await self._send_states(connection)
            await self._send_states(connection)
            if not len(self._outbox):
                await self._something.wait()

    async def _send_states(self, connection: Connection) -> None:
        while (held := self._outbox.take_state()) is not None:
            await connection.publish(encode.state(self._topics, held.view, self._moment(held.since)))

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(REPEAT)
            self._repeat_all()

    def _repeat_all(self) -> None:
        self._outbox.repeat_states()
        self._outbox.add(self._status(), self._clock())
        self._something.set()

    async def _receive(self, connection: Connection, lane: Lane) -> None:
        async for message in connection.messages():
            await self._introduction.hear(message, connection)
            if self._topics.parse(message.topic) is None:
                self._device_link.take(lane, self._arrival(message))
                continue
            item = self._understand(message)
            if isinstance(item, Command):
                item = self._askers.remember(item, message)
            if isinstance(item, Command | Reading):
                try:
                    self._calls.deliver(item)
                except LullError as error:
                    self._refuse(message, "refused", str(error))

    async def _keep(self, connection: Connection) -> None:
        async for message in connection.messages():
            feedback = self._understand(message)
            if isinstance(feedback, Feedback):
                await self._persist(feedback)
            connection.acknowledge(message)
            for _ in range(
                FLUSH
            ):  # let it leave before the next is taken: what is stored comes no second time
                await asyncio.sleep(0)

    async def _persist(self, feedback: Feedback) -> None:
        """Until it is on disk: an unacknowledged message is safe with the broker."""
        while True:
            try:
                async with asyncio.timeout(PERSIST_PATIENCE):
                    return await self._calls.persist_feedback(feedback)
            except (LullError, TimeoutError) as error:
                log.warning("feedback %s is not stored yet: %s", feedback.id, error or "no answer")
                self._reception.rejects["not-stored"] += 1
            await asyncio.sleep(PERSIST_RETRY)

    def _arrival(self, message: Incoming) -> Arrival:
        return Arrival(
            topic=message.topic,
            payload=message.payload,
            at=self._clock(),
            wall=Seconds(time.time()),
            retain=message.retain,
            expiry=message.expiry,
        )

    def _understand(self, message: Incoming) -> Inbound | None:
        try:
            return self._reception.take(self._arrival(message))
        except PayloadError as error:
            log.info("%s", error)
            self._answer_rejected(message, error.reason)
            return None

    def _refuse(self, message: Incoming, reason: str, detail: str) -> None:
        log.warning("%s: %s", message.topic, detail)
        self._reception.rejects[reason] += 1
        self._answer_rejected(message, reason)

    def _answer_rejected(self, message: Incoming, reason: str) -> None:
        message_id, asker = peek_id(message.payload), self._askers.of(message)
        if message_id or asker is not None:
            self._answer(Reply(id=message_id, ok=False, reason=reason), asker)

    def _status(self) -> Outgoing:
        moment = self._moment()
        payload = StatusPayload(
            seq=moment.seq,
            ts=moment.ts,
            boot=self._identity.boot,
            version=self._identity.version,
            connected_s=round(moment.at - (self._connected_at or moment.at), 1),
            accepted=self._reception.accepted,
            rejects=dict(self._reception.rejects),
            outbox_dropped=self._outbox.dropped,
        )
        return encode.status(self._topics, payload, {**self._calls.vitals(), "mappings": self.mappings})

    def _availability(self, payload: bytes) -> Outgoing:
        return Outgoing(topic=self._topics.availability, payload=payload, retain=True)


def _leaves(group: BaseExceptionGroup[MqttError]) -> list[MqttError]:
    found: list[MqttError] = []
    for error in group.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
