"""The resident's screen: what is heard, and nothing else to read."""

from collections.abc import Mapping

from starlette.responses import Response

from adapters.web.presses import Presses, new_id
from adapters.web.render import Templates
from adapters.web.translation import Language
from adapters.web.view import Scene
from adapters.web.visit import Page, Role, Visit


class Bedside:
    def __init__(self, templates: Templates, scene: Scene, presses: Presses) -> None:
        self._templates, self._scene, self._presses = templates, scene, presses

    def pages(self) -> list[Page]:
        return [Page("/bedside", self.screen, need=Role.FAMILY)]

    async def screen(self, visit: Visit) -> Response:
        return self._templates.page(visit, "bedside.html", regions=self.regions(visit.language), once=new_id)

    def regions(self, language: Language) -> Mapping[str, str]:
        now = self._scene.now(language)
        return {"bedside": self._templates.text(language, "parts/bedside.html", now=now)}
