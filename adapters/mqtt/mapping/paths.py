"""`select`: a dotted path, or JMESPath where a path is not enough."""

import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from msgspec import Struct

from adapters.mqtt.mapping.errors import MappingError, Place

LONGEST: Final = 256  # characters; a query of 3,000 parentheses ends the parser by recursion
DOTTED: Final = re.compile(r"[\w:$@+-]+(\.[\w:$@+-]+)*")


class Select(Protocol):
    def find(self, tree: object) -> object:
        """None when there is nothing."""
        ...


class Dotted(Struct, frozen=True):
    """Names of keys and numbers of list items, one after the other; () is everything."""

    steps: tuple[str, ...]

    def find(self, tree: object) -> object:
        for step in self.steps:
            if isinstance(tree, dict):
                tree = tree.get(step)
            elif isinstance(tree, list) and step.isascii() and step.isdigit() and int(step) < len(tree):
                tree = tree[int(step)]
            else:
                return None
        return tree


class Query(Struct, frozen=True):
    search: Callable[[object], object]

    def find(self, tree: object) -> object:
        try:
            return self.search(tree)
        except (ValueError, RecursionError, TypeError, ArithmeticError):  # a function that got another type
            return None


def select(text: str, place: Place) -> Select:
    """Raises `MappingError`."""
    if len(text) > LONGEST:
        raise MappingError(place, f"is longer than {LONGEST} characters")
    if text.startswith("$."):
        raise MappingError(place, f"begins as JSONPath: write {text[2:]!r}")
    if not text or DOTTED.fullmatch(text):
        return Dotted(tuple(text.split(".")) if text else ())
    import jmespath  # type: ignore[import-untyped]

    try:
        query = jmespath.compile(text)
    except RecursionError:
        raise MappingError(place, "is nested too deeply") from None
    except ValueError as error:  # every error of JMESPath
        problem = " ".join(str(error).split())[:200]
        raise MappingError(place, f"is neither a dotted path nor JMESPath: {problem}") from None
    if (name := _unknown_function(query.parsed)) is not None:
        raise MappingError(place, f"{name} is no function of JMESPath")
    return Query(query.search)


def _unknown_function(parsed: dict[str, Any]) -> str | None:
    from jmespath.functions import Functions  # type: ignore[import-untyped]

    waiting = [parsed]
    while waiting:
        node = waiting.pop()
        if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
            return str(node["value"])
        waiting.extend(child for child in node["children"] if isinstance(child, dict))
    return None
