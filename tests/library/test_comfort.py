"""The comfort set on a real disk: whole copies, within its bound, the best first."""

import os
from pathlib import Path

import pytest
from msgspec import structs

from adapters.library.comfort import INDEX, ComfortStore
from player.errors import LibraryError
from player.model import CatalogueEntry
from tests.support.pieces import piece

MIB = 1 << 20


def made(folder: Path, name: str, size: int = MIB // 2) -> CatalogueEntry:
    path = folder / f"{name}.ogg"
    path.write_bytes(name.encode() * (size // len(name)))
    entry = piece(name)
    return structs.replace(entry, track=structs.replace(entry.track, uri=str(path)))


def test_pieces_are_copied_and_found_again(tmp_path: Path) -> None:
    pieces = [made(tmp_path, name) for name in ("a", "b")]
    store = ComfortStore(tmp_path / "comfort", 200)
    assert store.load() == ()
    kept = store.keep(pieces)
    assert [e.track.id for e in kept] == [e.track.id for e in pieces]
    for original, copy in zip(pieces, kept, strict=True):
        assert Path(copy.track.uri).read_bytes() == Path(original.track.uri).read_bytes()
        os.unlink(original.track.uri)
    assert ComfortStore(tmp_path / "comfort", 200).load() == kept
    assert store.keep(pieces) == kept, "what is away stays as it was copied"


def test_never_more_than_its_bound_and_nothing_that_is_not_wanted(tmp_path: Path) -> None:
    pieces = [made(tmp_path, name) for name in ("a", "b", "c", "d")]
    store = ComfortStore(tmp_path / "comfort", 1)
    assert len(store.keep(pieces)) == 2
    assert [e.track.id for e in store.keep(pieces[2:])] == [e.track.id for e in pieces[2:]]
    names = {path.name for path in (tmp_path / "comfort").iterdir()}
    assert len(names) == 3 and INDEX in names


def test_a_missing_file_costs_only_itself_and_a_torn_index_is_named(tmp_path: Path) -> None:
    good, missing = made(tmp_path, "a"), made(tmp_path, "b")
    os.unlink(missing.track.uri)
    store = ComfortStore(tmp_path / "comfort", 200)
    assert [e.track.id for e in store.keep([missing, good])] == [good.track.id]
    (tmp_path / "comfort" / INDEX).write_bytes(b"[{")
    with pytest.raises(LibraryError, match="made anew"):
        store.load()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "comfort").write_text("")
    with pytest.raises(LibraryError, match="cannot be kept"):
        ComfortStore(tmp_path / "comfort", 200).keep([made(tmp_path, "a")])
