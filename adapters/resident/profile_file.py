"""A profile as a YAML file that people can read and change."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from adapters.settings_file import load_profile
from player.errors import SettingsError
from player.settings import Profile

HEAD: Final = (
    "# A resident, under a pseudonym: never write a name here. Every key: config/residents/demo.yaml\n\n"
)


def as_yaml(profile: Profile) -> str:
    """Only what differs from the defaults, and always the five answers."""
    default = msgspec.to_builtins(Profile(id=profile.id))
    told: dict[str, Any] = {}
    for key, value in msgspec.to_builtins(profile).items():
        if key in ("id", "birth_year", "languages", "loved", "never", "risk", "quiet_hours"):
            told[key] = _without_empty(value) if key in ("loved", "never") else value
        elif value != default[key]:
            told[key] = (
                {k: v for k, v in value.items() if v != default[key][k]} if isinstance(value, dict) else value
            )
    return HEAD + yaml.dump(told, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def _without_empty(taste: dict[str, Any]) -> dict[str, Any]:
    return {"artists": taste["artists"], "tracks": taste["tracks"]} | (
        {"words": taste["words"]} if taste["words"] else {}
    )


def write_profile(profile: Profile, path: Path, *, replace: bool = False) -> None:
    """Whole or not at all, mode 0600; the file is read again and must give the same profile.

    Raises `SettingsError`.
    """
    if path.exists() and not replace:
        raise SettingsError("is there already: change it by hand, or use --replace", file=str(path))
    written = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(as_yaml(profile))
            file.flush()
            os.fsync(file.fileno())
        if load_profile(written) != profile:
            raise SettingsError("would not be read as it was answered: use plainer words", file=str(path))
        written.replace(path)
    except OSError as error:
        raise SettingsError(
            f"cannot be written ({error.strerror}): name another file", file=str(path)
        ) from error
    finally:
        written.unlink(missing_ok=True)


class _Dumper(yaml.SafeDumper):
    """Every text in quotes: the loader knows other bare words than this writer."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _mapping(dumper: yaml.SafeDumper, values: dict[str, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=False)
    for key, _ in node.value:
        key.style = None
    return node


def _list(dumper: yaml.SafeDumper, values: Sequence[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(str, _quoted)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(tuple, _list)
