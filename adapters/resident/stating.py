"""A profile that people state: through the running Lull, or into its memory while it is away."""

import secrets
import time
from pathlib import Path

from msgspec import json, structs

from adapters.control import StateProfile, ask
from adapters.store.journal import SqliteJournal
from adapters.store.memory import remembered
from adapters.system.lock import DataLock
from player.errors import AlreadyRunningError, StoreError
from player.ports.records import JournalEntry
from player.session.messages import ProfileChanged
from player.settings import Profile
from player.units import Seconds


def state(folder: Path, profile: Profile) -> bool:
    """True when it is in force in a running Lull now. Raises `StoreError`.

    Without a running one the file says enough, unless another profile was stated before and would win.
    """
    if not (folder / "journal.db").exists():
        return False
    try:
        with DataLock(folder):
            _into_memory(folder / "journal.db", profile)
            return False
    except AlreadyRunningError:
        running = ask(folder, StateProfile(profile=profile)).profile
        if running is not None and running.id != profile.id:
            raise StoreError(
                f"Lull runs for resident {running.id}: name the new file in the settings and start it anew."
            ) from None
        return True


def _into_memory(path: Path, profile: Profile) -> None:
    journal = SqliteJournal(path, profile.id)
    try:
        memory, _ = remembered(journal)
        if memory.profile is None or memory.profile == profile:
            return
        at = Seconds(time.time())
        entry = JournalEntry(
            boot=f"stated-{secrets.token_hex(4)}",
            at=at,
            event=json.encode(ProfileChanged(at=at, profile=profile)),
            effects=b"[]",
            memory=json.encode(structs.replace(memory, profile=profile)),
        )
        journal.append(entry)
    finally:
        journal.close()
