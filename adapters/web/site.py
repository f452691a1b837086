"""The whole site: pages behind the door, static files, and plain words for every error."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.web.api import Api, Operation, pages_of
from adapters.web.bedside import Bedside
from adapters.web.door import Door, language_of
from adapters.web.events import Events, View
from adapters.web.headers import Headers, Hosts
from adapters.web.house import House
from adapters.web.house_api import LibraryApi, SetUpApi
from adapters.web.hub import Hub
from adapters.web.keys import Keys, Role
from adapters.web.library import Library
from adapters.web.music_page import MusicPage
from adapters.web.openapi import describe
from adapters.web.pages import StaffPages
from adapters.web.pictures import Pictures
from adapters.web.presses import Presses
from adapters.web.render import STATIC, Templates, asset
from adapters.web.setup import SetUp
from adapters.web.setup_page import SetUpPage
from adapters.web.signin import SignIn
from adapters.web.translation import Language
from adapters.web.view import Scene
from adapters.web.visit import Page
from adapters.web.words import problem

FOR_EVER: Final = "public, max-age=31536000, immutable"
SIGN_IN: Final = ("pin-needed", "only-for-staff")
FILE: Final = re.compile(r"^[a-z0-9_-]+\.(css|js|svg|png)$")


def make_site(
    house: House,
    hub: Hub,
    keys: Keys,
    names: frozenset[str],
    *,
    trusted: bool,
    secure: bool,
    library: Library | None = None,
    setup: SetUp | None = None,
) -> tuple[Starlette, Pictures]:
    """trusted: everybody who can reach it is staff. `Pictures.watch` is to be run beside the site."""
    templates = Templates(house.place.room, house.place.resident, links, trusted=trusted)
    templates.warm()
    door = Door(keys, trusted=trusted, secure=secure)
    scene, presses = Scene(house, hub), Presses(house, hub)
    pictures = Pictures(house, hub)
    staff = StaffPages(templates, scene, presses, pictures)
    bedside = Bedside(templates, scene, presses, house.records)
    views: dict[str, tuple[Role, View]] = {
        "staff": (Role.STAFF, staff.view),
        "bedside": (Role.FAMILY, bedside.view),
    }
    signin = SignIn(templates, door, keys)
    operations = Api(house, hub, scene, presses, signin).operations()
    further: list[Page] = []
    if library is not None:
        music = MusicPage(templates, library, presses, hub)
        further += music.pages()
        operations += LibraryApi(library).operations()
        views["music"] = (Role.STAFF, View(music.regions))
    if setup is not None:
        further += SetUpPage(templates, setup, library, None if trusted else keys).pages()
        operations += SetUpApi(setup).operations()
    pages = [
        *further,
        *staff.pages(),
        *bedside.pages(),
        *signin.pages(),
        *pages_of(operations),
        *Events(house.place.boot, hub, views).pages(),
    ]
    return assembled(templates, door, names, pages, operations), pictures


def assembled(
    templates: Templates,
    door: Door,
    names: frozenset[str],
    pages: Sequence[Page],
    operations: Sequence[Operation] = (),
) -> Starlette:
    """Pages behind the door, with what every site has."""
    return Starlette(
        routes=[
            *routes(pages, door),
            Route("/static/{digest}/{name}", _static),
            *_plain(describe(operations)),
        ],
        middleware=[Middleware(Headers), Middleware(Hosts, names=names)],
        exception_handlers={HTTPException: _refused(templates)},
    )


def links(_: Language) -> list[tuple[str, str]]:
    """The pages between which staff go to and fro."""
    return [
        ("/", _("Music now")),
        ("/bedside", _("Bedside")),
        ("/music", _("Library")),
        ("/report", _("Report")),
        ("/setup", _("Set-up")),
    ]


def routes(pages: Sequence[Page], door: Door) -> list[Route]:
    return [Route(page.path, door.guard(page), methods=[page.method]) for page in pages]


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if not FILE.match(name) or not (STATIC / name).is_file():
        raise HTTPException(404)
    if asset(name) != request.url.path:  # a page from before an update: right, but not to be kept
        return FileResponse(STATIC / name, headers={"cache-control": "no-cache"})
    return FileResponse(STATIC / name, headers={"cache-control": FOR_EVER})


def _plain(openapi: dict[str, Any]) -> list[Route]:
    async def description(request: Request) -> Response:
        del request
        return JSONResponse(openapi)

    async def robots(request: Request) -> Response:
        del request
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    async def manifest(request: Request) -> Response:
        del request
        icons = [
            {"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}
        ]
        icons += [
            {"src": asset(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
            for size in (192, 512)
            if (STATIC / f"icon-{size}.png").is_file()
        ]
        return JSONResponse(
            {
                "name": "Lull",
                "short_name": "Lull",
                "start_url": "/",
                "display": "standalone",
                "background_color": "#f6f3ee",
                "theme_color": "#1d4f4a",
                "icons": icons,
            },
            media_type="application/manifest+json",
        )

    return [
        Route("/robots.txt", robots),
        Route("/manifest.webmanifest", manifest),
        Route("/api/openapi.json", description),
    ]


def _refused(templates: Templates) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        language = language_of(request)
        text = problem(error.status_code, error.detail, language)
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(
                {"ok": False, "reason": error.detail, "said": text}, error.status_code, headers=error.headers
            )
        body = templates.text(language, "problem.html", text=text, enter=error.detail in SIGN_IN)
        return Response(body, error.status_code, media_type="text/html")

    return handle
