"""For integrators: try a mapping without a broker, see what devices say, send one message."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from adapters.mqtt.codec import MAX_PAYLOAD, Arrival, decode
from adapters.mqtt.connection import Connection, Incoming
from adapters.mqtt.encode import Outgoing
from adapters.mqtt.mapping.apply import apply
from adapters.mqtt.mapping.later import due, observe
from adapters.mqtt.mapping.model import Compiled, Ignored, Outcome, Rejected
from adapters.mqtt.mapping.state import State
from adapters.mqtt.mapping.telling import told
from adapters.mqtt.mapping.topics import captures, check_filter, is_private, widest
from adapters.mqtt.reach import reach
from adapters.mqtt.redaction import Redaction
from adapters.mqtt.topics import Topics
from adapters.mqtt.values import clean
from player.errors import MqttError, PayloadError
from player.model import Feedback
from player.settings import MqttSettings
from player.units import Seconds

LATER: Final = Seconds(60.0)  # how far `explain` looks ahead
STEP: Final = Seconds(0.25)
LONGEST_LINE: Final = 160  # characters of a payload that are shown

Tell = Callable[[str], None]


class Recorded(Struct, frozen=True, kw_only=True):
    """One line of a recording."""

    at_s: float  # since the first
    topic: str
    payload: str
    retain: bool
    outcomes: dict[str, list[str]]  # by mapping


class Trial(Struct, frozen=True, kw_only=True):
    """What is tried: one message, as a broker would bring it."""

    topic: str
    payload: str
    retain: bool = False
    playing: bool = False


def reachable(settings: MqttSettings, data: Path) -> MqttSettings:
    """The configured broker, or the private one of the Lull that runs on this `data` folder.

    Raises `MqttError`.
    """
    if settings.url is not None:
        return settings
    try:
        port = int((data / "broker" / "port").read_text())
    except (OSError, ValueError):
        raise MqttError("there is no private broker yet: start `lull run`, or set mqtt.url") from None
    return msgspec.structs.replace(settings, url=f"mqtt://127.0.0.1:{port}")


def explain(mappings: Iterable[Compiled], trial: Trial) -> list[str]:
    """Step by step what each mapping makes of the message, and what would follow by itself in a minute."""
    lines: list[str] = []
    came = Arrival(
        topic=trial.topic,
        payload=trial.payload.encode(errors="surrogateescape"),
        at=Seconds(0.0),
        wall=Seconds(time.time()),
        retain=trial.retain,
    )
    silent: list[str] = []
    lines += _of_lulls_own(came)
    for mapping in mappings:
        state = State(mapping)
        if captures(mapping.topic, trial.topic) is None:
            observe(mapping, state, came)
            silent.append(_silence(mapping, state, trial.topic))
            continue
        lines.append(f"mapping {mapping.id}:")
        outcomes = apply(
            mapping, state, came, playing=trial.playing, trace=lambda step: lines.append(f"  {step}")
        )
        if not lines[-1].startswith("  result: "):  # it ended before a value was looked at
            lines.extend(f"  result: {told(outcome)}" for outcome in outcomes)
        lines.extend(f"  {line}" for line in _following(mapping, state))
    return (lines or ["no mapping reads this topic:"]) + silent


def _of_lulls_own(came: Arrival) -> list[str]:
    """What Lull itself makes of a message on the topics of a player, which need no mapping."""
    topics = Topics.around(came.topic)
    if topics is None:
        return []
    head = f"Lull's own topic of player {clean(topics.player, 64)}, site {clean(topics.site, 64)}:"
    if topics.parse(came.topic) is None:
        return [head, "  result: nothing: a player reads cmd/NAME, signal/KIND/SOURCE and feedback"]
    try:
        taken = decode(topics, came)
    except PayloadError as error:
        return [head, f"  result: {told(Rejected(error.reason, error.detail))}"]
    if isinstance(taken, Feedback):
        return [head, f"  result: feedback {taken.rating:+d} about {taken.about}"]
    return [head, f"  result: {told(taken)}"]


def _silence(mapping: Compiled, state: State, topic: str) -> str:
    if state.available is not None:
        return f"mapping {mapping.id}: the device is {'there' if state.available else 'away'}"
    if mapping.birth is not None and captures(mapping.birth.topic, topic) is not None:
        return f"mapping {mapping.id}: for {mapping.birth.span:g} s what comes is a repetition"
    return f"mapping {mapping.id}: reads {mapping.topic}"


def _following(mapping: Compiled, state: State) -> list[str]:
    lines: list[str] = []
    at = Seconds(0.0)
    while at <= LATER:
        at = Seconds(at + STEP)
        lines.extend(f"after {at:g} s: {told(outcome)}" for outcome in due(mapping, state, at))
    return lines


async def sniff(
    settings: MqttSettings, mappings: tuple[Compiled, ...], filters: tuple[str, ...], watch: "Watch"
) -> None:
    """Until cancelled: what arrives on the topics of the mappings and on `filters`, and what became of it.

    Raises `MqttError`; `MappingError` for a filter that would read the whole broker.
    """
    read = [check_filter(topic, ("topic",)) for topic in filters]
    states = [(mapping, State(mapping)) for mapping in mappings]
    for mapping in mappings:
        read += [mapping.topic] + [p.topic for p in (mapping.availability, mapping.birth) if p is not None]
    if not read:
        raise MqttError("there is nothing to read: name a topic, or a file with mappings")
    async with reach(settings) as connection:
        for topic_filter in widest(read):
            await connection.subscribe(topic_filter, 0, keep_flag=False)
        watch.ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(connection, states, watch))
            group.create_task(_wait_for_time(states, watch))


class Watch:
    """Where `sniff` tells what it sees. `out`: a file for the recording, redacted. Use it as a context."""

    def __init__(self, tell: Tell, out: Path | None = None, words: Iterable[str] = ()) -> None:
        self._tell = tell
        self._out = out
        self._file: IO[bytes] | None = None
        self._redaction = Redaction(words)
        self._first: Seconds | None = None
        self.seen = 0
        self.listening = asyncio.Event()

    def __enter__(self) -> "Watch":
        """Raises `MqttError` when the file cannot be written."""
        if self._out is not None:
            try:
                self._file = self._out.open("xb")
            except OSError as error:
                raise MqttError(
                    f"{self._out} cannot be written ({error.strerror}): name another file"
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def ready(self) -> None:
        self.listening.set()

    def arrived(self, came: Arrival, outcomes: dict[str, list[Outcome]]) -> None:
        self.seen += 1
        text = came.payload.decode(errors="replace")
        shown = "".join(c if c.isprintable() else "·" for c in text[:LONGEST_LINE])
        self._tell(f"{clean(came.topic, 256)}{' (stored)' if came.retain else ''}: {shown}")
        if not outcomes:
            self._tell("    no mapping reads this topic")
        for name, found in outcomes.items():
            for outcome in found:
                self._tell(f"    {name}: {told(outcome)}")
        self._record(came, outcomes)

    def later(self, name: str, outcome: Outcome) -> None:
        self._tell(f"    {name}: {told(outcome)} (by time)")

    def _record(self, came: Arrival, outcomes: dict[str, list[Outcome]]) -> None:
        if self._file is None:
            return
        self._first = came.at if self._first is None else self._first
        hide = self._redaction.text
        line = Recorded(
            at_s=round(came.at - self._first, 3),
            topic=hide(came.topic),
            payload=self._redaction.payload(came.payload[:MAX_PAYLOAD]),
            retain=came.retain,
            outcomes={
                hide(name): [hide(_briefly(item)) for item in found] for name, found in outcomes.items()
            },
        )
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


async def _listen(connection: Connection, states: list[tuple[Compiled, State]], watch: Watch) -> None:
    async for message in connection.messages():
        if is_private(message.topic):
            continue
        came = _arrival(message)
        outcomes: dict[str, list[Outcome]] = {}
        for mapping, state in states:
            observe(mapping, state, came)
            if captures(mapping.topic, came.topic) is not None:
                outcomes[mapping.id] = list(apply(mapping, state, came))
        watch.arrived(came, outcomes)


async def _wait_for_time(states: list[tuple[Compiled, State]], watch: Watch) -> None:
    while True:
        await asyncio.sleep(STEP)
        for mapping, state in states:
            for outcome in due(mapping, state, Seconds(time.monotonic())):
                watch.later(mapping.id, outcome)


def _briefly(outcome: Outcome) -> str:
    """Without the detail, which may be the value of a key that is hidden in the payload."""
    if isinstance(outcome, Ignored | Rejected):
        outcome = type(outcome)(outcome.reason)
    return told(outcome)


def _arrival(message: Incoming) -> Arrival:
    return Arrival(
        topic=message.topic,
        payload=message.payload,
        at=Seconds(time.monotonic()),
        wall=Seconds(time.time()),
        retain=message.retain,
    )


async def sniff_for(
    settings: MqttSettings,
    mappings: tuple[Compiled, ...],
    filters: tuple[str, ...],
    watch: Watch,
    seconds: float,
) -> int:
    """`sniff` for a time; the number of messages. Raises as `sniff` does."""
    with watch, suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await sniff(settings, mappings, filters, watch)
    return watch.seen


async def send(settings: MqttSettings, topic: str, payload: str, *, retain: bool = False) -> None:
    """One message at QoS 1; returns when the broker has it. Raises `MqttError`."""
    if not topic or set("+#") & set(topic) or not topic.isprintable():
        raise MqttError(f"{topic!r} is no topic to send to: + and # are only for reading")
    async with reach(settings) as connection:
        await connection.publish(Outgoing(topic=topic, payload=payload.encode(), retain=retain))
