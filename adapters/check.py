"""`lull check`: tries every part in turn, and says of each what to do."""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from adapters.audio.probe import probe
from adapters.decode import vlc
from adapters.decode.trial import try_stream
from adapters.devices_file import load_devices, load_direct
from adapters.direct.trial import try_device
from adapters.library.demo import demo_parts
from adapters.library.find import find
from adapters.library.subsonic import SubsonicServer
from adapters.mqtt.broker import PrivateBroker
from adapters.mqtt.mapping.model import Compiled
from adapters.mqtt.topics import Topics
from adapters.mqtt.trial import try_rights
from adapters.page.check import try_page
from adapters.store.space import SPARE
from adapters.system.child import saving
from adapters.system.lock import DataLock
from player.errors import AlreadyRunningError, LibraryError, LullError, SettingsError, StoreError
from player.selection.selector import Selector
from player.settings import MqttSettings, Profile, Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. `ok` None: it works, but somebody should know."""

    part: str
    ok: bool | None
    text: str


def check_all(settings: Settings, profile: Profile, console: Console) -> bool:
    """Prints one line per part. True when nothing is broken."""
    healthy = True
    for finding in findings(settings, profile):
        mark = {True: "[green]ok[/]", False: "[red]broken[/]", None: "[yellow]note[/]"}[finding.ok]
        console.print(mark.ljust(20), f"[bold]{finding.part:<9}[/]", Text(finding.text), soft_wrap=True)
        healthy &= finding.ok is not False
    return healthy


def findings(settings: Settings, profile: Profile) -> Iterator[Finding]:
    yield _tried("settings", lambda: _policy(settings, profile))
    yield _tried("data", lambda: _data(settings))
    yield _tried("sound", lambda: _sound(settings))
    yield _calibration(settings)
    yield from _music(settings)
    for stream in settings.streams:
        yield _tried("station", partial(try_stream, stream.name, stream.url))
    for server in settings.library.servers:
        yield _tried("server", SubsonicServer(server).try_sign_in)
    if settings.devices:
        yield _tried("devices", lambda: _devices(settings))
    yield _tried("broker", lambda: asyncio.run(_broker(settings)))
    yield _page(settings)
    yield _vlc()


def _tried(part: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, attempt())
    except LullError as error:
        return Finding(part, False, str(error))


def _policy(settings: Settings, profile: Profile) -> str:
    Selector(settings.policy.name, profile)
    return f"resident {profile.id}, policy {settings.policy.name}"


def _data(settings: Settings) -> str:
    folder = Path(settings.data)
    used = ""
    try:
        with DataLock(folder):
            pass
    except AlreadyRunningError as error:
        used = f" in use by a running Lull (process {error.pid}),"
    space = os.statvfs(folder)
    free = space.f_bavail * space.f_frsize
    if free < SPARE:
        raise StoreError(
            f"{folder} has {free / 2**20:.1f} MiB free: free some space, or little of what happens is kept."
        )
    return f"{folder},{used} {free / 2**30:.1f} GiB free"


def _sound(settings: Settings) -> str:
    if settings.audio.device.startswith("wav:"):
        return f"everything is written to {settings.audio.device.removeprefix('wav:')}"
    return f"{probe(settings.audio.device, settings.audio.buffer_ms)} opens at 48 kHz stereo"


def _calibration(settings: Settings) -> Finding:
    if settings.audio.full_scale_dba is None:
        text = "not calibrated: only the limits in percent hold, not those in dB(A): lull calibrate"
        return Finding("level", None, text)
    return Finding(
        "level", True, f"digital full scale is {settings.audio.full_scale_dba:.0f} dB(A) at the ear"
    )


def _music(settings: Settings) -> Iterator[Finding]:
    if not settings.library.folders:
        yield _tried("music", demo_parts)
    for folder in settings.library.folders:
        yield _tried("music", partial(_folder, folder, settings.library.formats))


def _folder(folder: str, formats: Sequence[str]) -> str:
    refused: list[str] = []
    files = sum(1 for _ in find([folder], formats, lambda path, why: refused.append(f"{path}: {why}")))
    if refused:
        raise LibraryError("; ".join(refused))
    if not files:
        raise LibraryError(f"no {', '.join(formats)} file in {folder}: put music there, or connect the disk.")
    return f"{files} files in {folder}"


def _devices(settings: Settings) -> str:
    file = Path(settings.devices or "")
    mappings, own = load_devices(file), load_direct(file)
    for kind in own:
        try_device(kind)
    return f"{settings.devices}: {len(mappings)} mappings, {len(own)} devices on this board"


def _mappings(settings: Settings) -> Sequence[Compiled]:
    try:
        return load_devices(Path(settings.devices)) if settings.devices else ()
    except SettingsError:
        return ()  # said of the devices themselves


async def _broker(settings: Settings) -> str:
    topics = Topics(base=settings.mqtt.base, site=settings.site, player=settings.player)
    if settings.mqtt.url is not None:
        return f"{settings.mqtt.url}: {await try_rights(settings.mqtt, topics, _mappings(settings))}"
    async with PrivateBroker(Path(settings.data) / "broker-check", saving) as broker:
        mqtt = MqttSettings(url=broker.url, base=settings.mqtt.base)
        return f"a private one starts: {await try_rights(mqtt, topics)}"


def _page(settings: Settings) -> Finding:
    try:
        well, text = try_page(settings, datetime.now(UTC))
    except LullError as error:
        return Finding("page", False, str(error))
    return Finding("page", True if well else None, text)


def _vlc() -> Finding:
    try:
        vlc.load()
    except LullError as error:
        return Finding("libVLC", None, f"{error} Needed only for sources that FFmpeg cannot open.")
    return Finding("libVLC", True, "present")
