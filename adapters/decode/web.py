"""Opens what stands at an address of the web, or in a playlist: sound, HLS, or a list of more."""

import os
from collections.abc import Callable
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

from adapters.decode.av import AvSource
from adapters.decode.http import Cancelled, HttpFile, OnTitle, never, unheard
from adapters.decode.playlist import LARGEST, PlaylistError, is_hls, is_page, looks_like, parse
from adapters.decode.reasons import unreachable
from player.errors import DecodeError
from player.ports.audio import AudioSource, Pcm
from player.units import CHANNELS, SAMPLE_RATE, Seconds

DEEPEST: Final = 4  # playlists within playlists
HEAD: Final = 512  # bytes from which a playlist is told from sound
ENDINGS: Final = (".m3u", ".m3u8", ".pls", ".xspf", ".asx", ".wax")
PROBE: Final = {
    "probesize": "131072",
    "analyzeduration": "1500000",
}  # bytes, µs: a station plays in real time

Open = Callable[[str], AudioSource]


class Web:
    """`cancelled` ends every wait; `on_title` gets what a station says that it plays, as it arrives."""

    def __init__(
        self,
        rate: int | None = SAMPLE_RATE,
        channels: int | None = CHANNELS,
        on_title: OnTitle = unheard,
        cancelled: Cancelled = never,
    ) -> None:
        self._rate, self._channels = rate, channels
        self._on_title, self._cancelled = on_title, cancelled
        self._seen: set[str] = set()  # against playlists that name each other

    def open(self, uri: str, other: Open, depth: int = 0) -> AudioSource:
        """`other` opens what is neither of the web nor a playlist. Raises `DecodeError`."""
        if uri in self._seen or depth > DEEPEST:
            raise DecodeError(shown(uri), "is a playlist that leads back to itself: check the address.")
        if uri.startswith(("http://", "https://")):
            return self._open_url(uri, other, depth)
        if uri.lower().endswith(ENDINGS) and "://" not in uri:
            return self._list(self._read(uri), uri, other, depth)
        return other(uri)

    def _open_url(self, url: str, other: Open, depth: int) -> AudioSource:
        try:
            file = HttpFile(url, self._on_title, self._cancelled)
        except OSError as error:
            raise DecodeError(shown(url), unreachable(error)) from error
        except DecodeError as error:
            raise DecodeError(shown(url), error.problem) from error
        try:
            if looks_like(file.peek(HEAD), file.content_type):
                body = file.peek(LARGEST + 1)
                file.close()
                if is_hls(body):
                    return AvSource(file.final_url, self._rate, self._channels)
                return self._list(body, file.final_url, other, depth, url)
            _refuse_page(url, file.peek(HEAD))
            return AvSource(url, self._rate, self._channels, file=file, options=PROBE)
        except BaseException:
            file.close()
            raise

    def _read(self, path: str) -> bytes:
        try:
            with open(path, "rb") as file:
                body = file.read(LARGEST + 1)
        except OSError as error:
            raise DecodeError(path, f"cannot be read ({error.strerror}).") from error
        return body

    def _list(self, body: bytes, base: str, other: Open, depth: int, url: str = "") -> AudioSource:
        try:
            entries = parse(body, base if "://" in base else os.path.abspath(base))
        except PlaylistError as error:
            raise DecodeError(shown(base), f"{error}: check the address.") from error
        self._seen.update((base, url))
        uris = [entry.uri for entry in entries]

        def opened(uri: str) -> AudioSource:
            return self.open(uri, other, depth + 1)

        return opened(uris[0]) if len(uris) == 1 else ListSource(shown(base), uris, opened)


def _refuse_page(url: str, head: bytes) -> None:
    if is_page(head):
        raise DecodeError(
            shown(url),
            "is a web page, not sound: give the address of the stream itself; if the network asks for a "
            "sign-in, sign this machine in.",
        )


class ListSource:
    """`ports.AudioSource`: one entry of a playlist after the other; one that fails is passed over."""

    rate: Final = SAMPLE_RATE
    channels: Final = CHANNELS
    duration: Final = Seconds(0.0)

    def __init__(self, uri: str, uris: list[str], opened: Open) -> None:
        self.uri = uri
        self._left, self._open = list(uris), opened
        self._source: AudioSource | None = None
        self._why = "nothing in it can be played."
        self._heard = False
        if not self._next():
            raise DecodeError(uri, f"is a playlist of which nothing can be played: {self._why}")

    def read(self) -> Pcm | None:
        while self._source is not None:
            try:
                block = self._source.read()
            except DecodeError as error:
                block, self._why = None, error.problem
            if block is not None:
                return block
            self._next()
        return None

    def _next(self) -> bool:
        if self._source is not None:
            self._source.close()
            self._source = None
        while self._left:
            try:
                self._source = self._open(self._left.pop(0))
            except DecodeError as error:
                self._why = error.problem
                continue
            return True
        return False

    def seek(self, at: Seconds) -> None:  # noqa: ARG002
        raise DecodeError(self.uri, "is a playlist and cannot be moved to another place.")

    def close(self) -> None:
        self._left.clear()
        if self._source is not None:
            self._source.close()
            self._source = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def shown(uri: str) -> str:
    """An address without names, passwords and tokens, for people and logs."""
    if "://" not in uri:
        return uri
    try:
        parts = urlsplit(uri)
    except ValueError:  # brackets that are no IPv6 address
        return f"{uri.partition('://')[0]}://…"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
