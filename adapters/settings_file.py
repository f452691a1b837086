"""Settings and residents' profiles from YAML files; every error names file, line and key."""

import difflib
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec
import yaml
from msgspec import inspect, structs

from player.errors import SettingsError
from player.settings import Profile, Settings

T = TypeVar("T", Settings, Profile)
Place = tuple[str | int, ...]  # keys and list positions from the top
Lines = dict[Place, int]  # 1-based

LONGEST: Final = 1_000_000  # bytes; settings are typed by hand
LONGEST_NUMBER: Final = 40  # digits
CORE: Final = "tag:yaml.org,2002:"
KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "empty",
    "array": "a list",
    "object": "a group of keys",
}
SLUG: Final = "must be 1 to 32 small letters, digits or hyphens"
PATTERNS: Final = {  # what a pattern of `player.settings` wants, by key
    "site": SLUG,
    "player": SLUG,
    "id": SLUG,
    "base": "must be 1 to 32 characters without “/”, “#” and “+”",
    "autostart": "must be resume or idle",
    "risk": "must be low, moderate or high",
    "presbycusis": "must be off, mild or moderate",
    "spoken_word": "must be exclude, allow or prefer",
    "quiet_hours": 'must be a span of the day such as "21:30-07:00", or null for none',
    "hold_until": 'must be a time of day such as "07:00", or null for never',
    "usual_peak": 'must be a time of day such as "16:00", or null when unknown',
}


def load_all(config: Path | None = None) -> tuple[Settings, Profile]:
    """Settings and the profile of their resident; without `config` from `default_config`."""
    settings = load_settings(config or default_config())
    return settings, load_profile(Path(settings.resident))


def default_config() -> Path:
    """The user's own settings if there are any, else the shipped ones."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    own = home / "lull" / "lull.yaml"
    return own if own.exists() else config_dir() / "lull.yaml"


def default_data() -> str:
    """Where data lies unless the settings say otherwise."""
    shared = os.environ.get("XDG_DATA_HOME")
    return os.path.join(shared, "lull") if shared else os.path.expanduser(Settings().data)


def config_dir() -> Path:
    """The shipped settings: inside the installed package, or in the checkout."""
    here = Path(__file__).parent
    packed = here / "config"
    return packed if packed.is_dir() else here.parent / "config"


def load_settings(path: Path) -> Settings:
    """Paths inside are absolute afterwards: `~` is the home, others are relative to the file.

    Raises `SettingsError`.
    """
    settings, lines = _load(path, Settings)
    policy = settings.policy
    if policy.agitation_off >= policy.agitation_on:
        key: Place = ("policy", "agitation_off" if ("policy", "agitation_off") in lines else "agitation_on")
        raise error_at(path, lines, key, "agitation_off must be smaller than agitation_on")
    base = Path(path).absolute().parent
    data = settings.data if ("data",) in lines else default_data()
    folders = tuple(_resolved(base, folder) for folder in settings.library.folders)
    return structs.replace(
        settings,
        resident=_resolved(base, settings.resident),
        library=structs.replace(settings.library, folders=folders),
        streams=tuple(
            stream if ":" in stream.url else structs.replace(stream, url=_resolved(base, stream.url))
            for stream in settings.streams
        ),
        data=_resolved(base, data),
        devices=settings.devices and _resolved(base, settings.devices),
        mqtt=structs.replace(
            settings.mqtt,
            credentials_file=settings.mqtt.credentials_file
            and _resolved(base, settings.mqtt.credentials_file),
        ),
        web=structs.replace(
            settings.web,
            certificate_file=settings.web.certificate_file and _resolved(base, settings.web.certificate_file),
            key_file=settings.web.key_file and _resolved(base, settings.web.key_file),
        ),
    )


def load_profile(path: Path) -> Profile:
    """Raises `SettingsError`."""
    if not Path(path).exists():  # never written, or removed by `lull resident forget`
        raise SettingsError("is no file yet: `lull resident add PSEUDONYM` writes one", file=str(path))
    profile, lines = _load(path, Profile)
    volume = profile.volume
    for key, value in (("start", volume.start), ("night_max", volume.night_max)):
        if value > volume.max:
            place: Place = ("volume", key if ("volume", key) in lines else "max")
            raise error_at(path, lines, place, f"{key} must not be above max ({volume.max:g})")
    return profile


def settings_schema() -> bytes:
    """JSON Schema of the settings, for editors: what `config/lull.schema.json` holds."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Settings)
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


# --- from YAML to plain data ----------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML 1.2 core schema: `no` and `on` are words, 16:00 is text, 1e3 is a number."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in the parent

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = cast(Any, self).peek_event().start_mark  # has no types
            raise yaml.composer.ComposerError(None, None, "aliases (*) are not used here", mark)
        return super().compose_node(parent, index)


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(CORE + _kind, re.compile(rf"^(?:{_pattern})$"), _first)


def _load(path: Path, kind: type[T]) -> tuple[T, Lines]:
    path = Path(path)
    lines: Lines = {(): 1}
    data = plain(path, parsed(path), (), lines)
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise SettingsError("must hold lines of `key: value`", file=str(path), line=1)
    _check_keys(path, lines, data, inspect.type_info(kind), ())
    try:
        return msgspec.convert(data, kind), lines
    except msgspec.ValidationError as error:
        raise _explained(path, lines, data, str(error)) from error


