"""Playlists on a stick find their files; those of the web name nothing but the web."""

from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from adapters.decode import open_source
from adapters.decode.playlist import PlaylistError, parse
from tests.support.wav import write_wav

NOISE = np.random.default_rng(1).normal(0.0, 0.1, (4800, 2)).astype(np.float32)
XSPF = (
    '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
    "<location>{}</location></track></trackList></playlist>"
)


@pytest.mark.parametrize(
    ("playlist", "text", "song"),
    [
        ("list.m3u", "Für Elise.wav\r\n", "Für Elise.wav"),
        ("list.m3u", "Mozart: Requiem.wav", "Mozart: Requiem.wav"),
        ("list.m3u", "Song #1, 100% live?.wav", "Song #1, 100% live?.wav"),
        ("list.m3u", "my%20song.wav", "my%20song.wav"),
        ("list.m3u", "file://{folder}/my%20song.wav", "my song.wav"),
        ("list.m3u", "FILE://localhost{folder}/my%20song.wav", "my song.wav"),
        ("list.m3u", "file:{folder}/my%20song.wav", "my song.wav"),
        ("lists/list.m3u", "..\\gone\\..\\my song.wav", "my song.wav"),
        ("list.pls", "[playlist]\nFile1=Für Elise.wav\n", "Für Elise.wav"),
        ("list.xspf", XSPF.format("my%20song%20%231.wav"), "my song #1.wav"),
        ("list.xspf", XSPF.format("file://{folder}/my%20song.wav"), "my song.wav"),
        ("#1 hits/list.m3u", "a.wav", "#1 hits/a.wav"),
        ("what? hits/list.m3u", "a.wav", "what? hits/a.wav"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_playlist_on_a_stick_finds_its_files(
    tmp_path: Path, playlist: str, text: str, song: str, encoding: str
) -> None:
    for path in (tmp_path / playlist, tmp_path / song):
        path.parent.mkdir(exist_ok=True)
    write_wav(tmp_path / song, NOISE)
    (tmp_path / playlist).write_bytes(text.replace("{folder}", quote(str(tmp_path))).encode(encoding))
    with open_source(str(tmp_path / playlist)) as source:
        assert source.read() is not None


@pytest.mark.parametrize(
    "entry",
    [
        "file:///etc/hostname",
        "FILE:///etc/hostname",
        "file:/etc/hostname",
        "concat:a|b",
        "concat:///etc/hostname",
        "smb://nas/a.mp3",
    ],
)
@pytest.mark.parametrize("text", ["#EXTM3U\n{}\n", "[playlist]\nFile1={}\n", XSPF])
def test_a_playlist_of_the_web_names_nothing_but_the_web(entry: str, text: str) -> None:
    with pytest.raises(PlaylistError, match="without an address"):
        parse(text.format(entry).encode(), "http://station.example/list.m3u")


@pytest.mark.parametrize(
    "entry", ["http://station.example/a", "HTTPS://station.example/a", "smb://nas/a.mp3"]
)
def test_a_playlist_on_a_stick_may_name_the_web(entry: str) -> None:
    assert [found.uri for found in parse(entry.encode(), "/music/#1/list.m3u")] == [entry]
