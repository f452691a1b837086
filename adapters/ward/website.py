"""`lull ward --web`: the ward's own site, with the same door as every player's page."""

import asyncio
import secrets
import time
from pathlib import Path
from typing import Final

import msgspec

from adapters.ward.follow import WardLink
from adapters.ward.page import WardPage
from adapters.ward.rooms import Ward
from adapters.web.door import Door
from adapters.web.events import Events, View
from adapters.web.headers import own_names
from adapters.web.hub import Hub
from adapters.web.invitation import code_of, for_phone
from adapters.web.keys import Keys, Role
from adapters.web.listening import Listen
from adapters.web.new_pin import follow_pin
from adapters.web.render import Templates
from adapters.web.server import serve
from adapters.web.signin import SignIn
from adapters.web.site import assembled
from adapters.web.translation import Language
from player.errors import SettingsError
from player.settings import Settings
from player.units import Seconds

COOKIE: Final = "lull_ward"
KEYS: Final = "ward-page.json"  # a PIN of its own: who may see one room may not see all


def new_ward_pin(settings: Settings) -> str:
    """Also for a page that runs: who is signed in there is signed out. Raises `LullError`."""
    keys = Keys(_key_file(settings))
    keys.change_pin()
    return keys.pin


def show_ward(settings: Settings, listen: str, *, share: str = "") -> None:
    """Until interrupted. Raises `SettingsError`, and `LullError` for a PIN file that cannot be used."""
    web = msgspec.structs.replace(settings.web, listen=listen)
    where = Listen.of(web)
    if where is None:
        raise SettingsError("must name an address and a port, such as 127.0.0.1:8090", key="--listen")
    asyncio.run(WardSite(settings, where, Keys(_key_file(settings)), share=share).run())


def _key_file(settings: Settings) -> Path:
    return Path(settings.data) / KEYS


class WardSite:
    def __init__(self, settings: Settings, listen: Listen, keys: Keys, *, share: str = "") -> None:
        """Raises `SettingsError`."""
        ward = Ward(settings.mqtt.base, settings.site)
        self.link = WardLink(settings.mqtt, ward, lambda: Seconds(time.monotonic()), share=share)
        self._listen, self._hub = listen, Hub()
        templates = Templates(settings.site, "", links, trusted=listen.loopback, one_room=False)
        templates.warm()
        door = Door(keys, trusted=listen.loopback, secure=listen.secure, cookie=COOKIE)
        self._page = WardPage(templates, ward, self.link, self._hub)
        views = {"ward": (Role.STAFF, View(self._page.regions))}
        pages = [
            *self._page.pages(),
            *SignIn(templates, door, keys).pages(),
            *Events(secrets.token_hex(8), self._hub, views).pages(),
        ]
        self._site = assembled(templates, door, own_names((*settings.web.names, listen.host)), pages)
        self._keys = keys

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name="ward")
            group.create_task(self._page.watch(), name="ward-page")
            group.create_task(follow_pin(self._keys, self._hub), name="ward-pin")
            group.create_task(serve(self._site, self._listen, self._hub.end, self._say), name="ward-server")

    def _say(self, address: str) -> None:
        print(announced(address, "" if self._listen.loopback else self._keys.pin), flush=True)


def announced(address: str, pin: str) -> str:
    """pin: "" where none is asked for."""
    rooms = f"All rooms: {address}ward"
    if not pin:
        return rooms
    return (
        f"{code_of(for_phone(address, pin))}\n{rooms}  (scan this with a phone, once, or type the PIN {pin})"
    )


def links(_: Language) -> list[tuple[str, str]]:
    return [("/ward", _("All rooms"))]
