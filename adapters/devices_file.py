"""`devices.yaml`: what other makers' devices mean. Checked as a whole; read again when it changes."""

import asyncio
import difflib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.direct.keeper import device
from adapters.direct.kinds import Direct
from adapters.direct.port import Device
from adapters.mqtt.mapping.compiler import compile_mapping
from adapters.mqtt.mapping.errors import MappingError, Place
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.mapping.profiles import expand
from adapters.mqtt.mapping.topics import overlap
from adapters.settings_file import Lines, config_dir, error_at, parsed, plain
from player.errors import DirectError, SettingsError
from player.settings import Settings
from player.units import Seconds

log = logging.getLogger(__name__)

MOST: Final = 64  # mappings of one player, and devices on its board
PARTS: Final = ("mappings", "direct")
LOOK: Final = Seconds(2.0)  # how often the file is looked at

Stamp = tuple[int, int] | None


def load_devices(path: Path, profiles: Path | None = None) -> tuple[Compiled, ...]:
    """All mappings of the file; `profiles` is the folder of the shipped ones. Raises `SettingsError`."""
    path = Path(path)
    lines: Lines = {(): 1}
    data = plain(path, parsed(path), (), lines)
    mappings = _list_of(path, lines, data)
    found: list[Compiled] = []
    for number, tree in enumerate(mappings):
        place: Place = ("mappings", number)
        try:
            whole = _expanded(tree, profiles or config_dir() / "devices", place)
            mapping = compile_mapping(whole, place)
            _check_apart(mapping, found, place)
        except MappingError as error:
            raise error_at(path, lines, error.place, error.problem) from error
        found.append(mapping)
    return tuple(found)


def load_profile_tree(name: str, folder: Path, place: Place) -> object:
    """The tree of one shipped profile. Raises `MappingError`."""
    known = sorted(str(file.relative_to(folder).with_suffix("")) for file in folder.glob("*/*.yaml"))
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        family = [other for other in known if other.partition("/")[0] == name.partition("/")[0]]
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(family or known)}"
        raise MappingError((*place, "profile"), f"unknown profile {name!r}: {hint}")
    file = folder / f"{name}.yaml"
    return plain(file, parsed(file), (), {(): 1})


def load_direct(path: Path) -> tuple[Direct, ...]:
    """What hangs on this board itself. Raises `SettingsError`."""
    path = Path(path)
    lines: Lines = {(): 1}
    found: list[Direct] = []
    for number, tree in enumerate(_list_of(path, lines, plain(path, parsed(path), (), lines), "direct")):
        place: Place = ("direct", number)
        try:
            kind = msgspec.convert(_with_type(tree), Direct)
            device(kind)
        except (msgspec.ValidationError, DirectError) as error:
            raise error_at(path, lines, place, str(error).replace("`$", "`")) from error
        found.append(kind)
    return tuple(found)


def direct_devices(settings: Settings) -> tuple[Device, ...]:
    """Those of the settings, ready to run. Raises `SettingsError`."""
    return tuple(map(device, load_direct(Path(settings.devices)))) if settings.devices else ()


def _with_type(tree: object) -> object:
    """`kind` in the file is the tag of the union."""
    if not isinstance(tree, dict) or "kind" not in tree:
        raise msgspec.ValidationError("needs a `kind`: ble_heart_rate, usb_buttons or gpio_button")
    return {("type" if key == "kind" else key): value for key, value in tree.items()}


def _list_of(path: Path, lines: Lines, data: Any, part: str = "mappings") -> list[Any]:
    if data is None:
        return []
    if not isinstance(data, dict):
        raise SettingsError("must begin with `mappings:` or `direct:`", file=str(path), line=1)
    for key in data:
        if key not in PARTS:
            close = difflib.get_close_matches(key, PARTS, 1)
            hint = f"did you mean {close[0]!r}?" if close else "only mappings and direct are known here"
            raise error_at(path, lines, (key,), f"unknown key {key!r}: {hint}")
    items = data.get(part) or []
    if not isinstance(items, list):
        raise error_at(path, lines, (part,), "must be a list: begin each one with `- `")
    if len(items) > MOST:
        raise error_at(path, lines, (part, MOST), f"more than {MOST}")
    return items


def _expanded(tree: Any, folder: Path, place: Place) -> Any:
    if not isinstance(tree, dict) or "profile" not in tree:
        return tree
    name = tree["profile"]
    if not isinstance(name, str):
        raise MappingError((*place, "profile"), "must be family/device")
    return expand(load_profile_tree(name, folder, place), tree, place)


def _check_apart(mapping: Compiled, others: list[Compiled], place: Place) -> None:
    for other in others:
        if other.id == mapping.id:
            raise MappingError((*place, "id"), f"{mapping.id!r} is used twice: give each mapping its own id")
        both = mapping.kind == "event" and other.kind == "event"
        if both and other.topic != mapping.topic and overlap(other.topic, mapping.topic):
            raise MappingError(
                (*place, "topic"), f"overlaps that of {other.id!r}: one press would come twice"
            )


class DevicesFile:
    """The file while Lull runs: a good change is used at once, a bad one is told and the last good stays.

    `trouble`: why the file as it is cannot be used, "" when it can.
    """

    def __init__(
        self,
        path: Path,
        use: Callable[[tuple[Compiled, ...]], None],
        tell: Callable[[str], None],
        profiles: Path | None = None,
    ) -> None:
        """`tell` gets one sentence for people."""
        self._path, self._use, self._tell, self._profiles = Path(path), use, tell, profiles
        self._seen, self._was_empty, self.trouble = self._stamp(), False, ""
        try:
            use(load_devices(self._path, profiles))
        except SettingsError as error:
            self.trouble = str(error)
            tell(f"{error} (No device is heard before; mend the file, it is read again by itself.)")

    async def watch(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> None:
        """Once."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        if stamp is not None and stamp[1] == 0 and not self._was_empty:
            self._was_empty = True  # an editor empties a file before it writes it: look once more
            return
        self._seen, self._was_empty = stamp, False
        try:
            mappings = await asyncio.to_thread(load_devices, self._path, self._profiles)
        except SettingsError as error:
            self.trouble = str(error)
            self._tell(f"{error} (The devices work on as before; mend the file, it is read again by itself.)")
        else:
            self.trouble = ""
            log.info("devices: %s: %d mappings, from now on these", self._path.name, len(mappings))
            self._use(mappings)

    def _stamp(self) -> Stamp:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
