"""One Lull for each data folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from player.errors import AlreadyRunningError, StoreError


class DataLock:
    """Holds `folder`/lull.pid as long as this process lives; the kernel lets go of it when it dies.

    Raises `AlreadyRunningError` when another process holds it, `StoreError` when the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lull.pid"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"The data folder {folder} cannot be used ({error.strerror}): name another one as `data:`."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 32).decode(errors="replace").strip()
            os.close(self._file)
            raise AlreadyRunningError(str(folder), int(holder) if holder.isdigit() else 0) from error
        with suppress(OSError):  # the disk is full: only a second Lull would miss the number
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
