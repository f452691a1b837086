"""Everything of one person removed from the data folder, and the proof: a search through its bytes."""

import mmap
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from adapters.control import Forget, ask
from adapters.store.erase import Erased, erase
from adapters.system.lock import DataLock
from player.errors import AlreadyRunningError, StoreError

OWN: Final = ("journal.db", "journal.db-wal", "journal.db-shm")  # written by the brain
BACKUPS: Final = "backups"
COMFORT: Final = "comfort"  # what this person loved most, with copies


class Forgotten(Struct, frozen=True, kw_only=True):
    """What was removed, and what a search for the pseudonym still finds in the folder, by file."""

    resident: str
    erased: Erased
    files: tuple[str, ...]
    searched: int  # files
    bytes_searched: int
    left: dict[str, int]  # in files that hold data of residents: must be empty
    elsewhere: dict[str, int]  # the same word in files that hold none, such as the paths of music
    while_running: bool


def forget(folder: Path, resident: str, seed: Path | None) -> Forgotten:
    """seed: the profile's file, which is removed too. Raises `StoreError`."""
    running = False
    journal = folder / OWN[0]
    try:
        with DataLock(folder):
            nothing = Erased(runs=0, entries=0, memories=0, others=False)
            erased = erase(journal, resident) if journal.exists() else nothing
    except AlreadyRunningError:
        running = True
        answer = ask(folder, Forget(resident=resident))
        if answer.erased is None:
            raise StoreError("The running Lull gave no account of it: try again.") from None
        erased = answer.erased
    files = tuple(dict.fromkeys(_files_of(folder, resident, seed, alone=not erased.others)))
    removed = tuple(_remove(path) for path in files)
    left, elsewhere, searched, size = _search(folder, resident)
    return Forgotten(
        resident=resident, erased=erased, files=removed, searched=searched, bytes_searched=size,
        left=left, elsewhere=elsewhere, while_running=running,
    )  # fmt: skip


def _files_of(folder: Path, resident: str, seed: Path | None, *, alone: bool) -> Iterator[Path]:
    """Backups, databases that were moved aside when they were damaged, the comfort set and the profile."""
    yield from sorted((folder / BACKUPS).glob(f"{resident}.*.zip"))
    if alone:  # else it is of who is here now
        yield from sorted(path for path in (folder / COMFORT).glob("*") if path.is_file())
    for damaged in sorted(folder.glob("journal.damaged-*")):
        if _count(damaged, resident):
            yield from sorted(folder.glob(f"{_stem(damaged)}*"))
    if seed is not None and seed.exists():
        yield seed


def _stem(path: Path) -> str:
    return path.name.partition(".db")[0]


def _remove(path: Path) -> str:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be removed ({error.strerror}): remove it by hand.") from error
    return str(path)


def _search(folder: Path, resident: str) -> tuple[dict[str, int], dict[str, int], int, int]:
    left: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    files = size = 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        with suppress(FileNotFoundError):  # a running Lull may have removed it meanwhile
            files, size = files + 1, size + path.stat().st_size
            count = _count(path, resident)
            if count:
                name = str(path.relative_to(folder))
                own = name in OWN or name.startswith(("journal.damaged-", f"{BACKUPS}/"))
                (left if own else elsewhere)[name] = count
    return left, elsewhere, files, size


def _count(path: Path, resident: str) -> int:
    """How often the pseudonym stands in a file as a word of its own."""
    word = re.compile(rb"(?<![A-Za-z0-9_-])" + re.escape(resident.encode()) + rb"(?![A-Za-z0-9_-])")
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return 0
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return sum(1 for _ in word.finditer(content))
