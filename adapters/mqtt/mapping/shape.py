"""The keys of one mapping, as they are written; unknown keys are errors."""

import difflib
import re
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, structs

from adapters.mqtt.mapping.errors import MappingError, Place
from player.model import AdaptMode, Verb

Value = str | int | float | bool | None
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,47}$")]
Words = dict[str, Value]
Conditions = dict[str, Value | tuple[Value, ...]]  # path to value, or to any of several
T = TypeVar("T", bound=Struct)

KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "empty",
    "array": "a list",
    "object": "a group of keys",
}


class Availability(Struct, frozen=True, forbid_unknown_fields=True):
    """A topic that says whether the device is there. `up` is compared without regard to case."""

    topic: str
    select: str = ""  # "": the bare payload, or `state` of a JSON object
    up: tuple[str, ...] = ("online",)


class AfterBirth(Struct, frozen=True, forbid_unknown_fields=True):
    """A bridge that repeats what it remembers when it starts."""

    topic: str
    for_: str = msgspec.field(name="for", default="5s")
    select: str = ""
    up: tuple[str, ...] = ("online",)


class Retained(Struct, frozen=True, forbid_unknown_fields=True):
    """accept: a stored value counts, at half quality and without an edge. live: the device marks what it
    sends now as retained too, and only what the broker had stored is old.
    """

    accept: bool = False
    max_age: Literal["unknown"] = "unknown"  # MQTT does not tell it
    live: bool = False


class Dedupe(Struct, frozen=True, forbid_unknown_fields=True):
    """counter: a path whose value changes with every event. key: paths that together name an event.
    Neither: the same value again within the window is a bounce.
    """

    counter: str | None = None
    key: tuple[str, ...] = ()
    window: str | None = None


class Ramp(Struct, frozen=True, forbid_unknown_fields=True):
    """The command again and again until a message says `until`, at most for `max`."""

    until: str | tuple[str, ...]
    max: str = "2s"


class Action(Struct, frozen=True, forbid_unknown_fields=True):
    command: Verb
    value: float | None = None  # volume: percent; rate: 0-4
    mode: AdaptMode | None = None
    ramp: Ramp | None = None


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """`on: ">= 25"`, `off: "<= 15"`: between them the last answer stands."""

    on: str
    off: str
    for_: str = msgspec.field(name="for", default="0s")


class Scale(Struct, frozen=True, forbid_unknown_fields=True):
    """Linear, from one span to another."""

    from_: tuple[float, float] = msgspec.field(name="from")
    to: tuple[float, float]
    clamp: bool = False


