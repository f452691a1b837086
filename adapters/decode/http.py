"""Sound over HTTP: a file for FFmpeg that heals itself, and tells what a station plays.

HTTP/1.0 on a plain socket: what stations speak ("ICY 200 OK" too), no chunks, and every wait is ours.
"""

import base64
import io
import random
import re
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from adapters.decode.icy import IcySplitter
from adapters.decode.ogg import OggTitles
from adapters.decode.reasons import answered, unreachable
from player.errors import DecodeError
from player.units import Seconds

if TYPE_CHECKING:
    from email.message import Message

# Tuning constants.
CONNECT: Final = Seconds(4.0)
WAIT: Final = Seconds(0.25)  # how soon a wait sees that it was cancelled
STALL: Final = Seconds(4.0)  # without a byte: the connection is dead, a new one may not be
GIVE_UP: Final = Seconds(20.0)  # without a byte, over all connections
BACKOFF: Final = (0.0, 0.5, 1.0, 2.0, 4.0)  # s before the next connection, by failures in a row
JITTER: Final = 0.3
OF_USE: Final = 1 << 14  # bytes of one connection, about a second: below, it counts as a failure
REDIRECTS: Final = 5
HEADER_LINES: Final = 100
CHUNK: Final = 1 << 14
SAFE: Final = "!$%&'()*+,/:;=?@[]~"  # of paths and queries; %: it begins what is quoted
LONE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
OGG: Final = ("application/ogg", "audio/ogg", "audio/opus", "audio/vorbis")

Cancelled = Callable[[], bool]
OnTitle = Callable[[str], None]


def never() -> bool:
    return False


def unheard(_title: str) -> None:
    """Nobody wants to know."""


class Answer:
    """One connection, its headers read. `url` is where redirections ended."""

    def __init__(
        self, url: str, status: int, headers: "Message", body: socket.socket, rest: io.BufferedReader
    ) -> None:
        self.url, self.status, self.headers = url, status, headers
        self._socket, self._file = body, rest

    def header(self, name: str) -> str:
        return str(self.headers.get(name, ""))

    def read(self, count: int) -> bytes:
        """Up to `count` bytes, b"" at the end. Raises `TimeoutError` after `WAIT`, or `OSError`."""
        return self._file.read1(count)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def request(url: str, offset: int = 0) -> Answer:
    """GET from `offset` on, following redirections. Raises `OSError` or `DecodeError`."""
    original = url
    for _ in range(REDIRECTS + 1):
        answer = _ask(url, offset)
        if answer.status not in (301, 302, 303, 307, 308):
            return answer
        target = urljoin(url, answer.header("Location"))
        answer.close()
        if urlsplit(target).scheme not in ("http", "https"):
            break
        url = target
    raise DecodeError(original, "leads on and on to other addresses: check the address.")


def _ask(url: str, offset: int) -> Answer:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DecodeError(url, "is not an address: check it.") from error
    secure = parts.scheme == "https"
    plain = socket.create_connection((host, port or (443 if secure else 80)), timeout=CONNECT)
    try:
        line = _secured(plain, host) if secure else plain
        path = _quoted(parts.path or "/") + (f"?{_quoted(parts.query)}" if parts.query else "")
        name = f"[{host}]" if ":" in host else host
        lines = [f"GET {path} HTTP/1.0", f"Host: {name}{f':{port}' if port else ''}", "User-Agent: Lull"]
        lines += ["Accept: */*", "Icy-MetaData: 1", "Connection: close"]
        if offset:
            lines.append(f"Range: bytes={offset}-")
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        file = _Patient(line)
        status, headers = _head(url, file)
    except BaseException:
        plain.close()
        raise
    line.settimeout(WAIT)
    return Answer(url, status, headers, line, file)


def _quoted(part: str) -> str:
    """As a server takes it; what is quoted already stays (RFC 3986)."""
    return quote(LONE.sub("%25", part), safe=SAFE, errors="surrogateescape")


def _secured(plain: socket.socket, host: str) -> socket.socket:
    import ssl  # 4 MiB that local music does without

    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


class _Patient(io.BufferedReader):
    """A socket's bytes. Unlike `socket.makefile` it may be read on after a timeout."""

    def __init__(self, line: socket.socket) -> None:
        super().__init__(_Raw(line), CHUNK)


class _Raw(io.RawIOBase):
    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.recv_into(buffer)


def _head(url: str, file: io.BufferedReader) -> tuple[int, "Message"]:
    import http.client  # brings ssl with it

    words = file.readline(4096).split(None, 2)
    if len(words) < 2 or not words[0].startswith((b"HTTP/", b"ICY")) or not words[1].isdigit():
        raise DecodeError(url, "does not speak HTTP: check the address.")
    try:
        return int(words[1]), http.client.parse_headers(file)
    except http.client.HTTPException as error:
        raise DecodeError(url, "sends headers that cannot be read: check the address.") from error


