"""Playlists: m3u, pls, xspf, asx, podcast feeds. Pure: bytes in, entries out."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit
from xml.parsers import expat

from msgspec import Struct

from adapters.decode.icy import text as decoded

LARGEST: Final = 1 << 20  # bytes of a playlist
MOST: Final = 500  # entries read of one
LONGEST: Final = 4096  # characters of one address
HLS_MARKS: Final = (b"#EXT-X-TARGETDURATION", b"#EXT-X-STREAM-INF", b"#EXT-X-MEDIA-SEQUENCE")
WEB: Final = ("http", "https")
ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)  # else a colon is part of a name
FILE: Final = re.compile(r"file:(//(localhost)?)?(?=/)", re.IGNORECASE)  # RFC 8089
REFUSED: Final = ("file", "data", "javascript", "concat", "subfile")
CONTENT_TYPES: Final = frozenset(
    {
        "audio/x-mpegurl", "audio/mpegurl", "application/x-mpegurl", "application/vnd.apple.mpegurl",
        "audio/x-scpls", "application/pls+xml", "application/xspf+xml", "application/rss+xml",
        "application/xml", "text/xml", "video/x-ms-asf", "audio/x-ms-wax",
    }
)  # fmt: skip


class PlaylistError(ValueError):
    """Text that is no playlist, or one that is not safe to read; the text says why."""


class Entry(Struct, frozen=True):
    uri: str
    title: str = ""


def looks_like(head: bytes, content_type: str = "") -> bool:
    """Whether the first bytes are those of a playlist rather than of sound."""
    if content_type.partition(";")[0].strip().lower() in CONTENT_TYPES:
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    return start.startswith((b"#extm3u", b"[playlist]", b"<?xml", b"<rss", b"<playlist", b"<asx"))


def is_page(head: bytes) -> bool:
    """Whether the first bytes are those of a page for people: of a station's site, or of a sign-in."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def is_hls(body: bytes) -> bool:
    return any(mark in body for mark in HLS_MARKS)


def parse(body: bytes, base: str) -> tuple[Entry, ...]:
    """The entries in order, each once, with addresses made absolute against `base` (a URL or a path).

    A playlist of the web names addresses of the web alone, never files of this computer.
    Raises `PlaylistError`.
    """
    if len(body) > LARGEST:
        raise PlaylistError("is too long for a playlist")
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    start = text[:64].lower()
    found: Iterable[Entry]
    quoted = start.startswith(b"<")  # XML holds URIs, the others names of files as they are
    if quoted:
        found = _xml(text)
    elif start.startswith(b"[playlist]"):
        found = _pls(decoded(text))
    else:
        found = _m3u(decoded(text))
    entries: dict[str, Entry] = {}
    from_web = urlsplit(base).scheme in WEB
    for entry in found:
        uri = _of_web(entry.uri.strip(), base) if from_web else _of_disk(entry.uri.strip(), base, quoted)
        if uri is not None and len(entries) < MOST:
            entries.setdefault(uri, Entry(uri, entry.title[:200]))
    if not entries:
        raise PlaylistError("is a playlist without an address that can be played")
    return tuple(entries.values())


def _is_sane(uri: str) -> bool:
    return bool(uri) and len(uri) <= LONGEST and not any(ord(c) < 32 for c in uri)


def _of_web(uri: str, base: str) -> str | None:
    if not _is_sane(uri):
        return None
    try:
        scheme = urlsplit(uri).scheme
        if scheme in WEB:
            return uri
        joined = urljoin(base, uri)
        return joined if not scheme and urlsplit(joined).scheme in WEB else None
    except ValueError:
        return None


def _of_disk(uri: str, base: str, quoted: bool) -> str | None:
    if not _is_sane(uri):
        return None
    if named := FILE.match(uri):
        uri, quoted = uri[named.end() :], True
    elif address := ADDRESS.match(uri):
        return uri if address.group(1).lower() not in REFUSED else None
    path = unquote(uri, errors="surrogateescape") if quoted else uri
    if "\0" in path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path.replace("\\", "/")))


def _m3u(text: str) -> Iterator[Entry]:
    title = ""
    for line in map(str.strip, text.splitlines()):
        if line.upper().startswith("#EXTINF:"):
            title = line.partition(",")[2].strip()
        elif line and not line.startswith("#"):
            yield Entry(line, title)
            title = ""


def _pls(text: str) -> Iterator[Entry]:
    files: dict[int, str] = {}
    titles: dict[int, str] = {}
    for line in text.splitlines():
        if match := re.match(r"\s*(file|title)(\d{1,6})\s*=\s*(.+?)\s*$", line, re.IGNORECASE):
            kind, number, value = match.groups()
            (files if kind.lower() == "file" else titles)[int(number)] = value
    for number in sorted(files):
        yield Entry(files[number], titles.get(number, ""))


class _Xml:
    """XSPF, ASX and podcast feeds by their elements. A document type, and so every entity, is refused."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._title, self._uri = "", ""

    def refuse(self, *_: object) -> None:
        raise PlaylistError("declares entities, which no playlist needs")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2].lower()
        self._path.append(name)
        self._text.clear()
        if len(self._path) > 64:
            raise PlaylistError("is nested too deeply for a playlist")
        if name in ("track", "item", "entry"):
            self._title, self._uri = "", ""
        folded = {key.lower(): value for key, value in attributes.items()}
        if name == "enclosure" and folded.get("type", "audio/").startswith(("audio/", "video/")):
            self._uri = folded.get("url", "")
        elif name == "ref":
            self._uri = self._uri or folded.get("href", "")

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2].lower()
        text = "".join(self._text).strip()
        parent = self._path[-2] if len(self._path) > 1 else ""
        if name == "title" and parent in ("track", "item", "entry"):
            self._title = text
        elif name == "location" and parent == "track":
            self._uri = self._uri or text
        elif name in ("track", "item", "entry") and self._uri and len(self.entries) < MOST:
            self.entries.append(Entry(self._uri, self._title))
        self._text.clear()
        if self._path:
            self._path.pop()

    def data(self, text: str) -> None:
        self._text.append(text)


def _xml(body: bytes) -> list[Entry]:
    reader, parser = _Xml(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        if not reader.entries:
            raise PlaylistError("is a damaged playlist") from error
    return reader.entries
