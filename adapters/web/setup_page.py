"""Setting up: five questions, the level at the ear, and every button and sensor tried."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.web.invitation import Invitation, invited, picture_of
from adapters.web.keys import Keys
from adapters.web.library import Library
from adapters.web.render import Templates
from adapters.web.setup import SetUp
from adapters.web.translation import Language
from adapters.web.visit import Page, Visit
from player.errors import LullError
from player.settings import Profile, Taste

KEYS: Final = ("birth_year", "languages", "loved", "never", "risk", "quiet_hours")
LONGEST: Final = 4_000  # characters of an answer


class SetUpPage:
    """keys: of the PIN, for more telephones; None where none is asked for."""

    def __init__(
        self, templates: Templates, setup: SetUp, library: Library | None = None, keys: Keys | None = None
    ) -> None:
        self._templates, self._setup, self._library, self._keys = templates, setup, library, keys

    def pages(self) -> list[Page]:
        return [
            Page("/setup", self.page),
            Page("/setup/devices", self.devices),
            Page("/setup", self.state, "POST"),
            Page("/setup/level", self.level, "POST"),
        ]

    async def page(self, visit: Visit) -> Response:
        saved = visit.request.query_params.get("saved") == "1"
        _ = visit.language
        said = _("Saved. It holds from now on.") if saved else ""
        missing = await self._missing() if saved else ()
        wrong = _level_words(visit.request.query_params.get("level", ""), _)
        return self._page(
            visit, answers_of(self._setup.profile()), said=said, missing=missing, level_wrong=wrong
        )

    async def _missing(self) -> Sequence[str]:
        """Names that nothing in the library bears, so that a slip in “never” is seen."""
        profile = self._setup.profile()
        named = [*profile.loved.artists, *profile.loved.tracks, *profile.never.artists, *profile.never.tracks]
        if self._library is None or not named:
            return ()
        try:
            return await self._library.missing(named)
        except LullError:
            return ()  # the list of the music says why

    async def level(self, visit: Visit) -> Response:
        """One step of the measurement at the ear."""
        form = await visit.request.form(max_files=0)
        check, dba = self._setup.level, str(form.get("dba", ""))[:LONGEST]
        why = ""
        try:
            match str(form.get("do", "")):
                case "begin":
                    why = await check.begin(dba)
                case "louder" | "quieter" as way:
                    why = await check.step(louder=way == "louder")
                case "save":
                    why = await check.finish(dba)
                case _:
                    await check.stop()
        except LullError:
            why = "failed"
        return RedirectResponse(f"/setup?level={why or 'done'}#level-title", 303)

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
        said = visit.language("Not saved yet: one answer cannot be used.")
        shown = {**answers_of(self._setup.profile()), **answers}
        return self._page(visit, shown, said=said, wrong=wrong, status=400)

    def _page(
        self,
        visit: Visit,
        answers: Mapping[str, str],
        *,
        said: str = "",
        missing: Sequence[str] = (),
        wrong: str = "",
        level_wrong: str = "",
        status: int = 200,
    ) -> Response:
        return self._templates.page(
            visit,
            "setup.html",
            status=status,
            answers=_for_people(answers, visit.language),
            wrong=wrong,
            said=said,
            missing=missing,
            devices=self._devices(visit.language),
            level=self._setup.level.view(),
            level_wrong=level_wrong,
            invitation=self._invitation(visit),
            picture_of=picture_of,
        )

    def _invitation(self, visit: Visit) -> Invitation | None:
        """To the address that this reader uses: others in the house reach it, too."""
        return invited(str(visit.request.base_url), self._keys) if self._keys is not None else None

    def _devices(self, language: Language) -> str:
        heard, rejected = self._setup.heard(), self._setup.rejected()
        return self._templates.text(language, "parts/devices.html", heard=heard, rejected=rejected)


def _level_words(why: str, _: Language) -> str:
    """Why a step was not taken; "" when it was."""
    return {
        "number": _("Please type a number between 15 and 110."),
        "too-loud": _(
            "This is too loud. The noise is quiet again: turn the amplifier down and go on in steps."
        ),
        "near-room": _("Too near to the room itself: make the noise louder, or the room quieter."),
        "impossible": _("This cannot be. Please look at the meter again."),
        "no-noise": _("The noise had ended. Please begin again."),
        "sound": _("No sound could be played. Please look at the loudspeaker."),
        "failed": _("This could not be saved. Please try again."),
    }.get(why, "")


def _for_people(answers: Mapping[str, str], _: Language) -> Mapping[str, str]:
    """Codes by their names: what people type is read back."""
    names = (str(_.locale.languages.get(code, code)) for code in answers["languages"].split(", "))
    hours = answers["quiet_hours"]
    return {**answers, "languages": ", ".join(names), "quiet_hours": _("none") if hours == "none" else hours}


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
    return "\n".join([*(f"artist: {artist}" for artist in taste.artists), *taste.tracks])
