"""An HTTP server that throttles, stalls, cuts and refuses, as it is told."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHUNK = 4096
POLL_S = 0.05


class Page:
    """`rate`: bytes a second, 0 as fast as it goes. `cut_after`: bytes of one answer. `live`: no length."""

    def __init__(self, body: bytes, kind: str = "application/octet-stream", **how: object) -> None:
        self.body, self.kind = body, kind
        self.rate = int(str(how.get("rate", 0)))
        self.cut_after = int(str(how.get("cut_after", 0)))
        self.ranges = bool(how.get("ranges", True))
        self.live = bool(how.get("live", False))
        self.redirect = str(how.get("redirect", ""))
        self.status = int(str(how.get("status", 200)))


class BadWeb:
    """`stalled`: connections stay and nothing comes. `refusing`: every new one is answered 503."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        """secure: it speaks HTTPS."""
        self.pages: dict[str, Page] = {}
        self.requests: list[tuple[str, str]] = []  # path, Range
        self.stalled, self.refusing, self.closing = threading.Event(), threading.Event(), threading.Event()
        self._cuts = 0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.answer(self)

            def log_message(self, *_: object) -> None:
                """The tests look at `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if secure else "http"
        if secure is not None:
            self._server.socket = secure.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/{path}"

    def folder(self, folder: Path) -> None:
        for file in folder.iterdir():
            self.pages[file.name] = Page(file.read_bytes())

    def cut(self) -> None:
        """Every connection there is ends; new ones are taken."""
        self._cuts += 1

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, asked = handler.path.lstrip("/").partition("?")[0], handler.headers.get("Range", "")
        self.requests.append((handler.path.lstrip("/"), asked))
        page = self.pages.get(path)
        if page is None or self.refusing.is_set():
            handler.send_error(404 if page is None else 503)
            return
        start = 0
        if asked and page.ranges:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
        handler.send_response(206 if start and not page.redirect else page.status)
        handler.send_header("Content-Type", page.kind)
        if page.redirect:
            handler.send_header("Location", page.redirect)
        if page.live:
            handler.send_header("icy-name", "Test")
        else:
            handler.send_header("Content-Length", str(len(page.body) - start))
            if page.ranges:
                handler.send_header("Accept-Ranges", "bytes")
                if start:
                    whole = len(page.body)
                    handler.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        handler.end_headers()
        try:
            self._send(handler, page, start)
        except OSError:
            return  # the listener has gone: what the test wanted

    def _send(self, handler: BaseHTTPRequestHandler, page: Page, start: int) -> None:
        sent, begun, cuts = 0, time.monotonic(), self._cuts
        while not self.closing.is_set() and cuts == self._cuts:
            if self.stalled.is_set():
                time.sleep(POLL_S)
                begun = time.monotonic() - (sent / page.rate if page.rate else 0.0)
                continue
            at = (start + sent) % len(page.body) if page.live else start + sent
            data = page.body[at : at + CHUNK]
            if not data or (page.cut_after and sent >= page.cut_after):
                return
            handler.wfile.write(data)
            sent += len(data)
            if page.rate and (ahead := sent / page.rate - (time.monotonic() - begun)) > 0:
                time.sleep(ahead)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def bad_web(secure: ssl.SSLContext | None = None) -> Iterator[BadWeb]:
    web = BadWeb(secure)
    try:
        yield web
    finally:
        web.close()
