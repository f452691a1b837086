"""What the last run was started with, out of the journal that it left."""

import os
import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Final

from msgspec import MsgspecError, json

from adapters.store.database import LOCK_TIMEOUT, read_unwritable
from player.session.messages import Started

FIRST_OF_LAST: Final = """SELECT event FROM entries
    WHERE boot = (SELECT boot FROM entries ORDER BY id DESC LIMIT 1) ORDER BY id LIMIT 1"""


def last_run(journal: Path) -> Started | None:
    """None: there was none, it was forgotten, or it cannot be read any more (by this version)."""
    if not journal.exists():  # else it would be made
        return None
    try:
        with _reader(journal) as reader:
            row = reader.execute(FIRST_OF_LAST).fetchone()
        return json.decode(row[0], type=Started) if row else None
    except (sqlite3.Error, MsgspecError):
        return None


def _reader(journal: Path) -> AbstractContextManager[sqlite3.Connection]:
    if os.access(journal.parent, os.W_OK):
        return closing(sqlite3.connect(journal, timeout=LOCK_TIMEOUT))
    return read_unwritable(journal)
