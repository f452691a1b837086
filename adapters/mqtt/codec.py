"""Inbound messages: topic, payload and properties to what the player knows, or a `PayloadError`."""

import json
import math
import re
from typing import Final, TypeVar, cast

import msgspec
from msgspec import Struct

from adapters.mqtt.payloads import CommandPayload, FeedbackPayload, SignalPayload, Stamp
from adapters.mqtt.topics import Address, Topics
from adapters.mqtt.values import STATES, clean, quantity, reading_value
from player.errors import PayloadError
from player.model import AdaptMode, Command, Feedback, Reading, Verb
from player.units import Seconds

MAX_PAYLOAD: Final = 16 * 1024  # bytes, checked before anything is decoded
MAX_PLAIN: Final = 32  # characters, of what a simple button sends
MAX_DEPTH: Final = 8
MAX_NODES: Final = 512
FRESH: Final = Seconds(30.0)  # how far a sender's time may be from ours

SAFE: Final = frozenset({Verb.STOP, Verb.PAUSE, Verb.QUIETER})  # taken even late, and twice
JUDGING: Final = frozenset({Verb.LIKE, Verb.DISLIKE, Verb.NEVER, Verb.ALLOW})
RANGES: Final = {Verb.VOLUME: (0.0, 100.0), Verb.RATE: (0.0, 4.0)}

_NOT_FINITE = re.compile(rb"[\[{,:\s]-?(NaN|Infinity)\b|^-?(NaN|Infinity)\b")
_OUT_OF_RANGE = "out of range"  # what msgspec says of 1e999
_ID = re.compile(rb'"id"\s*:\s*"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,128})"')

Inbound = Command | Reading | Feedback
T = TypeVar("T")


class Arrival(Struct, frozen=True, kw_only=True):
    """One message as it came. `at` on the brain's clock, `wall` the Unix time, `expiry` what MQTT 5 left."""

    topic: str
    payload: bytes
    at: Seconds
    wall: Seconds
    retain: bool = False
    expiry: Seconds | None = None


def decode(topics: Topics, arrival: Arrival) -> Inbound:
    """Raises `PayloadError` and nothing else."""
    address = topics.parse(arrival.topic)
    if address is None:
        raise PayloadError(arrival.topic, "unknown-topic")
    if len(arrival.payload) > MAX_PAYLOAD:
        raise PayloadError(arrival.topic, "too-large")
    match address.branch:
        case "cmd":
            return _command(address, arrival)
        case "signal":
            return _signal(address, arrival)
        case "feedback":
            return _feedback(arrival)


def is_safe(address: Address) -> bool:
    """Commands that only make it quieter: no limit, no age and no repetition stops them."""
    return address.branch == "cmd" and address.name in SAFE


def peek_id(payload: bytes) -> str:
    """The id in a payload that was rejected, for the answer; "" when none can be seen."""
    found = _ID.search(payload[:MAX_PAYLOAD])
    return found.group(1).decode("ascii") if found else ""


def _command(address: Address, arrival: Arrival) -> Command:
    topic = arrival.topic
    try:
        verb = Verb(address.name)
    except ValueError:
        raise PayloadError(topic, "unknown-verb") from None
    if arrival.retain:
        raise PayloadError(topic, "retained", "publish commands without the retain flag")
    payload = _command_payload(verb, arrival)
    named = (payload.args.track or payload.track) if verb in JUDGING else None
    if verb not in SAFE and (named is None or verb is Verb.ALLOW):  # a late “allow” must not undo a “never”
        _require_fresh(payload.ts, arrival)
    return Command(
        verb=verb,
        id=clean(payload.id, 128),
        by=clean(payload.by, 64) or "staff",
        value=_number(verb, payload.args.value, topic),
        mode=_mode(payload.args.value, topic) if verb is Verb.MODE else None,
        track_id=clean(named, 128) if named is not None else None,
    )


def _command_payload(verb: Verb, arrival: Arrival) -> CommandPayload:
    if not arrival.payload.strip() or (verb in SAFE and _is_plain(arrival.payload)):
        return CommandPayload()
    tree = json_tree(arrival.payload, arrival.topic, unique=verb not in SAFE)
    try:
        return _shaped(tree, CommandPayload, arrival.topic)
    except PayloadError:
        if verb in SAFE:  # a field that cannot be used does not stand in the way of a stop
            return CommandPayload(id=peek_id(arrival.payload))
        raise


def _is_plain(payload: bytes) -> bool:
    """`STOP`, `ON` or `1`: a word, where others send JSON."""
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return False
    return len(text) <= MAX_PLAIN and text.isprintable() and not text.startswith(("{", "["))


def _number(verb: Verb, value: float | str | None, topic: str) -> float | None:
    if verb not in RANGES:
        return None
    low, high = RANGES[verb]
    if not isinstance(value, float | int) or not low <= value <= high:
        raise PayloadError(topic, "bad-value", f"args.value must be a number from {low:g} to {high:g}")
    return float(value)


