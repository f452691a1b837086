"""The description of the JSON API, made from the operations and types that carry it out."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec

from adapters.web.api import Operation, Problem
from adapters.web.keys import Role

PLACE: Final = "#/components/schemas/{name}"
REFUSALS: Final = {
    "400": "Not understood.",
    "401": "The staff PIN is needed first.",
    "403": "Not allowed, or the token is missing.",
    "413": "Too large.",
    "415": "Not JSON.",
    "429": "Tried too often.",
}


def describe(operations: Sequence[Operation]) -> dict[str, Any]:
    types = [one.gives for one in operations] + [one.takes for one in operations if one.takes] + [Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=PLACE)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lull", "version": version("lull")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "lull"},
                "token": {"type": "apiKey", "in": "header", "name": "X-Lull-Token"},
            },
        },
    }


def _operation(one: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{one.method.lower()}{one.path.replace('/', '_')}",
        "summary": one.summary,
        "responses": {
            "200": _content("Done.", schemas[repr(one.gives)]),
            **{code: _content(text, schemas[repr(Problem)]) for code, text in REFUSALS.items()},
        },
        "security": [] if one.need is Role.NOBODY else [{"session": [], "token": []}],
    }
    if one.takes is not None:
        described["requestBody"] = {**_content("", schemas[repr(one.takes)]), "required": True}
        del described["requestBody"]["description"]
    if one.further:
        described["parameters"] = list(one.further)
    return described


def _content(description: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
