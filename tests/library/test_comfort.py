"""The comfort set on a real disk: whole copies, within its bound, the best first."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from adapters.decode import http
from adapters.library.comfort import INDEX, ComfortStore
from adapters.library.subsonic import Servers
from player.errors import LibraryError
from player.model import CatalogueEntry
from player.settings import ServerSettings
from player.units import SAMPLE_RATE, Seconds
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.encode import encode
from tests.support.pieces import piece
from tests.support.subsonic import PASSWORD, USER, subsonic

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


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(1).normal(0.0, 0.1, (2 * SAMPLE_RATE, 2)).astype(np.float32)
    return encode(tmp_path_factory.mktemp("song") / "song.flac", noise, "flac")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadWeb]:
    monkeypatch.setattr(http, "GIVE_UP", Seconds(0.5))
    monkeypatch.setattr(http, "BACKOFF", (0.0, 0.01))  # with its own a piece cut to 4 kB takes five minutes
    with bad_web() as server:
        yield server


def store_of(folder: Path, web: BadWeb, limit: int = 200) -> ComfortStore:
    def resolved(uri: str) -> str:
        if uri == "subsonic:gone/1":
            raise LibraryError("there is no music server gone in the settings.")
        return web.url(uri.removeprefix("subsonic:nas/")) if uri.startswith("subsonic:") else uri

    return ComfortStore(folder / "comfort", limit, resolved)


def on_server(name: str) -> CatalogueEntry:
    return piece(name, uri=f"subsonic:nas/{name}")


def names(kept: tuple[CatalogueEntry, ...]) -> list[str]:
    return [entry.track.id for entry in kept]


def test_a_piece_of_a_real_server_is_copied(tmp_path: Path, song: Path) -> None:
    with subsonic({"1": ("Evening", "Milord", "Piaf", 1959, song)}) as server:
        secret = tmp_path / "secret"
        secret.write_text(f"{USER}\n{PASSWORD}\n")
        servers = Servers((ServerSettings(name="nas", url=server.url, credentials_file=str(secret)),))
        (_, client), *_ = servers
        pieces = list(client.tracks())
        store = ComfortStore(tmp_path / "comfort", 200, servers.resolved)
        kept = store.keep(pieces)
    assert len(kept) == 1
    assert Path(kept[0].track.uri).read_bytes() == song.read_bytes()
    assert store.keep(pieces) == kept, "its server is away: the copy stays"


@pytest.mark.parametrize("cut_after", [0, *range(4096, 300_000, 32_768)])
def test_wherever_the_connection_breaks_a_copy_is_whole(
    tmp_path: Path, web: BadWeb, song: Path, cut_after: int
) -> None:
    web.pages["a"] = Page(song.read_bytes(), "audio/flac", cut_after=cut_after)
    (kept,) = store_of(tmp_path, web).keep([on_server("a")])
    assert Path(kept.track.uri).read_bytes() == song.read_bytes()
    assert {path.name for path in (tmp_path / "comfort").iterdir()} == {INDEX, "a"}


def test_half_a_piece_is_never_kept(tmp_path: Path, web: BadWeb, song: Path) -> None:
    """The server has no ranges, and breaks off each time; or does not say how long a piece is."""
    web.pages["a"] = Page(song.read_bytes(), "audio/flac", cut_after=70_000, ranges=False)
    web.pages["b"] = Page(song.read_bytes(), "audio/flac", live=True)
    assert store_of(tmp_path, web).keep([on_server("a"), on_server("b")]) == ()
    assert {path.name for path in (tmp_path / "comfort").iterdir()} == {INDEX}


def test_what_is_no_music_costs_only_itself(tmp_path: Path, web: BadWeb, song: Path) -> None:
    web.pages["refusal"] = Page(b'{"subsonic-response": {"status": "failed"}}', "application/json")
    web.pages["page"] = Page(b"<html>sign in", "text/html; charset=utf-8")
    web.pages["rubbish"] = Page(b"x" * 100_000, "audio/flac")
    web.pages["good"] = Page(song.read_bytes(), "audio/flac")
    feed = piece("feed", uri=web.url("good"))  # a feed or a station, wrongly said to have an end
    gone = piece("gone", uri="subsonic:gone/1")
    pieces = [gone, feed, *map(on_server, ("refusal", "page", "rubbish", "good"))]
    assert names(store_of(tmp_path, web).keep(pieces)) == ["good"]


def test_what_is_too_large_is_not_even_begun_and_a_station_never_copied(
    tmp_path: Path, web: BadWeb, song: Path
) -> None:
    web.pages["large"] = Page(song.read_bytes() * 20, "audio/flac")
    web.pages["small"] = Page(song.read_bytes(), "audio/flac")
    station = piece("radio", uri="subsonic:nas/radio", live=True)
    kept = store_of(tmp_path, web, limit=1).keep([station, on_server("large"), on_server("small")])
    assert names(kept) == ["small"]
    assert [path for path, _ in web.requests] == ["large", "small"]


@pytest.mark.parametrize("step", range(4))
def test_a_disk_that_fills_at_any_write_leaves_nothing_half(
    tmp_path: Path, web: BadWeb, song: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.pages["a"] = Page(song.read_bytes(), "audio/flac")
    monkeypatch.setattr("adapters.library.comfort.CHUNK", 65_536)
    steps = iter(range(1000))

    def fsync(_: int) -> None:
        if next(steps) == step:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    store = store_of(tmp_path, web)
    for _ in range(4):
        with suppress(LibraryError):
            store.keep([on_server("a"), made(tmp_path, "b")])
    assert names(store.load()) == ["a", "b"]
    assert not [path for path in (tmp_path / "comfort").iterdir() if path.name.endswith(".new")]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "comfort").write_text("")
    with pytest.raises(LibraryError, match="cannot be kept"):
        ComfortStore(tmp_path / "comfort", 200).keep([made(tmp_path, "a")])
