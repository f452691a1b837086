"""Server-sent events: what changed on a page, rendered in the reader's language.

A stream begins with everything, so a phone that slept and a service that restarted are right again at once.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

from adapters.web.hub import Full, Hub
from adapters.web.keys import Role
from adapters.web.translation import Language
from adapters.web.visit import Page, Visit

BEAT: Final = 10.0  # s; the page calls the link lost after three of them
RETRY_MS: Final = 2_000

Regions = Callable[[Language], Mapping[str, str]]  # HTML by the id of the element that it fills


class View:
    """A page that keeps itself right. Regions are rendered once per language and change, for all streams."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._made: dict[str, tuple[int, Mapping[str, str]]] = {}

    def regions(self, language: Language, version: int) -> Mapping[str, str]:
        """As of this version of the hub."""
        known, made = self._made.get(language.code, (-1, {}))
        if known != version:
            made = self._regions(language)
            self._made[language.code] = (version, made)
        return made


class Events:
    def __init__(self, boot: str, hub: Hub, views: Mapping[str, tuple[Role, View]]) -> None:
        self._boot, self._hub, self._views = boot, hub, views

    def pages(self) -> list[Page]:
        return [Page("/events/{view}", self.stream, need=Role.FAMILY)]

    async def stream(self, visit: Visit) -> Response:
        need, view = self._views.get(visit.request.path_params["view"], (Role.STAFF, None))
        if view is None or visit.role < need:
            return Response(status_code=404)
        if self._hub.is_full:
            return Response("Too many pages are open.\n", 503, {"retry-after": "10"}, media_type="text/plain")
        return StreamingResponse(
            self._messages(visit.language, view),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _messages(self, language: Language, view: View) -> AsyncIterator[bytes]:
        try:
            with self._hub.watching() as watcher:
                yield f"retry: {RETRY_MS}\n\n".encode()
                sent: dict[str, str] = {}
                while not watcher.ended:
                    now = view.regions(language, self._hub.version)
                    changed = {name: html for name, html in now.items() if sent.get(name) != html}
                    if changed:
                        sent.update(changed)
                        yield self._message("now", changed)
                    yield self._message("time", self._time())
                    while not await watcher.wait(BEAT):
                        yield self._message("time", self._time())
        except Full:
            return

    def _time(self) -> dict[str, object]:
        return {"position": self._hub.position, "moving": self._hub.moving}

    def _message(self, name: str, data: object) -> bytes:
        body = msgspec.json.encode(data).decode()
        return f"event: {name}\nid: {self._boot}-{self._hub.version}\ndata: {body}\n\n".encode()
