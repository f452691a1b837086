"""Signing in: the staff PIN, the read-only link of the family, the language, and what needs neither."""

import asyncio
from typing import Final

from starlette.responses import RedirectResponse, Response

from adapters.web.door import LANGUAGE, Door
from adapters.web.keys import Keys, Role
from adapters.web.pages import answered
from adapters.web.patience import Patience
from adapters.web.presses import new_id
from adapters.web.render import Templates
from adapters.web.translation import languages
from adapters.web.visit import Page, Visit
from player.units import Seconds

YEAR_S: Final = 365 * 86_400


class SignIn:
    def __init__(self, templates: Templates, door: Door, keys: Keys) -> None:
        self._templates, self._door, self._keys = templates, door, keys
        self._patience, self._pin = Patience(), keys.pin

    def pages(self) -> list[Page]:
        return [
            Page("/enter", self.ask, need=Role.NOBODY),
            Page("/enter", self.enter, "POST", Role.NOBODY, token=False),
            Page("/leave", self.leave, "POST", Role.FAMILY),
            Page("/family/{link}", self.family, need=Role.NOBODY),
            Page("/language", self.language, "POST", Role.NOBODY, token=False),
        ]

    async def ask(self, visit: Visit) -> Response:
        if visit.role is Role.STAFF:
            return RedirectResponse("/", 303)
        return self._asked(visit)

    async def enter(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        wait = self.check(visit, str(form.get("pin", "")))
        if wait is not None:
            return self._asked(visit, status=429 if wait else 403, wait=wait, wrong=not wait)
        back = RedirectResponse("/", 303)
        self.admit(back)
        return back

    def check(self, visit: Visit, typed: str) -> Seconds | None:
        """None: it is the PIN. 0: it is not. Else how long until this address may try again."""
        pin = "".join(c for c in typed if c.isdigit())
        client = visit.request.client
        address = client.host if client else ""
        if self._pin != self._keys.pin:  # tries at the old one say nothing of this
            self._patience, self._pin = Patience(), self._keys.pin
        at = Seconds(asyncio.get_running_loop().time())
        wait = self._patience.wait(address, at)
        if wait > 0.0:
            return wait
        if not self._keys.fits(pin):
            self._patience.wrong(address, at)
            return Seconds(0.0)
        self._patience.right(address)
        return None

    def admit(self, answer: Response) -> str:
        """Opens a session of staff; returns the token for its forms."""
        return self._door.admit(answer, Role.STAFF)

    async def leave(self, visit: Visit) -> Response:
        del visit
        back = RedirectResponse("/enter", 303)
        self._door.forget(back)
        return back

    async def family(self, visit: Visit) -> Response:
        """A page that leads on by itself: a cookie set while one comes from elsewhere is not sent along."""
        if not self._keys.is_family(visit.request.path_params["link"]):
            return self._asked(visit, status=403)
        page = self._templates.page(visit, "family.html")
        if visit.role < Role.FAMILY:
            self._door.admit(page, Role.FAMILY)
        return page

    async def language(self, visit: Visit) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        back = str(form.get("back", "/"))
        answer = RedirectResponse(
            back if back in ("/", "/enter", "/bedside", "/music", "/setup") else "/", 303
        )
        chosen = str(form.get("lang", ""))
        if chosen in languages():
            answer.set_cookie(LANGUAGE, chosen, max_age=YEAR_S, samesite="strict", httponly=True)
        return answer

    def _asked(self, visit: Visit, *, status: int = 200, wait: float = 0.0, wrong: bool = False) -> Response:
        page = self._templates.page(
            visit,
            "enter.html",
            status=status,
            wrong=wrong,
            wait_minutes=int(wait // 60) + 1 if wait else 0,
            said=answered(visit),
            once=new_id,
        )
        if wait:
            page.headers["retry-after"] = str(int(wait) + 1)
        return page