class HttpFile(io.RawIOBase):
    """What FFmpeg reads. A broken connection is made anew: a file goes on at its place, a station now.

    Read by one thread. Raises `DecodeError` when nothing came for `GIVE_UP`, or it was cancelled.
    """

    def __init__(self, url: str, on_title: OnTitle = unheard, cancelled: Cancelled = never) -> None:
        self._url, self._on_title, self._cancelled = url, on_title, cancelled
        self._answer: Answer | None = None  # None: connect first
        self._icy: IcySplitter | None = None
        self._ogg: OggTitles | None = None
        self._title: str | None = None
        self._at = 0
        self._ahead = b""  # read to see what it is
        self._station = False  # a station says who it is, and has no end
        self.length: int | None = None  # bytes of a file
        self.connections = 0
        self._failures = 0  # connections in a row that were of no use
        self._came = 0  # bytes of this connection
        self._answer = answer = self._connect()
        length = answer.header("Content-Length")
        if length.isdigit() and not self._station:
            self.length = int(length)
        self._ranges: bool = answer.header("Accept-Ranges").lower() == "bytes" and self.length is not None
        self.content_type: str = answer.header("Content-Type")
        self.final_url: str = answer.url

    def peek(self, count: int) -> bytes:
        """The first bytes, left where they are."""
        while len(self._ahead) < count and (data := self._receive(count - len(self._ahead))):
            self._ahead += data
        return self._ahead[:count]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._ranges

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if not self._ranges or self.length is None:
            raise io.UnsupportedOperation("a stream has no places")
        place = offset + (0, self._at, self.length)[whence]
        if place != self._at:
            self._at, self._ahead = place, b""
            self._drop()
            self._failures = 0  # a new connection was our wish
        return place

    def read(self, count: int = -1) -> bytes:
        count = CHUNK if count < 0 else count
        if self._ahead:
            data, self._ahead = self._ahead[:count], self._ahead[count:]
        else:
            data = self._receive(count)
        self._at += len(data)
        return data

    def close(self) -> None:
        self._drop()
        super().close()

    # --- the network ------------------------------------------------------------------------------------

    def _receive(self, count: int) -> bytes:
        came, why = time.monotonic(), "sends nothing"
        since = came  # of this connection
        place = self._at + len(self._ahead)
        while self.length is None or place < self.length:
            if self._cancelled():
                raise DecodeError(self._url, "was closed.")
            now = time.monotonic()
            if now - came > GIVE_UP:
                raise DecodeError(self._url, f"gave no sound for {GIVE_UP:.0f} s: it {why}.")
            try:
                if self._answer is None:
                    self._pause(self._failures)
                    if self._cancelled():
                        continue
                    self._failures += 1
                    self._came = 0
                    self._answer = self._connect(place)
                    since = time.monotonic()
                data = self._answer.read(count)
            except TimeoutError:
                if time.monotonic() - since > STALL:
                    self._drop()
                continue
            except (OSError, DecodeError) as error:
                why = _words(error)
                self._drop()
                continue
            if not data:
                why = "is cut off by its server"
                self._drop()
                if self.length is None and not self._station:
                    return b""
                continue
            self._came += len(data)
            if self._came >= OF_USE:
                self._failures = 0
            if self._icy is not None:
                data = self._icy.push(data)
                self._tell(self._icy.title)
            elif self._ogg is not None:
                self._ogg.push(data)
                self._tell(self._ogg.title)
            if data:
                return data
        return b""

    def _connect(self, offset: int = 0) -> Answer:
        """A file goes on at `offset`."""
        self.connections += 1
        offset = 0 if self.length is None else offset
        answer = request(self._url, offset)
        if answer.status not in (200, 206):
            answer.close()
            signed_in = urlsplit(self._url).username is not None
            raise DecodeError(self._url, answered(answer.status, signed_in=signed_in))
        if offset and answer.status != 206:
            self._skip(answer, offset)
        interval = answer.header("icy-metaint")
        self._icy = IcySplitter(int(interval)) if interval.isdigit() and int(interval) > 0 else None
        names = ("icy-name", "icy-br", "icy-genre", "ice-audio-info", "icy-pub")
        self._station = self._icy is not None or any(answer.header(name) for name in names)
        ogg = self._station and answer.header("Content-Type").lower().startswith(OGG)
        self._ogg = OggTitles() if ogg else None
        return answer

    def _skip(self, answer: Answer, count: int) -> None:
        """The server has no ranges: read again what is known."""
        deadline = time.monotonic() + GIVE_UP
        while count > 0:
            if time.monotonic() > deadline or self._cancelled():
                answer.close()
                raise DecodeError(self._url, "is too slow to be read from its beginning again.")
            try:
                data = answer.read(min(count, CHUNK))
            except TimeoutError:
                continue
            except OSError:
                answer.close()
                raise
            if not data:
                answer.close()
                raise DecodeError(self._url, "is shorter than it was.")
            count -= len(data)

    def _pause(self, failures: int) -> None:
        wait = BACKOFF[min(failures, len(BACKOFF) - 1)] * (1.0 + JITTER * random.random())
        end = time.monotonic() + wait
        while time.monotonic() < end and not self._cancelled():
            time.sleep(min(WAIT, max(0.0, end - time.monotonic())))

    def _tell(self, title: str | None) -> None:
        if title is not None and title != self._title:
            self._title = title
            self._on_title(title)

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def _words(error: OSError | DecodeError) -> str:
    """What happened, without what to do: the address was right a moment ago."""
    problem = error.problem if isinstance(error, DecodeError) else unreachable(error)
    return problem.partition(":")[0].rstrip(".")
