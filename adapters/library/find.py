"""Music files in folders."""

import os
from collections.abc import Callable, Iterable, Iterator
from stat import S_ISREG

from msgspec import Struct

from player.errors import LibraryError

OnFailed = Callable[[str, str], None]  # uri, why in a plain sentence


class FoundFile(Struct, frozen=True, kw_only=True):
    path: str  # absolute
    size: int  # bytes
    mtime_ns: int


def find(places: Iterable[str], formats: Iterable[str], on_failed: OnFailed) -> Iterator[FoundFile]:
    """Every regular file below the folders `places` (or a file named there) of one of the `formats`.

    A folder at a time in the order of names. Hidden files and folders are left out; links are followed, no
    folder is entered twice. What cannot be read below a place is told to `on_failed`.

    Raises `LibraryError` for a place that is not there or cannot be read.
    """
    endings = tuple("." + ending.lower().lstrip(".") for ending in formats)
    entered: set[str] = set()
    for place in places:
        path = absolute(place)
        try:
            folder = os.path.isdir(path)
            if folder:
                os.scandir(path).close()  # says now why it cannot be read
            else:
                os.stat(path)
        except OSError as error:
            raise LibraryError(
                f"{printable(place)} cannot be read ({error.strerror}): "
                "check the path, connect the disk, or name another folder under `library.folders`."
            ) from error
        if folder:
            yield from _below(path, endings, entered, on_failed)
        elif alone := _tried(path, on_failed):
            yield alone


def absolute(place: str) -> str:
    return os.path.abspath(os.path.expanduser(place))


def printable(path: str) -> str:
    """The path with "?" for bytes that are no UTF-8."""
    return path.encode(errors="replace").decode()


def _below(top: str, endings: tuple[str, ...], entered: set[str], on_failed: OnFailed) -> Iterator[FoundFile]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)  # not the inode: some network shares give the same one to all
        if real in entered:
            continue
        entered.add(real)
        folders: list[str] = []
        for entry in _listing(folder, on_failed):
            if os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir():
                folders.append(entry.path)
            elif entry.name.lower().endswith(endings) and (found := _tried(entry.path, on_failed)):
                yield found
        waiting += reversed(folders)


def _listing(folder: str, on_failed: OnFailed) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        on_failed(printable(folder), f"cannot be read ({error.strerror}): check who may read this folder.")
        return []


def _tried(path: str, on_failed: OnFailed) -> FoundFile | None:
    try:
        path.encode()
        return _look(path)
    except FileNotFoundError:
        return None  # gone since the folder was listed
    except OSError as error:
        on_failed(path, f"cannot be read ({error.strerror}): check the file and who may read it.")
    except UnicodeEncodeError:
        on_failed(printable(path), "has a name with broken characters: rename it.")
    return None


def _look(path: str) -> FoundFile | None:
    """None for what is no regular file: a pipe would hold the scan up for ever."""
    status = os.stat(path)
    if not S_ISREG(status.st_mode):
        return None
    return FoundFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)
