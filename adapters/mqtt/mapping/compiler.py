"""From the keys of a mapping to one that runs; whatever cannot work is an error here, not at night."""

import re
from typing import Final, cast

from adapters.mqtt.mapping import shape
from adapters.mqtt.mapping.errors import MappingError, Place
from adapters.mqtt.mapping.model import (
    Action,
    Compiled,
    Condition,
    Dedupe,
    Field,
    Presence,
    Ramp,
    Signal,
    Threshold,
    word,
)
from adapters.mqtt.mapping.paths import select
from adapters.mqtt.mapping.quantities import Rate, duration, limit, rate
from adapters.mqtt.mapping.topics import check_filter
from adapters.mqtt.values import FADING, ON_OFF, SCALES, quantity
from player.model import Command, Quantity, Verb
from player.units import Seconds

LONGEST_RAMP: Final = 10.0  # s; a stop that got lost must not become loud music
RAMPED: Final = frozenset({Verb.LOUDER, Verb.QUIETER})
BOUNCE: Final = 2.0  # s; two presses further apart are two presses
DEFAULT_WINDOW: Final = "10s"
POSTURES: Final = {  # codes of Quantity.POSTURE
    "away": 0.0,
    "in_bed": 1.0,
    "sitting": 2.0,
    "standing": 3.0,
    "low": 4.0,
    "fall": 5.0,
}
NUMBERS: Final = {Verb.VOLUME: 100.0, Verb.RATE: 4.0}  # highest value


def compile_mapping(tree: object, place: Place = ()) -> Compiled:
    """Raises `MappingError`."""
    raw = shape.shaped(tree, place)
    topic = check_filter(raw.topic, (*place, "topic"))
    if raw.kind == "event" and raw.retained is not None and raw.retained.accept:
        raise MappingError((*place, "retained", "accept"), "an old event must never act: remove it")
    how = "map" if isinstance(raw.decode, dict) else raw.decode
    table = cast("dict[str, object]", raw.decode.get("map", {}) if isinstance(raw.decode, dict) else {})
    stored = raw.retained
    return Compiled(
        id=raw.id or _slug(topic),
        topic=topic,
        kind=raw.kind,
        source=_source(raw, topic, place),
        decode=how,
        words=table,
        require=_conditions(raw.require, (*place, "require")),
        each=select(raw.each, (*place, "each")) if raw.each is not None else None,
        where=_conditions(raw.where, (*place, "where")),
        fields=_fields(raw, place),
        dedupe=_dedupe(raw.dedupe, (*place, "dedupe")),
        availability=_availability(raw.availability, (*place, "availability")),
        birth=_birth(raw.ignore_after_birth, (*place, "ignore_after_birth")),
        accept_retained=stored is not None and stored.accept,
        live_retained=raw.kind != "event" or (stored is not None and stored.live),
        rate_limit=_rate_limit(raw.rate_limit, (*place, "rate_limit")),
    )


def _rate_limit(text: str | None, place: Place) -> Rate | None:
    if text is None:
        return None
    found = rate(text, place)
    if found.amount < 1.0:
        raise MappingError(place, f"{text!r} lets nothing through: write 1/ and a longer time")
    return found


def _slug(topic: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-")[:48] or "device"


def _source(raw: shape.Mapping, topic: str, place: Place) -> str:
    plus = topic.split("/").count("+")
    for number in re.findall(r"\{(.*?)\}", raw.source):
        if not re.fullmatch("[1-9][0-9]?", number) or int(number) > plus:
            raise MappingError((*place, "source"), f"{{{number[:32]}}} is no + of the topic")
    return raw.source or raw.id or _slug(topic)


def _conditions(words: shape.Conditions, place: Place) -> tuple[Condition, ...]:
    return tuple(
        Condition(select(path, (*place, path)), path, tuple(word(value) for value in _listed(wanted)))
        for path, wanted in words.items()
    )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, tuple) else [value]


def _fields(raw: shape.Mapping, place: Place) -> tuple[Field, ...]:
    own = raw.signal is not None or bool(raw.on)
    if own and raw.fields:
        raise MappingError((*place, "fields"), "stands beside `signal` or `on`: keep one of them")
    if not own and not raw.fields:
        raise MappingError(place, "does nothing: add `signal`, `on` or `fields`")
    if raw.select and raw.fields:
        raise MappingError((*place, "select"), "belongs into each of the fields")
    if own:
        return (_field(shape.Field(raw.select, {}, raw.signal, raw.on), raw, place),)
    return tuple(_field(field, raw, (*place, "fields", number)) for number, field in enumerate(raw.fields))


def _field(field: shape.Field, raw: shape.Mapping, place: Place) -> Field:
    if field.signal is None and not field.on:
        raise MappingError(place, "does nothing: add `signal` or `on`")
    if field.signal is not None and field.on:
        raise MappingError((*place, "on"), "stands beside `signal`: use `fields` for both")
    if field.on and raw.kind != "event":
        raise MappingError((*place, "on"), "commands need `kind: event`, so that nothing old acts")
    return Field(
        select=select(field.select, (*place, "select")),
        path=field.select or "the whole message",
        require=_conditions(field.require, (*place, "require")),
        signal=_signal(field.signal, (*place, "signal")) if field.signal is not None else None,
        on={value: _action(action, raw.by, (*place, "on", value)) for value, action in field.on.items()},
    )


