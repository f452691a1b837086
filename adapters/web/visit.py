"""One request of one reader: who it is, in which language, and the page that answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapters.web.keys import Role
from adapters.web.translation import Language

SMALL: Final = 64 * 1024  # bytes, of a form


@dataclass(frozen=True, slots=True)
class Visit:
    """`token` must come back with every form of this reader (`csrf` field, `X-Lull-Token`, or `?csrf=`)."""

    request: Request
    role: Role
    language: Language
    token: str
    session: str

    @property
    def path(self) -> str:
        return self.request.url.path


Answer = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """Closed unless `need` says otherwise.

    max_body: bytes; what sends more is answered with 413. `token` False: only for what anybody may do.
    """

    path: str
    answer: Answer
    method: str = "GET"
    need: Role = Role.STAFF
    max_body: int = SMALL
    token: bool = True
