"""Templates, filled in the reader's language. Everything is escaped."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from adapters.web.keys import Role
from adapters.web.named import button, quantity
from adapters.web.translation import Language, languages
from adapters.web.visit import Visit

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


Links = Callable[[Language], Sequence[tuple[str, str]]]  # addresses and names of the pages for staff


class Templates:
    """`room` and `resident` stand at the head of every page. trusted: nobody signs in or out.

    one_room: the buttons of this room are offered before anybody signed in.
    """

    def __init__(
        self, room: str, resident: str, links: Links, *, trusted: bool, one_room: bool = True
    ) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            asset=asset,
            button=button,
            icon=icon,
            languages=languages,
            links=links,
            one_room=one_room,
            quantity=quantity,
            resident=resident,
            Role=Role,
            room=room,
            style=style,
            trusted=trusted,
        )
        self._environment.filters.update(minutes=_minutes, with_english=_with_english)

    def warm(self) -> None:
        """Compile every template now, so that the first reader does not wait for it."""
        for name in self._environment.list_templates(extensions=["html"]):
            self._environment.get_template(name)

    def page(self, visit: Visit, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self.text(visit.language, name, visit=visit, **values), status_code=status)

    def text(self, language: Language, name: str, **values: Any) -> str:
        template = self._environment.get_template(name)
        return template.render(_=language, language=language, ngettext=language.several, **values)


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with its content, so that it may be kept for ever."""
    digest = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{digest}/{name}"


@cache
def style() -> Markup:
    """Stands in every page: to fetch it apart would delay the first picture by a fifth."""
    return Markup((HERE / "templates" / "lull.css").read_text())


@cache
def style_source() -> str:
    """How a content security policy names it, and no other style."""
    digest = hashlib.sha256(style().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def icon(name: str) -> Markup:
    """A drawing of our own to stand beside a word."""
    return Markup((HERE / "templates" / "icons" / f"{name}.svg").read_text())


def _with_english(text: str, part: str) -> Markup:
    """Marks the part of a sentence that is English in every language, so that it is read out as such."""
    before, found, after = text.partition(part) if part else (text, "", "")
    return Markup('{}<span lang="en">{}</span>{}').format(before, found, after) if found else escape(text)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
