"""Music that people bring: checked, named safely, and moved into the library in one step.

Nothing takes its place in the library, and nothing is overwritten, before it was decoded.
"""

import asyncio
import errno
import filecmp
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from player.errors import LibraryError

MOST_BYTES: Final = 512 * 1024 * 1024  # of one file: twelve hours of speech, an hour of lossless music
SPARE: Final = 256 * 1024 * 1024  # bytes that stay free on the disk, for the journal
LONGEST_NAME: Final = 120  # characters; a file name may have 255 bytes
CHECK_S: Final = 60.0  # patience with a decoder
WRITE: Final = 1024 * 1024  # bytes written at once
BATCH: Final = ".lull-arriving-"  # hidden, so that no watcher looks at what is not there yet
FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
AT_ONCE: Final = 2  # files on their way

# why a file was refused; the page says it in the reader's language
FORMAT, TOO_LARGE, DISK_FULL, NO_MUSIC, EMPTY, LOST, BUSY = (
    "format",
    "too-large",
    "disk-full",
    "no-music",
    "empty",
    "lost",
    "busy",
)


class Refused(LibraryError):
    """Attribute: problem, one of the words above."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} was not taken into the library ({problem}).")
        self.problem = problem


def safe_name(sent: str) -> str:
    """A file name for this folder: no path, nothing hidden, nothing that cannot be printed."""
    last = sent.replace("\\", "/").rpartition("/")[2]
    text = unicodedata.normalize("NFC", last.encode(errors="replace").decode())
    text = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    stem, dot, ending = FORBIDDEN.sub("_", " ".join(text.split())).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.strip(" .")[:LONGEST_NAME] or "music"
    while len(stem.encode()) > 2 * LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}.{ending.lower()}" if ending else stem


class Arrivals:
    """`folder`: where they belong; made when it is not there. formats: endings without a dot."""

    def __init__(self, folder: Path, formats: Sequence[str]) -> None:
        self._folder = folder
        self._endings = tuple(f".{ending.lower().lstrip('.')}" for ending in formats)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def receive(self, sent: str, chunks: AsyncIterator[bytes]) -> str:
        """The name under which it is in the library now. Raises `Refused`, `LibraryError`."""
        name = self._named(sent)
        if self._slots.locked():
            raise Refused(name, BUSY)
        async with self._slots:
            arriving = await asyncio.to_thread(self._begin)
            try:
                await self._write(arriving, name, chunks)
                return await self._take(arriving, name)
            finally:
                await asyncio.shield(asyncio.to_thread(arriving.unlink, missing_ok=True))

    async def copy(self, source: Path) -> str:
        """As `receive`, of a file on this machine."""
        name = self._named(source.name)
        async with self._slots:
            arriving = await asyncio.to_thread(self._begin)
            try:
                await asyncio.to_thread(self._copy, source, arriving, name)
                return await self._take(arriving, name)
            finally:
                await asyncio.shield(asyncio.to_thread(arriving.unlink, missing_ok=True))

    def is_music(self, name: str) -> bool:
        return name.lower().endswith(self._endings) and not name.startswith(".")

    def _named(self, sent: str) -> str:
        name = safe_name(sent)
        if not self.is_music(name):
            raise Refused(name, FORMAT)
        return name

    def _begin(self) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{BATCH}{uuid4().hex}"
            path.touch(mode=0o644, exist_ok=False)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return path

    async def _write(self, path: Path, name: str, chunks: AsyncIterator[bytes]) -> None:
        held = bytearray()
        total = 0
        async for chunk in chunks:
            total += len(chunk)
            if total > MOST_BYTES:
                raise Refused(name, TOO_LARGE)
            held += chunk
            if len(held) >= WRITE:
                await asyncio.to_thread(self._append, path, name, bytes(held))
                held.clear()
        if not total:
            raise Refused(name, EMPTY)
        await asyncio.to_thread(self._append, path, name, bytes(held))

    def _append(self, path: Path, name: str, data: bytes) -> None:
        try:
            if shutil.disk_usage(self._folder).free < SPARE + len(data):
                raise Refused(name, DISK_FULL)
            with path.open("ab") as file:
                file.write(data)
        except OSError as error:
            raise _problem(self._folder, name, error) from error

    def _copy(self, source: Path, path: Path, name: str) -> None:
        try:
            with source.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MOST_BYTES:
                    raise Refused(name, TOO_LARGE)
                if shutil.disk_usage(self._folder).free < SPARE + size:
                    raise Refused(name, DISK_FULL)
                copied = 0
                with path.open("wb") as copy:
                    while block := file.read(WRITE):
                        copied += len(block)
                        if copied > MOST_BYTES:
                            raise Refused(name, TOO_LARGE)
                        copy.write(block)
        except OSError as error:
            raise _problem(self._folder, name, error) from error

    async def _take(self, path: Path, name: str) -> str:
        if not await _decodes(path):
            raise Refused(name, NO_MUSIC)
        return await asyncio.to_thread(self._place, path, name)

    def _place(self, path: Path, name: str) -> str:
        """A link, and then the old name away: an atomic move that overwrites nothing."""
        stem, ending = Path(name).stem, Path(name).suffix
        try:
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            for number in range(1, 1000):
                free = name if number == 1 else f"{stem} ({number}){ending}"
                target = self._folder / free
                with suppress(FileExistsError):
                    _move(path, target)
                    return free
                if filecmp.cmp(path, target, shallow=False):
                    return free  # the same form, sent twice
        except OSError as error:
            raise _problem(self._folder, name, error) from error
        raise Refused(name, DISK_FULL)


def _move(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # a FAT disk knows no links: claim the name, then take its place
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        os.replace(path, target)


async def _decodes(path: Path) -> bool:
    """In a process of its own: what is hostile to a decoder ends that process, not the music."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.library.arrival_check",
        str(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(CHECK_S):
            return await child.wait() == 0
    except TimeoutError:
        return False
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _problem(folder: Path, name: str, error: OSError) -> LibraryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refused(name, DISK_FULL)
    return _unwritable(folder, error)


def _unwritable(folder: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"{folder} cannot be written ({error.strerror}): name a folder under `library.folders` that Lull may "
        "write, first of all."
    )
