"""Times, limits and rates as people write them: `10s`, `>= 25`, `40/10s`."""

import operator
import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from adapters.mqtt.mapping.errors import MappingError, Place
from player.units import Seconds

UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
NUMBER: Final = r"(\d+(?:\.\d+)?)"
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class Limit(Struct, frozen=True):
    sign: str
    number: float

    def holds(self, value: float) -> bool:
        return COMPARE[self.sign](value, self.number)


class Rate(Struct, frozen=True):
    """So much in so many seconds."""

    amount: float
    span: Seconds


def duration(text: str, place: Place, *, longest: float) -> Seconds:
    """Raises `MappingError`; `longest` in seconds."""
    found = re.fullmatch(rf"{NUMBER} ?(ms|s|min|h)", text)
    if found is None:
        raise MappingError(place, f"{text!r} is no time: write it as 500ms, 10s or 2min")
    seconds = float(found[1]) * UNITS[found[2]]
    if seconds > longest:
        raise MappingError(place, f"must be at most {longest:g} s")
    return Seconds(seconds)


def limit(text: str, place: Place) -> Limit:
    found = re.fullmatch(r"(>=|>|<=|<) ?(-?\d+(?:\.\d+)?)", text)
    if found is None:
        raise MappingError(place, f'{text!r} is no limit: write it as ">= 25" in quotes')
    return Limit(found[1], float(found[2]))


def rate(text: str, place: Place) -> Rate:
    amount, _, span = text.partition("/")
    if not re.fullmatch(NUMBER, amount) or float(amount) <= 0 or not span:
        raise MappingError(place, f"{text!r} is no rate: write it as 40/10s")
    seconds = duration(span, place, longest=3600.0)
    if seconds <= 0:
        raise MappingError(place, "the time must be above zero")
    return Rate(float(amount), seconds)
