"""Who may open which page: session, role, form token, origin and size are checked here, for every page."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive

from adapters.web.keys import SESSION_S, Keys, Role
from adapters.web.translation import Language, language_for
from adapters.web.visit import Page, Visit

COOKIE: Final = "lull"
LANGUAGE: Final = "lull_language"
FORM_FIELDS: Final = 100
READING: Final = ("GET", "HEAD")


class Door:
    """`trusted`: everybody who reaches this server is staff (loopback). `secure`: HTTPS.

    cookie: its name; two servers on one machine share their cookies, whatever their ports.
    """

    def __init__(self, keys: Keys, *, trusted: bool, secure: bool, cookie: str = COOKIE) -> None:
        self._keys, self._trusted, self._secure, self._cookie = keys, trusted, secure, cookie

    def guard(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request = Request(request.scope, _limited(request.receive, page.max_body))
            _check_size(request, page.max_body)
            visit, fresh = self._visit(request)
            if page.method not in READING:
                _check_origin(request)
            if visit.role < page.need:
                return self._refuse(visit, page)
            if page.method not in READING and page.token:
                await self._check_token(visit)
            answer = await page.answer(visit)
            if fresh:
                self.set_cookie(answer, fresh)
            return answer

        return endpoint

    def admit(self, answer: Response, role: Role) -> str:
        """Opens a session; returns the token for its forms."""
        cookie = self._keys.open_session(role)
        self.set_cookie(answer, cookie)
        session = self._keys.session(cookie)
        assert session is not None
        return self._keys.token(session[0])

    def set_cookie(self, answer: Response, cookie: str) -> None:
        answer.set_cookie(
            self._cookie, cookie, max_age=SESSION_S, httponly=True, samesite="strict", secure=self._secure
        )

    def forget(self, answer: Response) -> None:
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._secure)

    def _visit(self, request: Request) -> tuple[Visit, str]:
        """And the cookie that a first visit gets, "" for none."""
        cookie, fresh = request.cookies.get(self._cookie, ""), ""
        known = self._keys.session(cookie) if cookie else None
        if known is None and self._trusted:
            fresh = self._keys.open_session(Role.STAFF)
            known = self._keys.session(fresh)
        session, role = known or (secrets.token_urlsafe(8), Role.NOBODY)
        if self._trusted:
            role = Role.STAFF
        return Visit(request, role, language_of(request), self._keys.token(session), session), fresh

    def _refuse(self, visit: Visit, page: Page) -> Response:
        if visit.role is Role.NOBODY and page.method in READING and _wants_page(visit.request):
            return RedirectResponse("/enter", 303)
        if page.path == "/" and page.method in READING and _wants_page(visit.request):
            return RedirectResponse("/bedside", 303)  # the page of those who only look
        if visit.role is Role.NOBODY:
            raise HTTPException(401, "pin-needed")
        raise HTTPException(403, "only-for-staff")

    async def _check_token(self, visit: Visit) -> None:
        request = visit.request
        token = request.headers.get("x-lull-token") or request.query_params.get("csrf")
        if token is None and "form" in request.headers.get("content-type", ""):
            form = await request.form(max_files=0, max_fields=FORM_FIELDS)
            sent = form.get("csrf")
            token = sent if isinstance(sent, str) else None
        if token is None or not secrets.compare_digest(token.encode(), visit.token.encode()):
            raise HTTPException(403, "form-too-old")


def language_of(request: Request) -> Language:
    """Of the address, else chosen before, else what the browser asks for."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    return language_for(chosen, request.headers.get("accept-language", ""))


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _check_origin(request: Request) -> None:
    """Browsers say where a request comes from; other programs say nothing, and have the token."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        raise HTTPException(403, "from-elsewhere")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise HTTPException(403, "from-elsewhere")


def _check_size(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isdigit():
        raise HTTPException(400, "bad-length")
    if int(length) > limit:
        raise HTTPException(413, "too-large")


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts what comes without a `Content-Length`, too."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, "too-large")
        return message

    return counted
