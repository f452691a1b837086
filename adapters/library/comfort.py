"""The comfort set: copies of the pieces that this resident loves most, on this player's own disk."""

import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from player.errors import DecodeError, LibraryError
from player.model import CatalogueEntry

if TYPE_CHECKING:
    from adapters.decode.http import HttpFile

log = logging.getLogger("lull")

INDEX: Final = "comfort.json"
SPARE: Final = 64 << 20  # bytes that stay free on the disk, for the journal
CHUNK: Final = 1 << 20
WORDS: Final = ("text/", "application/json", "application/xml")  # of a refusal, or of a page to sign in at
MEBIBYTE: Final = 1 << 20
_decoder = msgspec.json.Decoder(tuple[CatalogueEntry, ...])


class ComfortStore:
    """Files in `folder`, never more than `limit` MiB. A copy is whole or not there.

    resolved: gives the address at which a piece of a music server can be read just now; what it leaves as it
    is must be a file. Stations and feeds are never copied.
    Used by one thread at a time. `load` and `keep` raise `LibraryError` when the folder cannot be used.
    """

    def __init__(self, folder: Path, limit: int, resolved: Callable[[str], str] = str) -> None:
        self._folder, self._limit, self._resolved = folder, limit * MEBIBYTE, resolved
        self._closed = threading.Event()

    def close(self) -> None:
        """From another thread: what is being fetched from a server is given up."""
        self._closed.set()

    def load(self) -> tuple[CatalogueEntry, ...]:
        """What is there, best first; `uri` is the copy's path."""
        try:
            kept = _decoder.decode((self._folder / INDEX).read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise LibraryError(f"{self._folder / INDEX}: {error}. The comfort set is made anew.") from error
        return tuple(entry for entry in kept if os.path.isfile(entry.track.uri))

    def keep(self, pieces: Iterable[CatalogueEntry]) -> tuple[CatalogueEntry, ...]:
        """Copy these, best first, as far as there is room; what is kept now.

        A piece whose file is away stays as it was copied before, if it is still wanted.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = self._copied(pieces)
            self._write_index(kept)
            wanted = {INDEX, *(os.path.basename(entry.track.uri) for entry in kept)}
            for path in self._folder.iterdir():
                if path.name not in wanted:
                    path.unlink()
        except OSError as error:
            raise LibraryError(
                f"{self._folder}: {error.strerror}. The comfort set cannot be kept: free some space."
            ) from error
        return tuple(kept)

    def _copied(self, pieces: Iterable[CatalogueEntry]) -> list[CatalogueEntry]:
        kept: list[CatalogueEntry] = []
        used = 0
        for entry in pieces:
            copy = self._folder / (entry.track.id + _ending(entry.track.uri))
            try:
                if not copy.exists() and not entry.track.live:
                    self._fetch(entry.track.uri, copy, self._limit - used)
                size = copy.stat().st_size
            except (OSError, DecodeError, LibraryError) as error:  # this one cannot be had now; the next may
                why = getattr(error, "problem", None) or getattr(error, "strerror", None) or error
                log.info("comfort set: %s is left out (%s)", entry.track.id, why)
                continue
            if used + size > self._limit:
                continue
            used += size
            kept.append(structs.replace(entry, track=structs.replace(entry.track, uri=str(copy))))
        return kept

    def _fetch(self, uri: str, copy: Path, room: int) -> None:
        """Raises `OSError`, `DecodeError` and `LibraryError`: what is to be copied, or its server, is away or
        no music; there is no room."""
        room = min(room, shutil.disk_usage(self._folder).free - SPARE)
        address = self._resolved(uri)
        new = copy.with_suffix(copy.suffix + ".new")
        try:
            if address == uri:
                with open(uri, "rb") as original:
                    _copy(original, os.fstat(original.fileno()).st_size, new, room)
            else:
                self._download(address, new, room)
            os.replace(new, copy)
        finally:
            new.unlink(missing_ok=True)

    def _download(self, address: str, new: Path, room: int) -> None:
        from adapters.decode import open_source  # a library without a server does without
        from adapters.decode.http import HttpFile

        with HttpFile(address, cancelled=self._closed.is_set) as original:
            if original.length is None or original.content_type.lower().startswith(WORDS):
                raise DecodeError(address, "is answered with something other than a piece of music.")
            _copy(original, original.length, new, room)
        with open_source(str(new)):
            pass  # it can be played

    def _write_index(self, kept: list[CatalogueEntry]) -> None:
        new = self._folder / (INDEX + ".new")
        with open(new, "wb") as file:
            file.write(msgspec.json.encode(kept))
            _sync(file)
        os.replace(new, self._folder / INDEX)


def _copy(original: "BinaryIO | HttpFile", size: int, new: Path, room: int) -> None:
    """The size is known before anything is written: flash wears out."""
    if size > room:
        raise OSError(errno.ENOSPC, "there is no room for it")
    with open(new, "wb") as file:
        while data := original.read(CHUNK):
            file.write(data)
        _sync(file)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _ending(uri: str) -> str:
    ending = os.path.splitext(urlsplit(uri).path if "://" in uri else uri)[1].lower()
    return ending if ending[1:].isalnum() and len(ending) <= 6 else ""
