"""The staff page, and the presses on it."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from adapters.web.events import View
from adapters.web.keys import Role
from adapters.web.pictures import Pictures
from adapters.web.presses import Presses, form_id, new_id
from adapters.web.render import Templates
from adapters.web.translation import Language
from adapters.web.view import Scene
from adapters.web.visit import Page, Visit
from adapters.web.words import code, problem, said
from player.errors import LullError
from player.model import Command, Feedback, Verb
from player.session.messages import Reply

ANYBODY: Final = (Verb.STOP, Verb.QUIETER)  # only ever less sound: no PIN, no form token
BUTTONS: Final = (
    Verb.CALM,
    Verb.LIKE,
    Verb.DISLIKE,
    Verb.NEVER,
    Verb.ALLOW,
    Verb.LOUDER,
    Verb.PLAY,
    Verb.PAUSE,
    Verb.NEXT,
)
# The report is one file with its own styles, and no script.
REPORT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
RATINGS: Final = {"better": 1, "same": 0, "worse": -1}


class StaffPages:
    def __init__(self, templates: Templates, scene: Scene, presses: Presses, pictures: Pictures) -> None:
        self._templates, self._scene, self._presses, self._pictures = templates, scene, presses, pictures
        self.view = View(self._regions)

    def pages(self) -> list[Page]:
        return [
            Page("/", self.staff),
            *(Page(f"/press/{verb}", self.press, "POST") for verb in BUTTONS),
            *(Page(f"/press/{verb}", self.press, "POST", Role.NOBODY, token=False) for verb in ANYBODY),
            Page("/feedback", self.feedback, "POST"),
            Page("/report", self.report),
        ]

    async def staff(self, visit: Visit) -> Response:
        _ = visit.language
        await self._pictures.look()
        return self._templates.page(
            visit,
            "staff.html",
            regions=self.view.regions(_, self._scene.version),
            now=self._scene.now(_),
            question=self._scene.question(),
            undo=self._scene.undo(),
            said=answered(visit),
            once=new_id,
        )

    def _regions(self, language: Language) -> Mapping[str, str]:
        """What changes by itself on the staff page, by the id of its element."""
        scene, text = self._scene, self._templates.text
        question, undo = scene.question(), scene.undo()
        return {
            "banners": text(language, "parts/banners.html", banners=scene.banners(language)),
            "now": text(language, "parts/now.html", now=scene.now(language)),
            "undo": text(language, "parts/undo.html", undo=undo) if undo else "",
            "question": text(language, "parts/question.html", question=question) if question else "",
            "restless": text(language, "parts/restless.html", restless=scene.restless(language)),
            "picture": text(language, "parts/picture.html", picture=self._pictures.picture(language)),
            "level": text(language, "parts/level.html", level=scene.level()),
        }

    async def press(self, visit: Visit) -> Response:
        verb = Verb(visit.path.rpartition("/")[2])
        form = await visit.request.form(max_files=0)
        track = form.get("track")
        reply = await self._presses.press(
            Command(
                verb=verb,
                id=form_id(form.get("once")),
                track_id=track if isinstance(track, str) and track else None,
            )
        )
        if reply.ok and isinstance(track, str) and track:
            self._scene.judged(verb, track)
        return answer(visit, verb.value, reply, "/" if visit.role is Role.STAFF else "/enter")

    async def feedback(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0)
        rating = RATINGS.get(str(form.get("rating")))
        if rating is None:
            text = problem(400, "bad-value", visit.language)
            return self._templates.page(visit, "problem.html", status=400, text=text)
        reply = await self._presses.judge(Feedback(id=form_id(form.get("once")), rating=rating))
        if reply.ok:
            self._scene.answer(str(form.get("question", "")))
        return answer(visit, "feedback", reply, "/")

    async def report(self, visit: Visit) -> Response:
        try:
            html = await self._pictures.records.report(visit.language.code)
        except LullError as error:
            return self._templates.page(visit, "problem.html", status=503, text=str(error))
        return Response(html, headers={"content-security-policy": REPORT_POLICY}, media_type="text/html")


def answer(visit: Visit, what: str, reply: Reply, back: str) -> Response:
    """To a script as JSON; to a plain form by going back to the page, which says it."""
    if "application/json" in visit.request.headers.get("accept", ""):
        text = said(what, code(reply), visit.language)
        return JSONResponse({"ok": reply.ok, "reason": reply.reason, "said": text})
    return RedirectResponse(f"{back}?{what}={code(reply)}", 303)


def answered(visit: Visit) -> str:
    """What the press was answered that led back here; "" when none did."""
    for what, reason in visit.request.query_params.items():
        text = said(what, reason, visit.language)
        if text:
            return text
    return ""
