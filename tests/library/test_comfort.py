"""The comfort set on a real disk: whole copies, within its bound, the best first."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from adapters.decode import http
from adapters.library.comfort import INDEX, ComfortStore
from player.errors import LibraryError
from player.model import CatalogueEntry
from player.units import Seconds
from tests.support.badweb import BadWeb, Page, bad_web
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


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadWeb]:
    monkeypatch.setattr(http, "GIVE_UP", Seconds(0.5))
    with bad_web() as server:
        yield server


def served(web: BadWeb, name: str, size: int = MIB // 2, **how: object) -> CatalogueEntry:
    body = name.encode() * (size // len(name))
    web.pages[name] = Page(body, "audio/ogg", **how)
    return piece(name, uri=f"nas://{name}")


def store_of(folder: Path, web: BadWeb, limit: int = 200) -> ComfortStore:
    return ComfortStore(folder / "comfort", limit, lambda uri: web.url(uri.removeprefix("nas://")))


@pytest.mark.parametrize("cut_after", [0, 1, 70_000, 200_000])
def test_a_piece_on_a_server_is_copied_whole_and_outlives_the_server(
    tmp_path: Path, web: BadWeb, cut_after: int
) -> None:
    pieces = [served(web, "a", cut_after=cut_after), served(web, "b")]
    if cut_after == 1:  # every connection breaks off at its first piece: nothing half is kept
        web.pages["a"].ranges = False
    kept = store_of(tmp_path, web).keep(pieces)
    names = [entry.track.id for entry in kept]
    assert names == (["b"] if cut_after == 1 else ["a", "b"])
    for entry in kept:
        assert Path(entry.track.uri).read_bytes() == web.pages[entry.track.id].body
    web.refusing.set()
    assert store_of(tmp_path, web).keep(pieces) == kept
    assert {path.name for path in (tmp_path / "comfort").iterdir()} == {INDEX, *names}


def test_what_is_too_large_is_not_even_begun_and_a_station_never_copied(tmp_path: Path, web: BadWeb) -> None:
    large, small = served(web, "large", 3 * MIB), served(web, "small")
    served(web, "radio", live=True)
    station = piece("radio", uri="nas://radio", live=True)
    kept = store_of(tmp_path, web, limit=1).keep([station, large, small])
    assert [entry.track.id for entry in kept] == ["small"]
    assert [path for path, _ in web.requests] == ["large", "small"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "comfort").write_text("")
    with pytest.raises(LibraryError, match="cannot be kept"):
        ComfortStore(tmp_path / "comfort", 200).keep([made(tmp_path, "a")])
