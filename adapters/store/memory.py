"""What the last run left behind, for the start of the next one."""

import msgspec
from msgspec import json

from adapters.store.database import UNREADABLE
from adapters.store.journal import SqliteJournal
from player.errors import StoreError
from player.model import Progress
from player.session.messages import AudioReported, Event, Memory, Resume

HOLDER = "Lull, which has forgotten what is barred"  # people read: stopped by …


def remembered(journal: SqliteJournal) -> tuple[Memory, str]:
    """The memory, its place as late as the journal tells it; and what people must be told, "" for nothing.

    A memory that cannot be read begins held: a person may have stopped the music, or barred a piece.
    """
    try:
        stored = journal.load_memory()
    except StoreError as error:
        return _held(str(error))
    if stored is None:
        return Memory(), ""
    try:
        memory = json.decode(stored, type=Memory)
    except UNREADABLE as error:
        held, told = _held(str(error))
        try:
            aside = journal.replace_memory(json.encode(held))
        except StoreError as failed:
            return held, f"{told} {failed}"
        return held, f"{told} What was stored is kept in journal.db as {aside}."
    try:
        return _at_newest_place(journal, memory), ""
    except StoreError as error:
        return memory, f"The place in the music is that of its last change: {error}"


def _held(why: str) -> tuple[Memory, str]:
    return Memory(held_by=HOLDER), (
        f"What staff decided for this resident cannot be read ({why}). The music waits until a person "
        "starts it: say every hold and every “never” again first."
    )


def _at_newest_place(journal: SqliteJournal, memory: Memory) -> Memory:
    if memory.resume is None:
        return memory
    track_id = memory.resume.track_id
    for stored in journal.since_memory(b'"Progress"', json.encode(track_id)):
        try:
            event = json.decode(stored, type=Event)
        except UNREADABLE:
            continue  # written by another version
        match event:
            case AudioReported(at=at, report=Progress(track_id=heard, position=position)) if (
                heard == track_id
            ):
                place = Resume(track_id=track_id, position=position, at=at)
                return msgspec.structs.replace(memory, resume=place)
    return memory