class Signal(Struct, frozen=True, forbid_unknown_fields=True):
    """Applied in this order: drop, map, zero_is_missing, range, multiply, offset, scale, max_step,
    threshold, hold.
    """

    name: str
    unit: str = ""
    drop: tuple[Value, ...] = ()
    map: Words = {}
    zero_is_missing: bool = False
    range: tuple[float, float] | None = None
    multiply: float = 1.0
    offset: float = 0.0
    scale: Scale | None = None
    max_step: str | None = None
    threshold: Threshold | None = None
    hold: str | None = None
    stale_after: str | None = None
    while_playing: Literal["use", "ignore"] = "use"


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a message that holds several."""

    select: str = ""
    require: Conditions = {}
    signal: Signal | None = None
    on: dict[str, Action] = {}


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    topic: str
    id: Name = ""
    kind: Literal["event", "state", "sample"] = "sample"
    source: str = ""  # of the readings; {1} is what the first + of the topic stands for
    by: Literal["staff", "resident"] = "staff"  # who presses it
    decode: Literal["json", "text", "number", "bool", "kv"] | dict[Literal["map"], Words] = "json"
    require: Conditions = {}
    each: str | None = None
    where: Conditions = {}
    select: str = ""
    signal: Signal | None = None
    on: dict[str, Action] = {}
    fields: tuple[Field, ...] = ()
    dedupe: Dedupe | None = None
    availability: Availability | None = None
    retained: Retained | None = None
    ignore_after_birth: AfterBirth | None = None
    rate_limit: str | None = None


def shaped(tree: object, place: Place) -> Mapping:
    """Raises `MappingError`."""
    check_keys(tree, Mapping, place)
    try:
        return msgspec.convert(tree, Mapping)
    except msgspec.ValidationError as error:
        raise _explained(tree, str(error), place) from None


NESTED: Final[dict[str, type[Struct]]] = {
    "signal": Signal,
    "availability": Availability,
    "retained": Retained,
    "dedupe": Dedupe,
    "ignore_after_birth": AfterBirth,
    "threshold": Threshold,
    "scale": Scale,
    "ramp": Ramp,
}


def check_keys(tree: object, kind: type[Struct], place: Place) -> None:
    """Raises `MappingError` at the first key that does not exist."""
    if not isinstance(tree, dict):
        raise MappingError(place, "must be a group of keys")
    known = [field.encode_name for field in structs.fields(kind)]
    for key, value in tree.items():
        here = (*place, key)
        if key not in known:
            raise MappingError(here, unknown(key, known))
        if key in NESTED and isinstance(value, dict):
            check_keys(value, NESTED[key], here)
        elif key == "on" and isinstance(value, dict):
            for word, action in value.items():
                check_keys(action, Action, (*here, word))
        elif key == "fields" and isinstance(value, list):
            for number, field in enumerate(value):
                check_keys(field, Field, (*here, number))


def unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    if close:
        return f"unknown key {key!r}: did you mean {close[0]!r}?"
    return f"unknown key {key!r}: known here are {', '.join(known)}"


def _explained(tree: object, message: str, place: Place) -> MappingError:
    """A validation message of msgspec in plain words; keys of free groups are found by trying."""
    what, _, where = message.partition(" - at ")
    inner = place + _steps(tree, where.strip("`"))
    if missing := re.match(r"Object missing required field `(\w+)`", what):
        return MappingError(inner, f"{missing[1]} is missing: add it")
    if types := re.match(r"Expected `([^`]+)`, got `(\w+)`", what):
        wanted = " or ".join(KINDS.get(kind, kind) for kind in types[1].split(" | "))
        return MappingError(inner, f"must be {wanted}, not {KINDS.get(types[2], types[2])}")
    if lengths := re.match(r"Expected `array` of length (\d+), got (\d+)", what):
        return MappingError(inner, f"must be a list of {lengths[1]}, not of {lengths[2]}")
    if "regex" in what:
        return MappingError(inner, "must be small letters, digits, dots, hyphens or underscores, 48 at most")
    if value := re.match(r"Invalid enum value (.+)", what):
        allowed = _allowed(inner)
        return MappingError(inner, f"{value[1]} is not known here{allowed}")
    return MappingError(inner, what)


def _allowed(place: Place) -> str:
    names = {
        "command": [str(verb) for verb in Verb],
        "mode": [str(mode) for mode in AdaptMode],
        "kind": ["event", "state", "sample"],
        "by": ["staff", "resident"],
        "decode": ["json", "text", "number", "bool", "kv", "{map: …}"],
        "while_playing": ["use", "ignore"],
        "max_age": ["unknown"],
    }.get(str(place[-1]) if place else "", [])
    return f": write one of {', '.join(names)}" if names else ""


def _steps(tree: object, where: str) -> Place:
    """`$.on[...].command` with the key that `[...]` hides: the first whose value does not fit."""
    steps: list[str | int] = []
    for name, number in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", where):
        if number == "...":
            if not isinstance(tree, dict) or not tree:
                break
            step: str | int = next(
                (key for key, value in tree.items() if not _fits(key, value)), next(iter(tree))
            )
        else:
            step = int(number) if number else name
        steps.append(step)
        try:
            tree = tree[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
    return tuple(steps)


def _fits(_key: str, value: object) -> bool:
    kind = Action if isinstance(value, dict) else Value
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
