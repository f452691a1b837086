"""One session with a broker. The only file that knows which MQTT library is used."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Self, TypeVar

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt.exceptions import MqttConnectError
from msgspec import Struct
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from adapters.mqtt.codec import MAX_PAYLOAD
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.endpoint import Endpoint
from player.errors import MqttError
from player.units import Seconds

MAX_PACKET: Final = 64 * 1024  # bytes; a broker that speaks MQTT 5 delivers nothing larger
IN_FLIGHT: Final = 20  # unacknowledged messages that a broker may send us
QUEUE: Final = 256  # messages waiting to be handled: 4 MiB at most
KEEPALIVE: Final = 15  # s; a silent connection is given up after twice that
PATIENCE: Final = Seconds(5.0)  # for any answer of the broker
SESSION_EXPIRY: Final = 7 * 24 * 3600  # s, of the persistent session
TAKEN_OVER: Final = 142  # why a broker of MQTT 5 ends a connection
BROKE_OFF: Final = (
    "the connection broke off: is it running, the network up, and no second player of the same name?"
)
TIMED_OUT: Final = "Operation timed out"  # aiomqtt's own words

T = TypeVar("T")


class ProtocolRefusedError(MqttError):
    """The broker did not take this version of MQTT, or did not answer to it."""


class Incoming(Struct, frozen=True, kw_only=True):
    topic: str
    payload: bytes
    retain: bool
    mid: int
    qos: int = 1
    expiry: Seconds | None = None
    response_topic: str | None = None
    correlation: bytes | None = None


class Terms(Struct, frozen=True, kw_only=True):
    """What is agreed with the broker, and what happens to messages that come too fast.

    admit: False drops a message before it is queued; `on_limit` gets it.
    droppable: topics whose oldest message makes room in a full queue; `on_drop` gets it. None: messages wait
    for `acknowledge`, the session outlives the connection, and only what was sent at QoS 0 is dropped.
    on_refused: gets a topic that the broker does not let us write, and why (MQTT 5 only tells).
    """

    client_id: str
    version5: bool
    will: Outgoing | None = None
    admit: Callable[[str], bool] = lambda _topic: True
    droppable: Callable[[str], bool] | None = None
    on_limit: Callable[[Incoming], None] = lambda _message: None
    on_drop: Callable[[Incoming], None] = lambda _message: None
    on_refused: Callable[[str, str], None] = lambda _topic, _reason: None

    @property
    def persistent(self) -> bool:
        return self.droppable is None


class Connection:
    def __init__(self, client: "_Client", inbox: "type[_Inbox]", where: str) -> None:
        self._client = client
        self._inbox = inbox
        self._where = where
        self._version5 = inbox.terms.version5

    async def subscribe(self, topic_filter: str, qos: int, *, keep_flag: bool = True) -> None:
        """Raises `MqttError` when the broker refuses.

        keep_flag: a live message with the retain flag shows it, otherwise it looks like a fresh one. Without,
        only what the broker had stored shows it. MQTT 3.1.1 knows only the second.
        """
        options = SubscribeOptions(qos=qos, retainAsPublished=keep_flag) if self._version5 else None
        try:
            codes = await self._client.subscribe(topic_filter, qos=0 if options else qos, options=options)
        except aiomqtt.MqttError as error:
            raise self._failed(f"cannot subscribe to {topic_filter}", error) from error
        if any((code if isinstance(code, int) else code.value) >= 128 for code in codes):
            raise MqttError(f"the broker refuses to let us read {topic_filter}: give this account the right")

    async def unsubscribe(self, topic_filter: str) -> None:
        """Raises `MqttError`."""
        try:
            await self._client.unsubscribe(topic_filter)
        except aiomqtt.MqttError as error:
            raise self._failed(f"cannot unsubscribe from {topic_filter}", error) from error

    async def publish(self, message: Outgoing) -> None:
        """Returns when the broker has it, or has refused it (QoS 1). Raises `MqttError`."""
        properties = None
        if self._version5:
            properties = _properties(
                PacketTypes.PUBLISH,
                MessageExpiryInterval=message.expiry,
                CorrelationData=message.correlation,
            )
        try:
            await self._client.publish(
                message.topic,
                message.payload,
                qos=message.qos,
                retain=message.retain,
                properties=properties,
            )
        except aiomqtt.MqttError as error:
            raise self._failed(f"cannot publish {message.topic}", error) from error
        if (refused := self._client.take_refusal()) is not None:
            self._inbox.terms.on_refused(message.topic, refused)

    async def messages(self) -> AsyncIterator[Incoming]:
        """For ever; raises `MqttError` when the connection is lost."""
        try:
            async for message in self._client.messages:
                yield _incoming(message)
                if self._inbox.overflowed:
                    raise MqttError("more unacknowledged messages than agreed: they are fetched again")
        except aiomqtt.MqttError as error:
            raise self._failed("cannot read", error) from error

    def _failed(self, what: str, error: aiomqtt.MqttError) -> MqttError:
        """In words for people: the loss of the connection, if that is why."""
        if (loss := self._client.loss()) is not None:
            return MqttError(f"broker {self._where}: {loss}")
        if str(error) == TIMED_OUT:
            return MqttError(f"broker {self._where} does not answer ({what}): does it hang, or the network?")
        return MqttError(f"{what}: {error}")

    def acknowledge(self, message: Incoming) -> None:
        """aiomqtt acknowledges before the application has seen a message and offers no other way: this is
        the manual mode of paho-mqtt underneath (`manual_ack_set` in `connect`).
        """
        if message.qos:  # a broker ends the connection of one who acknowledges what needs none
            self._client._client.ack(message.mid, 1)


@asynccontextmanager
async def connect(endpoint: Endpoint, terms: Terms) -> AsyncIterator[Connection]:
    """Raises `MqttError`: no broker, refused, or no answer in time."""
    inbox = _inbox(terms)
    client = _Client(
        endpoint.host,
        endpoint.port,
        username=endpoint.user,
        password=endpoint.password,
        identifier=terms.client_id,
        queue_type=inbox,
        protocol=aiomqtt.ProtocolVersion.V5 if terms.version5 else aiomqtt.ProtocolVersion.V311,
        will=_will(terms.will),
        clean_session=None if terms.version5 else not terms.persistent,
        clean_start=not terms.persistent if terms.version5 else 3,  # 3: does not apply to 3.1.1
        timeout=PATIENCE,
        keepalive=KEEPALIVE,
        max_queued_incoming_messages=QUEUE,
        properties=_connect_properties(terms) if terms.version5 else None,
        tls_context=endpoint.tls,
    )
    if terms.persistent:
        client._client.manual_ack_set(True)
    await _enter(client, endpoint)
    try:
        yield Connection(client, inbox, f"{endpoint.host}:{endpoint.port}")
    finally:
        with suppress(aiomqtt.MqttError):  # already gone: there is nothing left to close
            await client.__aexit__(None, None, None)


async def _enter(client: aiomqtt.Client, endpoint: Endpoint) -> None:
    where = f"{endpoint.host}:{endpoint.port}"
    try:
        await client.__aenter__()
    except MqttConnectError as error:
        reason = str(error)
        if "rotocol" in reason:
            raise ProtocolRefusedError(f"broker {where}: {reason}") from error
        raise MqttError(f"broker {where} refuses us ({reason}): check mqtt.credentials_file") from error
    except aiomqtt.MqttError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ssl.SSLError):
            raise MqttError(f"broker {where}: {_distrust(cause)}") from error
        client._client.disconnect()  # aiomqtt leaves the socket open when no CONNACK comes
        if str(error) == TIMED_OUT:  # the port took us, but sent no CONNACK
            raise ProtocolRefusedError(f"broker {where} does not answer as a broker does") from error
        raise MqttError(f"no broker at {where} ({error}): is it running?") from error
    except UnicodeError as error:  # from the name look-up, before there is a socket
        raise MqttError(f"{endpoint.host} is no name of a host: check mqtt.url") from error
    except asyncio.CancelledError:
        client._client.disconnect()
        raise


def _distrust(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}): check mqtt.ca_file, the name in "
            "mqtt.url, and the date of both machines"
        )
    return (
        f"no TLS ({error.reason or error}): check the port, and mqtt.cert_file if it asks for a certificate"
    )


def _connect_properties(terms: Terms) -> Properties:
    return _properties(
        PacketTypes.CONNECT,
        MaximumPacketSize=MAX_PACKET,
        ReceiveMaximum=IN_FLIGHT,
        SessionExpiryInterval=SESSION_EXPIRY if terms.persistent else None,
    )


def _properties(packet: int, **values: int | bytes | None) -> Properties:
    """MQTT 5 properties; None is left out."""
    properties: Properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho has no types here
    for name, value in values.items():
        if value is not None:
            setattr(properties, name, value)
    return properties


def _will(will: Outgoing | None) -> aiomqtt.Will | None:
    return aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None


def _incoming(message: aiomqtt.Message) -> Incoming:
    properties = message.properties
    expiry = getattr(properties, "MessageExpiryInterval", None)
    return Incoming(
        topic=message.topic.value,
        payload=message.payload,
        retain=bool(message.retain),
        mid=message.mid,
        qos=message.qos,
        expiry=None if expiry is None else Seconds(expiry),
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
    )


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Raises `TimeoutError`. What a lost connection should end would wait for ever otherwise: on Python 3.11
    `asyncio.wait_for` may swallow a cancellation (bpo-37658), and `asyncio.timeout` of 3.11.2 takes its own
    for that of somebody else.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait((task,), timeout=seconds)
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        if task is not work:
            task.cancel()


class _Client(aiomqtt.Client):
    """Also knows why a message was refused: aiomqtt takes a refusal for success. One sends at a time.
    And why the connection ended, of which aiomqtt keeps a number.
    """

    _refused: str | None = None
    _loss: str | None = None

    async def __aenter__(self) -> Self:
        self._disconnected.add_done_callback(_retrieve)
        await super().__aenter__()
        self._disconnected.add_done_callback(_retrieve)  # perhaps another one
        return self

    def loss(self) -> str | None:
        """Why there is no connection any more, and what to do; None while there is one."""
        if not self._disconnected.done():
            return None
        return self._loss or BROKE_OFF

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 - aiomqtt's
        try:
            return await within(self.timeout if timeout is None else timeout, fut)
        except TimeoutError:
            raise aiomqtt.MqttError(TIMED_OUT) from None

    def _on_socket_register_write(self, client: paho.Client, userdata: object, sock: socket.socket) -> None:
        """aiomqtt adds the socket's number a turn later, when it may be closed and the number another's."""
        del userdata

        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the connection is of no more use
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def register() -> None:
            if sock.fileno() >= 0:
                self._loop.add_writer(sock.fileno(), write)

        self._loop.call_soon_threadsafe(register)  # also called on the thread that connects

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._loss = f"it ended the connection ({reason_code}): its log says more"
            if reason_code.value == TAKEN_OVER:
                self._loss = "another client took our name: give every player its own `site` and `player`"
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def take_refusal(self) -> str | None:
        refused, self._refused = self._refused, None
        return refused

    def _on_publish(
        self, client: paho.Client, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        if reason_code.is_failure:
            self._refused = str(reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)


def _retrieve(lost: "asyncio.Future[None]") -> None:
    """asyncio logs an error that nobody asks for, as when the broker ends while we end."""
    if not lost.cancelled():
        lost.exception()


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """A bounded queue that makes room for the newest; see `Terms.droppable`."""

    terms: Terms
    overflowed = False
    _queue: deque[aiomqtt.Message]  # asyncio's own storage, which its subclasses share

    def put_nowait(self, item: aiomqtt.Message) -> None:
        kind = type(self)
        if not kind.terms.admit(item.topic.value):
            kind.terms.on_limit(_incoming(item))
            return
        if self.full():
            if kind.terms.droppable is None:
                if item.qos:
                    kind.overflowed = True  # not acknowledged, so that the broker sends it again
                else:
                    kind.terms.on_drop(_incoming(item))
                return
            kind.terms.on_drop(_incoming(self._make_room(kind.terms.droppable)))
        item.payload = item.payload[: MAX_PAYLOAD + 1]  # enough to be seen as too large
        super().put_nowait(item)

    def _make_room(self, droppable: Callable[[str], bool]) -> aiomqtt.Message:
        for index, message in enumerate(self._queue):
            if droppable(message.topic.value):
                del self._queue[index]
                return message
        return self._queue.popleft()


def _inbox(terms: Terms) -> type[_Inbox]:
    """A class of its own for each connection: aiomqtt makes the queue itself and takes only a class."""
    return type("_Inbox", (_Inbox,), {"terms": terms})