def _action(raw: shape.Action, by: str, place: Place) -> Action:
    verb = raw.command
    if verb in NUMBERS:
        if raw.value is None or not 0 <= raw.value <= NUMBERS[verb]:
            raise MappingError((*place, "value"), f"{verb} needs a value from 0 to {NUMBERS[verb]:g}")
    elif raw.value is not None:
        raise MappingError((*place, "value"), f"{verb} takes no value")
    if (raw.mode is not None) != (verb is Verb.MODE):
        raise MappingError((*place, "mode"), "belongs to `command: mode`, and only to it")
    ramp = None
    if raw.ramp is not None:
        if verb not in RAMPED:
            raise MappingError((*place, "ramp"), "is for louder and quieter")
        until = raw.ramp.until
        longest = duration(raw.ramp.max, (*place, "ramp", "max"), longest=LONGEST_RAMP)
        ramp = Ramp(frozenset((until,) if isinstance(until, str) else until), longest)
    return Action(Command(verb=verb, by=by, value=raw.value, mode=raw.mode), ramp)


def _signal(raw: shape.Signal, place: Place) -> Signal:
    kind = quantity(raw.name)
    if kind is None:
        names = [str(name) for name in Quantity]
        raise MappingError((*place, "name"), shape.unknown(raw.name, names).replace("key", "signal"))
    known = SCALES[kind].units
    converts = raw.multiply != 1.0 or raw.offset or raw.scale or raw.map or raw.threshold
    if raw.unit and raw.unit not in known and not converts:
        raise MappingError((*place, "unit"), f"{kind} is in {' or '.join(known) or 'no unit'}: convert it")
    if raw.range is not None and raw.range[0] >= raw.range[1]:
        raise MappingError((*place, "range"), "must be [low, high]")
    if raw.scale is not None and raw.scale.from_[0] == raw.scale.from_[1]:
        raise MappingError((*place, "scale", "from"), "must be two different numbers")
    if raw.hold is not None and not SCALES[kind].switch:
        raise MappingError((*place, "hold"), f"is for what is on or off, not for {kind}")
    if raw.stale_after is not None and kind not in FADING:
        raise MappingError((*place, "stale_after"), f"is not for {kind}: it stands until another comes")

    def time(text: str | None, key: str) -> Seconds | None:
        return None if text is None else duration(text, (*place, key), longest=86_400.0)

    return Signal(
        quantity=kind,
        unit=raw.unit,
        drop=frozenset(word(value) for value in raw.drop),
        words={key: _number(kind, value, (*place, "map", key)) for key, value in raw.map.items()},
        zero_is_missing=raw.zero_is_missing,
        range=raw.range,
        multiply=raw.multiply,
        offset=raw.offset,
        scale=raw.scale,
        max_step=rate(raw.max_step, (*place, "max_step")) if raw.max_step is not None else None,
        threshold=_threshold(raw.threshold, (*place, "threshold")) if raw.threshold is not None else None,
        hold=time(raw.hold, "hold"),
        stale_after=time(raw.stale_after, "stale_after"),
        ignore_while_playing=raw.while_playing == "ignore",
    )


def _number(kind: Quantity, value: object, place: Place) -> float:
    if isinstance(value, str):
        table = POSTURES if kind is Quantity.POSTURE else ON_OFF
        if value.lower() not in table:
            raise MappingError(place, f"{value!r} is not one of {', '.join(table)}")
        return table[value.lower()]
    if value is None:
        raise MappingError(place, "needs a value")
    return float(cast(float, value))


def _threshold(raw: shape.Threshold, place: Place) -> Threshold:
    on, off = limit(raw.on, (*place, "on")), limit(raw.off, (*place, "off"))
    if on.sign[0] == off.sign[0]:
        raise MappingError((*place, "off"), "must look the other way than `on`")
    if (on.number < off.number) if on.sign[0] == ">" else (on.number > off.number):
        raise MappingError((*place, "off"), "overlaps `on`: leave a gap between them")
    return Threshold(on, off, duration(raw.for_, (*place, "for"), longest=3600.0))


def _dedupe(raw: shape.Dedupe | None, place: Place) -> Dedupe | None:
    if raw is None:
        return None
    if raw.counter is not None and raw.key:
        raise MappingError((*place, "key"), "stands beside `counter`: keep one of them")
    if raw.counter is not None and raw.window is not None:
        raise MappingError((*place, "window"), "means nothing beside `counter`: remove it")
    named = raw.counter is not None or bool(raw.key)
    if not named and raw.window is None:
        raise MappingError(place, "needs `counter`, `key` or `window`")
    window = duration(raw.window or DEFAULT_WINDOW, (*place, "window"), longest=600.0 if named else BOUNCE)
    return Dedupe(
        counter=select(raw.counter, (*place, "counter")) if raw.counter is not None else None,
        key=tuple(select(path, (*place, "key", number)) for number, path in enumerate(raw.key)),
        window=window,
    )


def _availability(raw: shape.Availability | None, place: Place) -> Presence | None:
    if raw is None:
        return None
    return Presence(
        topic=check_filter(raw.topic, (*place, "topic")),
        select=select(raw.select, (*place, "select")),
        up=frozenset(text.lower() for text in raw.up),
    )


def _birth(raw: shape.AfterBirth | None, place: Place) -> Presence | None:
    if raw is None:
        return None
    return Presence(
        topic=check_filter(raw.topic, (*place, "topic")),
        select=select(raw.select, (*place, "select")),
        up=frozenset(text.lower() for text in raw.up),
        span=duration(raw.for_, (*place, "for"), longest=600.0),
    )
