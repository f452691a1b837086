"""Opening an SQLite file so that a power cut, damage or another version never costs more than it must."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from player.errors import NewerStoreError, StoreError

OnError = Callable[[StoreError], None]
Migrations = tuple[tuple[str, ...], ...]
CACHE_KIB = 512  # of pages, for each file: what is read is read once, what is written is appended
LOCK_TIMEOUT = 5.0  # s; another process (`lull scan`) may be committing
UNREADABLE = (ValueError, RecursionError)  # of msgspec: no JSON, no UTF-8, another shape, endless nesting
RETRY_EVERY = 0.01  # s
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def ignore(_error: StoreError) -> None:
    """An `OnError` for those who do not want to know."""


def damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, so that trying again cannot help."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE


def open_database(
    path: Path, migrations: Migrations, *, distrust: bool = False
) -> tuple[sqlite3.Connection, Path | None]:
    """A connection in WAL mode with synchronous=FULL, usable from any one thread at a time.

    The statements `migrations[n]` take schema version n to n + 1 (`PRAGMA user_version`). The file has mode
    0600, a folder made for it 0700. A damaged file is moved aside and a new one started; its new path is
    returned too, otherwise None. `distrust`: the file has proved damaged before.

    Raises `StoreError` when the file cannot be opened, `NewerStoreError` when a newer Lull wrote it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not distrust:
            try:
                return _connect(path, migrations), None
            except sqlite3.Error as error:
                if not damaged(error):
                    raise
        aside = move_aside(path)
        return _connect(path, migrations), aside
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{path} cannot be opened ({error}): check that the `data:` folder can be written and has space."
        ) from error


@contextmanager
def read_unwritable(path: Path) -> Iterator[sqlite3.Connection]:
    """To read a file in a place where nothing can be written. Raises `sqlite3.Error`.

    A log that was not yet carried over is read with it; without one the file is all there is. Nobody writes
    there: locks are not needed, and with exclusive locking the index of the log lies in memory. A power cut
    may have taken its file, and here none can be made.
    """
    log = path.with_name(f"{path.name}-wal")
    mode = "mode=ro&vfs=unix-none" if log.exists() and log.stat().st_size else "immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        yield connection


def damage_report(path: Path, aside: Path) -> StoreError:
    return StoreError(f"{path} was damaged: it is kept as {aside.name}, and a new one was started.")


def _connect(path: Path, migrations: Migrations) -> sqlite3.Connection:
    path.touch(mode=0o600)
    path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        _migrate(connection, path, migrations)
        _try_to_read(connection)
    except (sqlite3.Error, StoreError):
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Two processes may make the file at the same moment, and here SQLite does not wait by itself."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(RETRY_EVERY)
        else:
            return


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")  # another process may migrate at the same moment
    version = _version(connection)
    if version > len(migrations):
        raise NewerStoreError(
            f"{path} was written by a newer Lull (schema {version}, this one knows {len(migrations)}): "
            "install that version again, or name another `data:` folder."
        )
    for statements in migrations[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version={len(migrations)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _try_to_read(connection: sqlite3.Connection) -> None:
    """The ends of every table: cheap for a file of any size, and finds most damage at the start."""
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall():
        for order in ("ASC", "DESC"):
            connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid {order} LIMIT 1').fetchone()


def move_aside(path: Path) -> Path:
    """Rename a database and its companions; nothing is deleted. Returns the new path."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.stem}.damaged-{stamp}-{count}{path.suffix}")
    for companion in ("-wal", "-shm", ""):
        source = path.with_name(path.name + companion)
        if source.exists():
            source.rename(aside.with_name(aside.name + companion))
    return aside
