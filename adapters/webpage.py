"""The web page as a part of the service: what it may see and do, and where it is served."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from adapters.brain import Brain
from adapters.inbox import Inbox
from adapters.web.headers import own_names
from adapters.web.house import House, Place, Vitals
from adapters.web.hub import Hub
from adapters.web.keys import Keys
from adapters.web.listening import Listen
from adapters.web.server import serve
from adapters.web.site import make_site
from player.session.messages import CommandArrived
from player.settings import Profile, Settings

HEARD_EVERY: Final = 0.5  # s, how often the frames written are looked at


def key_file(settings: Settings) -> Path:
    return Path(settings.data) / "page.json"


class WebPage:
    """Raises `LullError` for an address or a PIN file that cannot be used."""

    def __init__(
        self, settings: Settings, profile: Profile, brain: Brain, inbox: Inbox, vitals: Callable[[], Vitals]
    ) -> None:
        self._listen, self._settings = Listen.of(settings.web), settings
        self._vitals = vitals
        self._hub = Hub()
        if self._listen is None:
            return
        self._keys = Keys(key_file(settings))
        place = Place(room=settings.web.room or settings.player, resident=profile.id, boot=brain.boot)
        self._house = House(
            place=place,
            send=lambda command: inbox.put(CommandArrived(at=vitals().at, command=command)),
            keep=brain.keep_feedback,
            vitals=vitals,
        )
        brain.announce_to(self._hub)

    async def run(self) -> None:
        listen, web = self._listen, self._settings.web
        if listen is None:
            return
        site = await asyncio.to_thread(
            make_site,
            self._house,
            self._hub,
            self._keys,
            own_names((*web.names, listen.host)),
            trusted=listen.loopback,
            secure=listen.secure,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="page-time")
            group.create_task(serve(site, listen, self._hub.end), name="page-server")

    async def _watch(self) -> None:
        """Faults of the parts are no messages of the session: they are looked at."""
        before: tuple[object, ...] = ()
        while True:
            now = self._vitals()
            self._hub.heard(now.progress)
            shown = (now.broker, now.store, now.library if not now.pieces else "")
            if shown != before:
                before = shown
                self._hub.changed()
            await asyncio.sleep(HEARD_EVERY)
