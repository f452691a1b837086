"""The resident's screen: what is heard, its picture, at most one large button; nothing else to read."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.web.events import View
from adapters.web.house import Records
from adapters.web.keys import Role
from adapters.web.pages import answer
from adapters.web.presses import Presses, form_id, new_id
from adapters.web.render import Templates
from adapters.web.translation import Language
from adapters.web.view import Scene
from adapters.web.visit import Page, Visit
from player.model import Command, Verb

TRACK: Final = re.compile(r"^[0-9a-f]{32}$")
BUTTON: Final = Verb.PLAY_PAUSE  # the only one a resident has here
RESIDENT: Final = "resident"  # who presses (MQTT.md A)


class Bedside:
    def __init__(self, templates: Templates, scene: Scene, presses: Presses, records: Records) -> None:
        self._templates, self._scene, self._presses, self._records = templates, scene, presses, records
        self.view = View(self._regions)

    def pages(self) -> list[Page]:
        return [
            Page("/bedside", self.screen, need=Role.FAMILY),
            Page("/bedside/press", self.press, "POST", Role.BEDSIDE),
            Page("/cover/{track}", self.cover, need=Role.FAMILY),
        ]

    async def screen(self, visit: Visit) -> Response:
        """`?button`: with the large one."""
        return self._templates.page(
            visit,
            "bedside.html",
            regions=self.view.regions(visit.language, self._scene.version),
            now=self._scene.now(visit.language),
            button="button" in visit.request.query_params and visit.role >= Role.BEDSIDE,
            once=new_id,
        )

    def _regions(self, language: Language) -> Mapping[str, str]:
        now = self._scene.now(language)
        night = self._scene.night
        return {"bedside": self._templates.text(language, "parts/bedside.html", now=now, night=night)}

    async def press(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0)
        command = Command(verb=BUTTON, id=form_id(form.get("once")), by=RESIDENT)
        return answer(visit, "play", await self._presses.press(command), "/bedside?button")

    async def cover(self, visit: Visit) -> Response:
        track_id = visit.request.path_params["track"]
        if not TRACK.match(track_id):
            raise HTTPException(404)
        found = await asyncio.to_thread(self._records.cover, track_id)
        if found is None:
            raise HTTPException(404)
        return Response(
            found.data, media_type=found.media_type, headers={"cache-control": "private, max-age=86400"}
        )
