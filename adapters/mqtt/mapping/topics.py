"""Topic filters of a mapping: `+` is one level, `#` is never used."""

from collections.abc import Iterable
from typing import Final

from adapters.mqtt.mapping.errors import MappingError, Place

LONGEST: Final = 256


def check_filter(topic: str, place: Place) -> str:
    """Raises `MappingError`."""
    levels = topic.split("/")
    if "#" in topic:
        raise MappingError(place, "`#` is not allowed: name the topic, + stands for one level")
    if (
        not topic
        or len(topic) > LONGEST
        or not topic.isprintable()
        or any("+" in level and level != "+" for level in levels)
    ):
        raise MappingError(place, f"{topic!r} is no topic")
    if levels[0] in ("+", "") or topic.startswith("$"):
        raise MappingError(place, "must begin with a word: the whole broker is not read")
    if is_private(topic) or levels[-2:] == ["audio", "+"]:
        raise MappingError(place, "would read what people say: name the sounds that are needed")
    return topic


def is_private(topic: str) -> bool:
    """What people say, in writing."""
    return topic.endswith("/transcription")


def captures(topic_filter: str, topic: str) -> tuple[str, ...] | None:
    """What each + stands for; None when the topic does not match, or is nothing for us."""
    if is_private(topic):
        return None
    wanted, given = topic_filter.split("/"), topic.split("/")
    if len(wanted) != len(given):
        return None
    found = []
    for left, right in zip(wanted, given, strict=True):
        if left == "+":
            found.append(right)
        elif left != right:
            return None
    return tuple(found)


def overlap(one: str, other: str) -> bool:
    """Whether some topic matches both."""
    left, right = one.split("/"), other.split("/")
    return len(left) == len(right) and all(a == b or "+" in (a, b) for a, b in zip(left, right, strict=True))


def widest(filters: Iterable[str]) -> list[str]:
    """Without those that another covers: a broker delivers once for each, and one press would be two."""
    distinct = list(dict.fromkeys(filters))
    return [
        narrow
        for narrow in distinct
        if not any(wide != narrow and captures(wide, narrow) is not None for wide in distinct)
    ]