def _mode(value: float | str | None, topic: str) -> AdaptMode:
    try:
        return AdaptMode(cast(str, value))
    except ValueError:
        raise PayloadError(topic, "bad-value", "args.value must be auto, manual or off") from None


def _signal(address: Address, arrival: Arrival) -> Reading:
    kind = quantity(address.name)
    if kind is None:
        raise PayloadError(arrival.topic, "unknown-kind")
    if arrival.retain and kind not in STATES:
        raise PayloadError(arrival.topic, "retained")
    source = clean(address.source, 64)
    if not source:
        raise PayloadError(arrival.topic, "bad-source")
    payload = _signal_payload(arrival)
    if not arrival.retain:
        _require_fresh(payload.ts, arrival)
    value = reading_value(kind, payload.value, payload.unit, arrival.topic)
    return Reading(source=source, quantity=kind, value=value, at=arrival.at, quality=payload.quality)


def _signal_payload(arrival: Arrival) -> SignalPayload:
    text = arrival.payload.strip()
    if text.upper() in (b"ON", b"OFF"):
        return SignalPayload(value=text.decode("ascii"))
    tree = json_tree(arrival.payload, arrival.topic)
    if isinstance(tree, bool | int | float):
        tree = {"value": tree}
    return _shaped(tree, SignalPayload, arrival.topic)


def _feedback(arrival: Arrival) -> Feedback:
    if arrival.retain:
        raise PayloadError(arrival.topic, "retained")
    payload = _shaped(json_tree(arrival.payload, arrival.topic), FeedbackPayload, arrival.topic)
    feedback_id = clean(payload.id, 128)
    if not feedback_id:
        raise PayloadError(arrival.topic, "bad-value", "id is empty")
    return Feedback(
        id=feedback_id,
        rating=payload.rating,
        given=Seconds(payload.ts.timestamp()) if payload.ts is not None else None,
        by=clean(payload.by, 64) or "staff",
        about=clean(payload.about, 128) or "now",
        observed=tuple(clean(word, 64) for word in payload.observed),
        note=clean(payload.note, 1000) if payload.note is not None else None,
    )


class StaleError(PayloadError):
    """`difference`: our time less the sender's, s."""

    def __init__(self, topic: str, difference: float) -> None:
        super().__init__(topic, "stale", f"ts is more than {FRESH:.0f} s from our clock")
        self.difference = Seconds(difference)


def _require_fresh(ts: Stamp | None, arrival: Arrival) -> None:
    """Fresh: the sender's time is near ours, or the sender lets it expire soon, or it simply came live."""
    if ts is None or (arrival.expiry is not None and arrival.expiry <= FRESH):
        return
    difference = arrival.wall - ts.timestamp()
    if abs(difference) > FRESH:
        raise StaleError(arrival.topic, difference)


def json_tree(payload: bytes, topic: str, *, unique: bool = True) -> object:
    """JSON as plain objects: finite, at most `MAX_DEPTH` deep, at most `MAX_NODES` values; with `unique`
    no key stands twice in an object. Raises `PayloadError`.
    """
    try:
        tree = msgspec.json.decode(payload)
    except RecursionError:
        raise PayloadError(topic, "too-deep") from None
    except UnicodeDecodeError:  # in a key; elsewhere msgspec says it itself
        raise PayloadError(topic, "not-json", "is not UTF-8") from None
    except msgspec.MsgspecError as error:
        finite = _OUT_OF_RANGE not in str(error) and not _NOT_FINITE.search(payload)
        raise PayloadError(topic, "not-json" if finite else "not-finite", str(error)) from None
    nodes = 0
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise PayloadError(topic, "too-many")
        if isinstance(node, float) and not math.isfinite(node):
            raise PayloadError(topic, "not-finite")
        if isinstance(node, dict | list):
            if depth > MAX_DEPTH:
                raise PayloadError(topic, "too-deep")
            children = node.values() if isinstance(node, dict) else node
            waiting.extend((child, depth + 1) for child in children)
    if unique and nodes > 1:
        _require_unique(payload, topic)
    return tree


def _require_unique(payload: bytes, topic: str) -> None:
    """msgspec keeps the last of two equal keys; others keep the first."""

    def pairs(found: list[tuple[str, object]]) -> None:
        if len({key for key, _ in found}) < len(found):
            raise PayloadError(topic, "duplicate-key")

    try:
        json.loads(payload, object_pairs_hook=pairs, parse_int=str, parse_float=str)
    except ValueError as error:  # taken by the one and not by the other
        raise PayloadError(topic, "not-json", str(error)) from None


def _shaped(tree: object, shape: type[T], topic: str) -> T:
    try:
        return msgspec.convert(tree, shape)
    except msgspec.ValidationError as error:
        raise PayloadError(topic, "bad-value", str(error)) from None
