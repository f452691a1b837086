"""A music server of the Subsonic API as a library: found, heard, approved only when somebody says so."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.decode import open_source
from adapters.decode.web import shown
from adapters.library.subsonic import Servers, SubsonicServer
from player.errors import LibraryError
from player.ports.audio import Pcm
from player.selection.facts import Describer, Flag
from player.settings import Profile, ServerSettings, Taste
from player.units import SAMPLE_RATE
from tests.contracts.audio_source import check_audio_source
from tests.support.encode import encode
from tests.support.subsonic import PASSWORD, USER, Subsonic, subsonic

NOISE: Pcm = np.random.default_rng(1).normal(0.0, 0.1, (3 * SAMPLE_RATE, 2)).astype(np.float32)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Subsonic]:
    file = encode(tmp_path / "noise.flac", NOISE, "flac")
    songs = {f"so/{n} ü": (f"Album {n // 3}", f"Song {n}", "Vera Lynn", 1943, file) for n in range(7)}
    with subsonic(songs) as server:
        yield server


def settings(server: Subsonic, folder: Path, password: str = PASSWORD) -> ServerSettings:
    secret = folder / "nas"
    secret.write_text(f"{USER}\n{password}\n")
    return ServerSettings(name="nas", url=server.url, credentials_file=str(secret))


def test_every_song_is_found_and_heard(server: Subsonic, tmp_path: Path) -> None:
    configured = settings(server, tmp_path)
    entries = list(SubsonicServer(configured).tracks())
    assert [entry.track.title for entry in entries] == [f"Song {n}" for n in range(7)]
    assert len({entry.track.id for entry in entries}) == 7
    assert entries[0].track.artist == "Vera Lynn" and entries[0].track.year == 1943
    servers = Servers((configured,))
    check_audio_source(lambda: open_source(servers.resolved(entries[3].track.uri)), NOISE)


def test_what_is_kept_and_shown_holds_no_secret(server: Subsonic, tmp_path: Path) -> None:
    configured = settings(server, tmp_path)
    entry = next(SubsonicServer(configured).tracks())
    url = Servers((configured,)).resolved(entry.track.uri)
    assert all(PASSWORD not in path for path in server.requests)
    assert "t=" in url and "t=" not in shown(url) and "t=" not in entry.track.uri


def test_a_remote_library_is_not_approved_but_for_what_is_loved(server: Subsonic, tmp_path: Path) -> None:
    entry = next(SubsonicServer(settings(server, tmp_path)).tracks())
    stranger = Describer(Profile(id="heron"))
    fan = Describer(Profile(id="heron", loved=Taste(artists=("Vera Lynn",))))
    assert stranger.facts(entry).flags & Flag.UNAPPROVED
    assert not fan.facts(entry).flags & Flag.UNAPPROVED


def test_trouble_is_one_sentence(server: Subsonic, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="Wrong username or password"):
        list(SubsonicServer(settings(server, tmp_path, "wrong")).tracks())
    away = ServerSettings(name="nas", url="http://127.0.0.1:9", credentials_file=str(tmp_path / "nas"))
    with pytest.raises(LibraryError, match="cannot be reached"):
        list(SubsonicServer(away).tracks())
    with pytest.raises(LibraryError, match="there is no music server"):
        Servers(()).resolved("subsonic:nas/1")
