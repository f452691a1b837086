"""Setting up: five questions, the level at the ear, and every button and sensor tried."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.web.render import Templates
from adapters.web.setup import SetUp
from adapters.web.translation import Language
from adapters.web.visit import Page, Visit
from player.errors import LullError
from player.settings import Profile, Taste

KEYS: Final = ("birth_year", "languages", "loved", "never", "risk", "quiet_hours")
LONGEST: Final = 4_000  # characters of an answer


class SetUpPage:
    def __init__(self, templates: Templates, setup: SetUp) -> None:
        self._templates, self._setup = templates, setup

    def pages(self) -> list[Page]:
        return [
            Page("/setup", self.page),
            Page("/setup/devices", self.devices),
            Page("/setup", self.state, "POST"),
        ]

    async def page(self, visit: Visit) -> Response:
        saved = visit.request.query_params.get("saved") == "1"
        _ = visit.language
        said = _("Saved. It holds from now on.") if saved else ""
        return self._page(visit, answers_of(self._setup.profile()), said=said)

    async def devices(self, visit: Visit) -> Response:
        """What arrived, for the script that asks again and again."""
        return HTMLResponse(self._devices(visit.language))

    async def state(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0)
        answers = {key: str(form[key])[:LONGEST] for key in KEYS if key in form}
        try:
            wrong = await self._setup.state(answers)
        except LullError:
            wrong = "answer"
        if not wrong:
            return RedirectResponse("/setup?saved=1", 303)
        return self._page(visit, {**answers_of(self._setup.profile()), **answers}, wrong=wrong, status=400)

    def _page(
        self, visit: Visit, answers: Mapping[str, str], *, said: str = "", wrong: str = "", status: int = 200
    ) -> Response:
        return self._templates.page(
            visit,
            "setup.html",
            status=status,
            answers=answers,
            wrong=wrong,
            said=said,
            devices=self._devices(visit.language),
            full_scale_dba=self._setup.full_scale_dba(),
        )

    def _devices(self, language: Language) -> str:
        heard, rejected = self._setup.heard(), self._setup.rejected()
        return self._templates.text(language, "parts/devices.html", heard=heard, rejected=rejected)


def answers_of(profile: Profile) -> dict[str, str]:
    """As people type them."""
    return {
        "birth_year": str(profile.birth_year or ""),
        "languages": ", ".join(profile.languages),
        "loved": named(profile.loved),
        "never": named(profile.never),
        "risk": profile.risk,
        "quiet_hours": profile.quiet_hours or "none",
    }


def named(taste: Taste) -> str:
    return "; ".join([*(f"artist: {artist}" for artist in taste.artists), *taste.tracks])