def parsed(path: Path) -> yaml.Node | None:
    try:
        raw = path.read_bytes()
        if len(raw) > LONGEST:
            raise SettingsError("is too long to be a settings file", file=str(path))
        text = raw.decode("utf-8-sig")
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror}): check the path", file=str(path)) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SettingsError("is not UTF-8 text: save it as UTF-8", file=str(path), line=line) from error
    except RecursionError as error:
        raise SettingsError("is nested too deeply", file=str(path)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise SettingsError(_yaml_problem(text, line, error.problem), file=str(path), line=line) from error
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text[:position].count("\n") + 1
        raise SettingsError("holds a character that is no text", file=str(path), line=line) from error
    return node


def _yaml_problem(text: str, line: int, problem: str | None) -> str:
    rows = text.splitlines()
    near = rows[max(0, line - 2) : line]
    if any("\t" in row[: len(row) - len(row.lstrip())] for row in near):
        return "begins with a tab: indent with spaces"
    return f"is not valid YAML ({problem}): check indentation, colons and quotes"


def plain(path: Path, node: yaml.Node | None, place: Place, lines: Lines) -> Any:
    """Dictionaries, lists and scalars; notes the line of every key and list item."""
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(path, node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for number, item in enumerate(node.value):
            lines[*place, number] = item.start_mark.line + 1
            items.append(plain(path, item, (*place, number), lines))
        return items
    if node is None:
        return None
    try:
        return _scalar(node.tag.removeprefix(CORE), node.value)
    except ValueError as error:
        raise error_at(path, lines, place, f"cannot be used: {error}") from error


def _scalar(kind: str, value: str) -> Any:
    """Raises `ValueError` with a sentence."""
    match kind:
        case "str":
            return value
        case "null":
            return None
        case "bool":
            return value.lower() == "true"
        case "int" | "float" if len(value) > LONGEST_NUMBER:
            raise ValueError("the number is too long")
        case "int":
            return int(value, 0 if value[:2] in ("0o", "0x") else 10)
        case "float" if math.isfinite(number := float(value)):
            return number
        case "float":
            raise ValueError("the number is too large")
        case _:
            raise ValueError(f"remove the type mark {kind}")


def _plain_mapping(path: Path, node: yaml.MappingNode, place: Place, lines: Lines) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise SettingsError("a key must be a single word", file=str(path), line=line)
        key = key_node.value
        if key in data:
            first = lines[*place, key]
            raise SettingsError(
                f"is given twice, first in line {first}: remove one",
                key=_dotted((*place, key)),
                file=str(path),
                line=line,
            )
        lines[*place, key] = line
        data[key] = plain(path, value_node, (*place, key), lines)
    return data


# --- from plain data to settings ------------------------------------------------------------------------


def _check_keys(path: Path, lines: Lines, data: Any, kind: inspect.Type, place: Place) -> None:
    """Refuses unknown keys; what is left empty gets its default where empty is no value of its own."""
    if isinstance(kind, inspect.StructType) and isinstance(data, dict):
        fields = {field.encode_name: field for field in kind.fields}
        for key in list(data):
            if key not in fields:
                raise error_at(path, lines, (*place, key), _unknown(key, list(fields), place, kind))
            wanted = fields[key].type
            if data[key] is None and not _allows_none(wanted):
                del data[key]
            else:
                _check_keys(path, lines, data[key], wanted, (*place, key))
    elif isinstance(kind, inspect.VarTupleType) and isinstance(data, list):
        for number, item in enumerate(data):
            _check_keys(path, lines, item, kind.item_type, (*place, number))


def _allows_none(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.UnionType) and kind.includes_none


def _unknown(key: str, known: list[str], place: Place, kind: inspect.StructType) -> str:
    close = difflib.get_close_matches(key, known, 1)
    if close:
        return f"unknown key {key!r}: did you mean {close[0]!r}?"
    if not place:
        below = {dotted.rpartition(".")[2]: dotted for dotted in _keys_below(kind)}
        close = difflib.get_close_matches(key, below, 1)
        if close:
            return f"unknown key {key!r}: did you mean {below[close[0]]!r}?"
    return f"unknown key {key!r}: known here are {', '.join(known)}"


def _keys_below(kind: inspect.StructType) -> Iterator[str]:
    for field in kind.fields:
        if isinstance(field.type, inspect.StructType):
            yield from (f"{field.encode_name}.{inner.encode_name}" for inner in field.type.fields)


def _explained(path: Path, lines: Lines, data: Any, message: str) -> SettingsError:
    """A validation message of msgspec in plain words, at its line."""
    what, _, where = message.partition(" - at ")
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", where.strip("`"))
    place: Place = tuple(int(number) if number else name for name, number in steps)
    value = data
    for step in place:
        value = value[step]
    if missing := re.match(r"Object missing required field `(\w+)`", what):
        return error_at(path, lines, (*place, missing[1]), "is missing: add it")
    if bound := re.match(r"Expected `\S+?` (>=|<=) (\S+)", what):
        limit = "at least" if bound[1] == ">=" else "at most"
        return error_at(path, lines, place, f"must be {limit} {float(bound[2]):g}, not {value}")
    if types := re.match(r"Expected `([^`]+)`, got `(\w+)`", what):
        wanted = " or ".join(KINDS.get(kind, kind) for kind in types[1].split(" | "))
        given = KINDS.get(types[2], types[2])
        quotes = ": put it in quotes" if "str" in types[1] and types[2] in ("int", "float", "bool") else ""
        return error_at(path, lines, place, f"must be {wanted}, not {given}{quotes}")
    name = next((step for step in reversed(place) if isinstance(step, str)), "")
    return error_at(path, lines, place, f"{PATTERNS.get(name, what)}, not {value!r}")


def error_at(path: Path, lines: Lines, place: Place, problem: str) -> SettingsError:
    known = next(place[:length] for length in range(len(place), -1, -1) if place[:length] in lines)
    return SettingsError(problem, key=_dotted(place), file=str(path), line=lines[known])


def _dotted(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def _resolved(base: Path, name: str) -> str:
    return os.path.abspath(base / Path(name).expanduser())
