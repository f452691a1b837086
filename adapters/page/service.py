"""The web page as a part of the service: where it is served, and what is looked at for it."""

import asyncio
from typing import TYPE_CHECKING, Final

from adapters.web.house import House
from adapters.web.hub import Hub
from adapters.web.keys import Keys, key_file
from adapters.web.library import Library
from adapters.web.listening import Listen
from adapters.web.new_pin import follow_pin
from adapters.web.setup import SetUp
from player.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from adapters.web.pictures import Pictures

LOOK_EVERY: Final = 0.5  # s, at the frames written and the other parts
REFRESH: Final = 10.0  # s, for what time alone changes: a question that is due, or over


class WebPage:
    """`hub` is to be told what the brain publishes; `state` tells people where the page is.

    Raises `LullError` for an address or a PIN file that cannot be used.
    """

    def __init__(self, settings: Settings, house: House, library: Library, setup: SetUp) -> None:
        self._names, self._house = settings.web.names, house
        self._library, self._setup = library, setup
        self._listen = Listen.of(settings.web)
        self._keys = Keys(key_file(settings)) if self._listen is not None else None
        self.hub = Hub()
        self.state = f"{self._listen.address()} (phones: `lull page`)" if self._listen else ""

    async def run(self) -> None:
        listen, keys = self._listen, self._keys
        if listen is None or keys is None:
            return
        site, pictures = await asyncio.to_thread(self._site, listen, keys)
        from adapters.web.server import serve  # loaded by now

        async with asyncio.TaskGroup() as group:
            group.create_task(self._look(), name="page-parts")
            group.create_task(follow_pin(keys, self.hub), name="page-pin")
            group.create_task(pictures.watch(), name="page-past")
            group.create_task(serve(site, listen, self.hub.end), name="page-server")

    def _site(self, listen: Listen, keys: Keys) -> "tuple[Starlette, Pictures]":
        """Loads half of all modules of the brain: beside the music, not before it."""
        import adapters.web.server  # noqa: F401
        from adapters.web.headers import own_names
        from adapters.web.site import make_site

        return make_site(
            self._house,
            self.hub,
            keys,
            own_names((*self._names, listen.host)),
            trusted=listen.loopback,
            secure=listen.secure,
            library=self._library,
            setup=self._setup,
        )

    async def _look(self) -> None:
        """What the session does not tell: frames written, and faults of other parts."""
        before: tuple[object, ...] = ()
        while True:
            now = self._house.vitals()
            self.hub.heard(now.progress, now.at)
            library = now.library if not now.pieces else self._library.scanning()
            shown = (
                now.at // REFRESH,
                now.night,
                now.broker,
                now.store,
                now.sensors,
                now.microphone,
                library,
            )
            if shown != before:
                before = shown
                self.hub.changed()
            await asyncio.sleep(LOOK_EVERY)
