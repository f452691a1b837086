"""Room for the noise: the music of a running Lull pauses meanwhile, and goes on afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.control import Hush, ask
from adapters.system.lock import DataLock
from player.errors import AlreadyRunningError


def running(folder: Path) -> bool:
    """Whether a Lull runs on this data folder."""
    try:
        with DataLock(folder):
            return False
    except AlreadyRunningError:
        return True


@contextmanager
def music_paused(folder: Path) -> Iterator[None]:
    """Raises `StoreError` when the running Lull does not answer."""
    if not running(folder):
        yield
        return
    ask(folder, Hush(quiet=True))
    try:
        yield
    finally:
        ask(folder, Hush(quiet=False))
