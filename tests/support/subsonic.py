"""A small server that speaks the Subsonic API 1.13.0 as its public description says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "heron", "sesame"


class Subsonic:
    """`songs`: id → (album, title, artist, year, file)."""

    def __init__(self, songs: dict[str, tuple[str, str, str, int, Path]]) -> None:
        self.songs = songs
        self.requests: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                parts = urlsplit(self.path)
                asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
                method = parts.path.removeprefix("/rest/").removesuffix(".view")
                token = md5((PASSWORD + asked.get("s", "")).encode()).hexdigest()
                if asked.get("u") != USER or asked.get("t") != token:
                    error = {"code": 40, "message": "Wrong username or password"}
                    self._json({"status": "failed", "error": error})
                elif method == "stream":
                    body = server.songs[asked["id"]][4].read_bytes()
                    start = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
                    self.send_response(206 if start else 200)
                    self.send_header("Content-Length", str(len(body) - start))
                    self.send_header("Accept-Ranges", "bytes")
                    self.end_headers()
                    self.wfile.write(body[start:])
                else:
                    self._json({"status": "ok", **server.answer(method, asked)})

            def _json(self, answer: dict[str, Any]) -> None:
                body = json.dumps({"subsonic-response": {"version": "1.13.0", **answer}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The tests look at `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, method: str, asked: dict[str, str]) -> dict[str, Any]:
        albums = list(dict.fromkeys(song[0] for song in self.songs.values()))
        if method == "getAlbumList2":
            begin = int(asked["offset"])
            page = albums[begin : begin + int(asked["size"])]
            return {"albumList2": {"album": [{"id": f"al-{name}", "name": name} for name in page]}}
        if method == "getAlbum":
            songs = [
                {"id": i, "title": title, "artist": artist, "album": album, "year": year, "duration": 3}
                for i, (album, title, artist, year, _) in self.songs.items()
                if f"al-{album}" == asked["id"]
            ]
            return {"album": {"id": asked["id"], "song": songs}}
        return {}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def subsonic(songs: dict[str, tuple[str, str, str, int, Path]]) -> Iterator[Subsonic]:
    server = Subsonic(songs)
    try:
        yield server
    finally:
        server.close()
