"""The catalogue on disk."""

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import msgspec
import pytest

from adapters.store.catalogue import MIGRATIONS, Catalogue
from player.errors import StoreError
from player.model import FEATURES_VERSION, CatalogueEntry, ScanMode, Track, TrackFeatures
from player.ports.records import FileRecord
from player.units import Lufs, Seconds

TRACK = Track(id="t1", uri="/music/a.mp3", title="Ä", duration=Seconds(100.0), year=1950)
FILE = FileRecord(path="/music/a.mp3", size=10, mtime_ns=20, track_id="t1")
FEATURES = TrackFeatures(heard=Seconds(100.0), integrated_loudness=Lufs(-20.0))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


@pytest.fixture
def catalogue(path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(path)
    yield catalogue
    catalogue.close()


def test_gives_back_after_reopening_what_was_recorded(catalogue: Catalogue, path: Path) -> None:
    catalogue.record(FILE, TRACK)
    catalogue.record(FileRecord(path="/music/b.mp3", size=1, mtime_ns=2, error="is empty"))
    catalogue.save_features("t1", FEATURES)
    again = Catalogue(path)
    assert again.files() == {
        "/music/a.mp3": FILE,
        "/music/b.mp3": FileRecord(path="/music/b.mp3", size=1, mtime_ns=2, error="is empty"),
    }
    assert again.entries() == {"t1": CatalogueEntry(track=TRACK, features=FEATURES)}
    assert again.features("t1") == FEATURES
    assert again.features("t2") is None
    again.close()


def test_a_changed_file_replaces_its_record(catalogue: Catalogue) -> None:
    catalogue.record(FILE, TRACK)
    changed = msgspec.structs.replace(FILE, mtime_ns=21, track_id=None, error="is damaged")
    catalogue.record(changed)
    assert catalogue.files() == {FILE.path: changed}


def test_features_of_another_version_are_not_seen_and_are_replaced(catalogue: Catalogue) -> None:
    catalogue.record(FILE, TRACK)
    catalogue.save_features("t1", msgspec.structs.replace(FEATURES, version=FEATURES_VERSION + 1))
    assert catalogue.features("t1") is None
    assert catalogue.entries()["t1"].features is None
    shorter = msgspec.structs.replace(FEATURES, heard=Seconds(50.0))
    catalogue.save_features("t1", shorter)
    assert catalogue.features("t1") == shorter


def test_features_that_heard_less_do_not_replace_those_that_heard_more(catalogue: Catalogue) -> None:
    catalogue.save_features("t1", FEATURES)
    catalogue.save_features("t1", msgspec.structs.replace(FEATURES, heard=Seconds(5.0)))
    assert catalogue.features("t1") == FEATURES


def test_a_quick_scan_never_replaces_a_full_one(catalogue: Catalogue) -> None:
    quick = msgspec.structs.replace(FEATURES, scan_mode=ScanMode.QUICK, heard=Seconds(60.0))
    short = msgspec.structs.replace(FEATURES, heard=Seconds(50.0))
    for features, kept in ((quick, quick), (short, short), (quick, short), (FEATURES, FEATURES)):
        catalogue.save_features("t1", features)
        assert catalogue.features("t1") == kept
    stale = msgspec.structs.replace(FEATURES, version=FEATURES_VERSION - 1)
    catalogue.save_features("t2", stale)
    catalogue.save_features("t2", quick)
    assert catalogue.features("t2") == quick


def test_many_files_are_saved_at_once_or_not_at_all(catalogue: Catalogue) -> None:
    other = msgspec.structs.replace(FILE, path="/music/b.mp3")

    def failing() -> Iterator[tuple[FileRecord, Track, TrackFeatures]]:
        yield FILE, TRACK, FEATURES
        raise RuntimeError

    with pytest.raises(RuntimeError):
        catalogue.save(failing())
    assert catalogue.files() == {}
    catalogue.save([(FILE, TRACK, FEATURES), (other, TRACK, None)])
    assert set(catalogue.files()) == {FILE.path, other.path}
    assert catalogue.look_up(other.path) == (other, CatalogueEntry(track=TRACK, features=FEATURES))
    assert catalogue.look_up("/elsewhere") is None
    assert catalogue.of_size(FILE.size) == [CatalogueEntry(track=TRACK, features=FEATURES)]
    assert catalogue.of_size(FILE.size + 1) == []


def test_a_catalogue_of_the_first_schema_is_carried_over(path: Path) -> None:
    with sqlite3.connect(path) as plain:
        for statement in MIGRATIONS[0]:
            plain.execute(statement)
        plain.execute("PRAGMA user_version = 1")
        row = ("t1", FEATURES_VERSION, 100.0, msgspec.json.encode(FEATURES))
        plain.execute("INSERT INTO features VALUES (?, ?, ?, ?)", row)
    plain.close()
    catalogue = Catalogue(path)
    assert catalogue.features("t1") == FEATURES
    catalogue.save_features("t1", msgspec.structs.replace(FEATURES, scan_mode=ScanMode.QUICK))
    assert catalogue.features("t1") == FEATURES
    catalogue.close()


def test_a_failure_of_another_version_is_tried_again(catalogue: Catalogue, path: Path) -> None:
    catalogue.record(FileRecord(path="/x", size=1, mtime_ns=2, error="is damaged"))
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE files SET version = version - 1")
    plain.close()
    assert catalogue.files() == {}


def test_gone_files_are_forgotten_and_their_features_kept(catalogue: Catalogue) -> None:
    catalogue.record(FILE, TRACK)
    catalogue.save_features("t1", FEATURES)
    catalogue.forget([FILE.path, "/never/seen"])
    assert catalogue.files() == {}
    assert catalogue.features("t1") == FEATURES


def test_is_private(catalogue: Catalogue, path: Path) -> None:
    catalogue.record(FILE, TRACK)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_damaged_one_is_moved_aside(path: Path) -> None:
    path.write_bytes(b"text, not a database" * 100)
    errors: list[StoreError] = []
    catalogue = Catalogue(path, errors.append)
    catalogue.record(FILE, TRACK)
    catalogue.close()
    assert "was damaged" in str(errors[0])
    assert len(list(path.parent.glob("catalogue.damaged-*.db"))) == 1


def test_a_disk_error_is_a_store_error(catalogue: Catalogue, path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("DROP TABLE files")
    plain.close()
    with pytest.raises(StoreError, match="Free some space"):
        catalogue.record(FILE, TRACK)
    with pytest.raises(StoreError):
        catalogue.files()
    catalogue.save_features("t1", FEATURES)  # the failed transaction left nothing behind


@pytest.mark.parametrize("stored", [b"", b'{"id": "t1"', b'{"id": 1}', b'{"id": "\xff"}', b'["old"]', "text"])
def test_what_cannot_be_read_is_looked_at_anew(catalogue: Catalogue, path: Path, stored: bytes | str) -> None:
    other = msgspec.structs.replace(TRACK, id="t2")
    catalogue.record(FILE, TRACK)
    catalogue.record(msgspec.structs.replace(FILE, path="/music/b.mp3", track_id="t2"), other)
    catalogue.save_features("t1", FEATURES)
    catalogue.save_features("t2", FEATURES)
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE tracks SET json = ? WHERE id = 't1'", (stored,))
        plain.execute("UPDATE features SET json = ?", (stored,))
    plain.close()
    assert catalogue.entries() == {"t2": CatalogueEntry(track=other, features=None)}
    assert catalogue.features("t1") is None
    catalogue.record(FILE, TRACK)
    catalogue.save_features("t1", FEATURES)
    assert catalogue.entries()["t1"] == CatalogueEntry(track=TRACK, features=FEATURES)


def test_two_that_make_the_file_at_the_same_moment_both_get_it(tmp_path: Path) -> None:
    """The nightly scan and a scan by hand on a new machine."""
    for attempt in range(30):
        path = tmp_path / f"{attempt}.db"
        together = Barrier(4)

        def make(path: Path = path, together: Barrier = together) -> None:
            together.wait()
            Catalogue(path).close()

        with ThreadPoolExecutor(4) as threads:
            for made in [threads.submit(make) for _ in range(4)]:
                made.result()
