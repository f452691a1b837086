"""A mapping ready for use, and what comes out of it."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from adapters.mqtt.mapping.paths import Select
from adapters.mqtt.mapping.quantities import Limit, Rate
from adapters.mqtt.mapping.shape import Scale, Value
from player.model import Command, Quantity, Reading
from player.units import Seconds

UNKNOWN_AGE: Final = 0.5  # quality of a stored value (a tuning constant)

Kind = Literal["event", "state", "sample"]


class Ignored(Struct, frozen=True):
    """In order, but not for us: another message of the device, a repetition, an old value."""

    reason: str
    detail: str = ""


class Rejected(Struct, frozen=True):
    """Something that cannot be used."""

    reason: str
    detail: str = ""


Outcome = Command | Reading | Ignored | Rejected
Trace = Callable[[str], None]


def silent(_step: str) -> None:
    """No explanation is wanted."""


class Presence(Struct, frozen=True, kw_only=True):
    """A topic with a word that says whether somebody is there."""

    topic: str
    select: Select
    up: frozenset[str]  # small letters
    span: Seconds = Seconds(0.0)  # how long a bridge repeats itself after birth


class Condition(Struct, frozen=True):
    select: Select
    path: str
    wanted: tuple[str, ...]  # as `word` writes them


class Dedupe(Struct, frozen=True, kw_only=True):
    counter: Select | None
    key: tuple[Select, ...]
    window: Seconds


class Ramp(Struct, frozen=True):
    until: frozenset[str]
    max: Seconds


class Action(Struct, frozen=True):
    command: Command
    ramp: Ramp | None = None


class Threshold(Struct, frozen=True):
    on: Limit
    off: Limit
    wait: Seconds


class Signal(Struct, frozen=True, kw_only=True):
    quantity: Quantity
    unit: str
    drop: frozenset[str]
    words: Mapping[str, float]
    zero_is_missing: bool
    range: tuple[float, float] | None
    multiply: float
    offset: float
    scale: Scale | None
    max_step: Rate | None
    threshold: Threshold | None
    hold: Seconds | None
    stale_after: Seconds | None
    ignore_while_playing: bool


class Field(Struct, frozen=True, kw_only=True):
    select: Select
    path: str
    require: tuple[Condition, ...]
    signal: Signal | None
    on: Mapping[str, Action]


class Compiled(Struct, frozen=True, kw_only=True):
    id: str
    topic: str
    kind: Kind
    source: str
    decode: str
    words: dict[str, object]
    require: tuple[Condition, ...]
    each: Select | None
    where: tuple[Condition, ...]
    fields: tuple[Field, ...]
    dedupe: Dedupe | None
    availability: Presence | None
    birth: Presence | None
    accept_retained: bool
    live_retained: bool
    rate_limit: Rate | None


def word(value: Value | object) -> str:
    """A value as a key of YAML would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:256]
