"""Music servers that speak the Subsonic API (Navidrome, Jellyfin with its plugin, Gonic, …).

Sign-in by token: MD5 of the password and a salt made anew for every request (API 1.13.0). Neither the
password nor a token enters the catalogue, the journal or the log: a track is `subsonic:SERVER/ID` there.
"""

import json
import secrets
from collections.abc import Iterator
from hashlib import blake2b, md5
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlencode
from urllib.request import Request, urlopen

from player.errors import LibraryError
from player.model import CatalogueEntry, Track
from player.settings import ServerSettings
from player.units import Seconds

SCHEME: Final = "subsonic:"
VERSION: Final = "1.13.0"
TIMEOUT: Final = Seconds(10.0)
LARGEST: Final = 16 << 20  # bytes of one answer
ALBUMS: Final = 500  # of one page; the API allows no more
PAGES: Final = 400  # 200,000 albums


class SubsonicServer:
    """One server. Every method may raise `LibraryError`; called on a thread."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._base = settings.url.rstrip("/") + "/rest/"

    def tracks(self) -> Iterator[CatalogueEntry]:
        """Every song, album by album."""
        for page in range(PAGES):
            where = {"type": "alphabeticalByName", "size": str(ALBUMS), "offset": str(page * ALBUMS)}
            albums = _list(self._ask("getAlbumList2", where).get("albumList2"), "album")
            for album in albums:
                songs = _list(self._ask("getAlbum", {"id": _text(album, "id")}).get("album"), "song")
                for song in songs:
                    if not song.get("isDir") and not song.get("isVideo") and song.get("id"):
                        yield CatalogueEntry(track=self._track(song))
            if len(albums) < ALBUMS:
                return

    def try_sign_in(self) -> str:
        """What `lull check` says of it."""
        self._ask("ping", {})
        return f"music server {self._settings.name} answers and takes our name and password"

    def stream_url(self, song: str) -> str:
        """Where the song is heard, with a token: to be opened, never to be kept."""
        return self._url("stream", {"id": song, "format": "raw"})

    def _track(self, song: dict[str, Any]) -> Track:
        uri = f"{SCHEME}{self._settings.name}/{quote(_text(song, 'id'), safe='')}"
        year, duration = song.get("year"), song.get("duration")
        return Track(
            id=blake2b(uri.encode(), digest_size=16).hexdigest(),
            uri=uri,
            title=_text(song, "title") or "?",
            artist=_text(song, "artist"),
            album=_text(song, "album"),
            year=year if isinstance(year, int) and 1000 <= year <= 3000 else None,
            duration=Seconds(float(duration) if isinstance(duration, int | float) else 0.0),
            approved=self._settings.approved,
        )

    def _ask(self, method: str, values: dict[str, str]) -> dict[str, Any]:
        name = self._settings.name
        try:
            request = Request(self._url(method, values), headers={"User-Agent": "Lull"})
            with urlopen(request, timeout=TIMEOUT) as answer:
                body = answer.read(LARGEST + 1)
        except HTTPError as error:
            raise LibraryError(
                f"music server {name}: it answers {error.code} to {method}: check its address."
            ) from None  # the cause names the token
        except (OSError, HTTPException, ValueError) as error:
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise LibraryError(
                f"music server {name}: cannot be reached ({why}): check its address."
            ) from None
        try:
            answered: Any = json.loads(body[:LARGEST])["subsonic-response"]
            status = answered["status"]
        except (ValueError, KeyError, TypeError):
            raise LibraryError(f"music server {name}: does not speak the Subsonic API.") from None
        if status != "ok":
            problem = (answered.get("error") or {}).get("message") or "no reason given"
            raise LibraryError(
                f"music server {name}: refuses {method} ({problem}): check {self._settings.credentials_file}."
            )
        return dict(answered)

    def _url(self, method: str, values: dict[str, str]) -> str:
        user, password = self._credentials()
        salt = secrets.token_hex(8)
        token = md5((password + salt).encode(), usedforsecurity=False).hexdigest()
        sign_in = {"u": user, "t": token, "s": salt, "v": VERSION, "c": "lull", "f": "json"}
        return f"{self._base}{method}.view?{urlencode({**values, **sign_in})}"

    def _credentials(self) -> tuple[str, str]:
        path = Path(self._settings.credentials_file).expanduser()
        try:
            lines = path.read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LibraryError(f"{path}: cannot be read ({error}): write user and password there.") from error
        if len(lines) < 2:
            raise LibraryError(f"{path}: the first line is the user, the second the password.")
        return lines[0], lines[1]


class Servers:
    """All that are configured."""

    def __init__(self, settings: tuple[ServerSettings, ...]) -> None:
        self._servers = {server.name: SubsonicServer(server) for server in settings}

    def __iter__(self) -> Iterator[tuple[str, SubsonicServer]]:
        return iter(self._servers.items())

    def __bool__(self) -> bool:
        return bool(self._servers)

    def resolved(self, uri: str) -> str:
        """`uri` as it can be opened just now. Raises `LibraryError`."""
        if not uri.startswith(SCHEME):
            return uri
        name, _, song = uri.removeprefix(SCHEME).partition("/")
        server = self._servers.get(name)
        if server is None:
            raise LibraryError(f"{uri}: there is no music server {name} in the settings.")
        return server.stream_url(unquote(song))


def _list(parent: Any, key: str) -> list[dict[str, Any]]:
    items = parent.get(key) if isinstance(parent, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return str(value) if isinstance(value, str | int) else ""
