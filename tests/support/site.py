"""The real site on a real port before a service that only writes down what it is asked; and a reader."""

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from adapters.web.headers import own_names
from adapters.web.house import Cover, House, Mark, Place, Point, Vitals
from adapters.web.hub import Hub
from adapters.web.keys import Keys
from adapters.web.listening import Listen
from adapters.web.server import serve
from adapters.web.site import make_site
from adapters.web.view import Scene
from player.model import Command, Feedback, TrackId
from player.session.messages import Reply
from player.units import Seconds
from tests.support.hand_library import HandLibrary
from tests.support.hand_setup import HandSetUp

T = TypeVar("T")
PATIENCE_S = 20.0


class Site:
    """`commands` and `feedback` are what the page asked for; every command is answered `answers` (ok).

    All that changes the hub goes through `do`, onto the server's event loop.
    """

    def __init__(self, folder: Path, *, trusted: bool = True, certificate: str | None = None) -> None:
        """certificate: path of a PEM file; its key lies beside it as .key. None: plain HTTP."""
        self.commands: list[Command] = []
        self.feedback: list[Feedback] = []
        self.vitals = Vitals(at=Seconds(1_800_000_000.0), pieces=9)
        self.points: list[Point] = []
        self.marks: list[Mark] = []
        self.covers: dict[TrackId, Cover] = {}
        self.answering = True
        self.reason = ""
        self.setup = HandSetUp()
        self.library = HandLibrary(folder / "brought")
        self.keys = Keys(folder / "page.json")
        self.port = 0
        self._trusted, self._certificate = trusted, certificate
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def do(self, act: Callable[[], T]) -> T:
        """On the event loop's thread."""

        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self.hub = Hub()
        place = Place(room="Room 7", resident="heron", boot="boot1")
        house = House(place, self._send, self._keep, lambda: self.vitals, self)
        self.scene = Scene(house, self.hub)
        site, self.pictures = make_site(
            house,
            self.hub,
            self.keys,
            own_names(),
            trusted=self._trusted,
            secure=self._certificate is not None,
            library=self.library,
            setup=self.setup,
        )
        key = str(Path(self._certificate).with_suffix(".key")) if self._certificate else None
        listen = Listen("127.0.0.1", 0, self._certificate, key)

        def started(address: str) -> None:
            self.port = int(address.rstrip("/").rpartition(":")[2])
            self._ready.set()

        self._serving = asyncio.ensure_future(serve(site, listen, self.hub.end, started))
        await self._serving

    # --- what is on disk ----------------------------------------------------------------------------------

    def past(self, since: Seconds) -> tuple[list[Point], list[Mark]]:
        return [p for p in self.points if p.at >= since], [m for m in self.marks if m.at >= since]

    def cover(self, track_id: TrackId) -> Cover | None:
        return self.covers.get(track_id)

    async def report(self, language: str) -> bytes:
        return f"<!DOCTYPE html><title>{language}</title>".encode()

    # --- what the page asks for ---------------------------------------------------------------------------

    def _send(self, command: Command) -> bool:
        self.commands.append(command)
        if self.answering:
            reply = Reply(id=command.id, ok=not self.reason, reason=self.reason)
            self._loop.call_soon(self.hub.publish, reply)
        return True

    async def _keep(self, feedback: Feedback) -> None:
        self.feedback.append(feedback)


@dataclass
class Got:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def data(self) -> dict[str, object]:
        answer = json.loads(self.text)
        assert isinstance(answer, dict)
        return answer

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found, self.text
        return found[1]


@dataclass
class Reader:
    """A browser without scripts: keeps cookies, follows nothing."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Accept": "text/html"})

    def get(self, path: str, **headers: str) -> Got:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Got:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return self.ask("POST", path, urlencode(form or {}).encode(), headers)

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Got:
        """`headers` with _ for -."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Got(answer.status, answer.headers, text)


@contextmanager
def site(folder: Path, *, trusted: bool = True, certificate: str | None = None) -> Iterator[Site]:
    """trusted: as on this machine only; False: as on a network, with a PIN. certificate: as of `Site`."""
    here = Site(folder, trusted=trusted, certificate=certificate)
    try:
        yield here
    finally:
        here.close()
