"""Bytes to a tree of plain values, by the mapping's `decode`."""

import math
import re
from typing import Final

from adapters.mqtt.codec import MAX_PAYLOAD, json_tree
from adapters.mqtt.values import ON_OFF, clean
from player.errors import PayloadError

LONGEST_TEXT: Final = 256  # characters of a bare value
PAIRS: Final = re.compile(r"<br\s*/?>|[\r\n;&,]")
NO_VALUE: Final = frozenset({"", "nan", "none", "null", "unavailable", "unknown"})
NOT_FINITE: Final = frozenset({"nan", "inf", "infinity"})
NUMBER: Final = re.compile(r"[-+]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][-+]?[0-9]{1,3})?")
MOST_PAIRS: Final = 512
SWITCH: Final = ON_OFF | {"1": 1.0, "0": 0.0}


def decoded(how: str, words: dict[str, object], topic: str, payload: bytes) -> object:
    """`words` is the table of `{map: …}`; None: the message says that there is no value.

    Raises `PayloadError`.
    """
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError(topic, "too-large")
    if how == "json":
        return json_tree(payload, topic) if payload.strip() else None
    if how == "kv":
        return _pairs(_utf8(payload, topic))
    text = text_of(payload, topic)
    match how:
        case "text":
            return text or None
        case "number":
            return None if text.lower() in NO_VALUE else number(text, topic)
        case "bool":
            return None if text.lower() in NO_VALUE else _switch(text, topic)
        case _:
            return words.get(text)


def text_of(payload: bytes, topic: str, limit: int = LONGEST_TEXT) -> str:
    """On one line, without control characters. Raises `PayloadError`."""
    return clean(_utf8(payload, topic), limit)


def number(value: object, topic: str) -> float:
    """A finite number, also one that is written as text. Raises `PayloadError`."""
    if isinstance(value, str):
        text = value.strip()
        if text.lower().lstrip("+-") in NOT_FINITE:
            raise PayloadError(topic, "not-finite")
        if not NUMBER.fullmatch(text):
            raise PayloadError(topic, "not-a-number")
        value = float(text)
    try:
        found = float(value) if isinstance(value, int | float) else None
    except OverflowError:
        raise PayloadError(topic, "not-finite") from None
    if found is None:
        raise PayloadError(topic, "not-a-number")
    if not math.isfinite(found):
        raise PayloadError(topic, "not-finite")
    return found


def _utf8(payload: bytes, topic: str) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise PayloadError(topic, "not-text") from None


def _switch(text: str, topic: str) -> bool:
    try:
        return bool(SWITCH[text.lower()])
    except KeyError:
        raise PayloadError(topic, "not-a-switch", "on, off, true, false, 1 or 0") from None


def _pairs(text: str) -> dict[str, object]:
    """`PRES=1<br>HR=60`: values stay text."""
    tree: dict[str, object] = {}
    for part in PAIRS.split(text)[:MOST_PAIRS]:
        key, sign, value = part.partition("=")
        if sign:
            tree.setdefault(clean(key, LONGEST_TEXT), clean(value, LONGEST_TEXT))
    return tree
