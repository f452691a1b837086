"""A profile is a mapping with gaps: what the user writes beside `profile:` fills and overrides it."""

from typing import Final

from adapters.mqtt.mapping.errors import MappingError, Place

GAPS: Final = ("topic", "root")  # {topic} as given, {root} its first level


def expand(profile: object, own: dict[str, object], place: Place) -> dict[str, object]:
    """The tree of a whole mapping. Groups are merged, everything else is replaced, empty removes.

    Raises `MappingError`.
    """
    if not isinstance(profile, dict):
        raise MappingError((*place, "profile"), "the profile holds no mapping")
    topic = own.get("topic")
    if not isinstance(topic, str):
        raise MappingError((*place, "topic"), "is missing: add it")
    gaps = {"topic": topic, "root": topic.partition("/")[0]}
    below = {key: value for key, value in profile.items() if key != "about"}
    filled = _filled(below, gaps)
    assert isinstance(filled, dict)
    extra = {key: value for key, value in own.items() if key != "profile"}
    merged = _merged(filled, extra)
    if "topic" in profile:  # made from the user's
        merged["topic"] = filled["topic"]
    return merged


def _filled(tree: object, gaps: dict[str, str]) -> object:
    if isinstance(tree, str):
        for name in GAPS:
            tree = tree.replace(f"{{{name}}}", gaps[name])
        return tree
    if isinstance(tree, dict):
        return {key: _filled(value, gaps) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_filled(value, gaps) for value in tree]
    return tree


def _merged(under: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(below, dict):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    return result
