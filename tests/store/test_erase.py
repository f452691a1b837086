"""A resident is removed from the journal to the last byte, while it is open and while it is read."""

from contextlib import closing
from pathlib import Path

import pytest
from msgspec import json

from adapters.store.erase import Erased
from adapters.store.journal import SqliteJournal
from player.errors import StoreError
from player.session.messages import Memory, Started
from player.settings import Profile, Settings
from player.units import Seconds
from tests.contracts.journal import journal_entry, put_and_wait

SECRET = b"what was kept"


def started(resident: str) -> bytes:
    return json.encode(
        Started(
            at=Seconds(0.0), minute=0, boot="b", seed=1,
            settings=Settings(), profile=Profile(id=resident), memory=Memory(),
        )
    )  # fmt: skip


def test_waiting_written_and_later_entries_all_go(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path, "robin")) as other:
        put_and_wait(other, journal_entry(0, "r", event=started("robin"), memory=b'{"never":["r"]}'))
    with closing(SqliteJournal(path, "heron")) as journal:
        journal.append(journal_entry(0, "h", event=started("heron"), memory=b'{"never":["h"]}'))
        for number in range(500):
            journal.append(journal_entry(number, "h", effects=b'["%s"]' % SECRET))
        put_and_wait(journal, journal_entry(1, "torn", effects=b'["%s"]' % SECRET))
        assert journal.forget("heron") == Erased(runs=2, entries=502, memories=1, others=True)
        for number in range(10):
            put_and_wait(journal, journal_entry(number, "h", effects=SECRET, memory=b'{"never":["h"]}'))
        assert [entry.boot for entry in journal.entries()] == ["r"]
        assert journal.load_memory() is None
    for file in tmp_path.iterdir():
        assert SECRET not in file.read_bytes() and b"heron" not in file.read_bytes(), file
    with closing(SqliteJournal(path, "heron")) as journal:  # a new start keeps again
        put_and_wait(journal, journal_entry(0, "new"))
        assert [entry.boot for entry in journal.entries()] == ["r", "new"]


def test_forgetting_another_resident_leaves_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path, "heron")) as journal:
        put_and_wait(journal, journal_entry(0, "h", event=started("heron"), memory=b"{}"))
        assert journal.forget("robin") == Erased(runs=0, entries=0, memories=0, others=True)
        put_and_wait(journal, journal_entry(1, "h"))
        assert len(list(journal.entries())) == 2 and journal.load_memory() == b"{}"


def test_a_reader_in_the_way_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.store.erase.LOCK_TIMEOUT", 0.1)
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path, "heron")) as journal:
        put_and_wait(journal, journal_entry(0, "h", event=started("heron")))
        put_and_wait(journal, journal_entry(1, "h"))
        reading = journal.entries()
        next(reading)
        with pytest.raises(StoreError, match="reading the journal"):
            journal.forget("heron")
        list(reading)
        journal.forget("heron")
        assert list(journal.entries()) == []
