"""Sound from the web: real servers that throttle, cut, stall and redirect; a real Icecast; HLS; playlists."""

import itertools
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from adapters.decode import http, open_source
from adapters.decode.http import HttpFile
from adapters.decode.native import NativeSource
from adapters.decode.web import shown
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.contracts.audio_source import check_audio_source, check_bad_source, place, read_all
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.encode import encode
from tests.support.icecast import icecast
from tests.support.wav import write_wav

NOISE: Pcm = np.random.default_rng(1).normal(0.0, 0.1, (3 * SAMPLE_RATE, 2)).astype(np.float32)


@pytest.fixture
def web() -> Iterator[BadWeb]:
    with bad_web() as web:
        yield web


@pytest.fixture
def flac(tmp_path: Path) -> bytes:
    return encode(tmp_path / "noise.flac", NOISE, "flac").read_bytes()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_over_http_keeps_the_contract(web: BadWeb, flac: bytes, ranges: bool) -> None:
    web.pages["noise.flac"] = Page(flac, ranges=ranges)
    if ranges:
        check_audio_source(lambda: open_source(web.url("noise.flac")), NOISE)
    else:
        with open_source(web.url("noise.flac")) as source:
            assert place(read_all(source)[4800:14_400], NOISE) == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_is_cut_again_and_again_loses_nothing(
    web: BadWeb, flac: bytes, ranges: bool
) -> None:
    cut = len(flac) // 3 if ranges else 0
    web.pages["noise.flac"] = Page(flac, ranges=ranges, cut_after=cut)
    with open_source(web.url("noise.flac")) as source:
        whole = read_all(source)
    assert len(whole) == len(NOISE) and np.abs(whole - NOISE).max() < 1e-3
    assert not ranges or len(web.requests) >= 3


def test_redirections_are_followed_and_loops_are_named(web: BadWeb, flac: bytes) -> None:
    web.pages["noise.flac"] = Page(flac)
    web.pages["a"] = Page(b"", status=302, redirect=web.url("noise.flac"))
    web.pages["loop"] = Page(b"", status=302, redirect=web.url("loop"))
    web.pages["file"] = Page(b"", status=302, redirect="file:///etc/passwd")
    check_audio_source(lambda: open_source(web.url("a")), NOISE)
    for path in ("loop", "file"):
        assert "other addresses" in check_bad_source(partial(open_source, web.url(path))).problem


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_is_one_sentence_without_secrets(web: BadWeb, status: int) -> None:
    web.pages["x"] = Page(b"no", status=status)
    url = web.url("x?u=me&t=secret").replace("http://", "http://me:secret@")
    error = check_bad_source(lambda: open_source(url))
    assert str(status) in error.problem and "secret" not in str(error)
    assert shown(url) == web.url("x")


PLAYLISTS = {
    "list.m3u": ("audio/x-mpegurl", "#EXTM3U\n#EXTINF:3,Noise\n{path}\n"),
    "plain.m3u": ("application/octet-stream", "#EXTM3U\r\n{url}\r\n"),
    "list.pls": ("audio/x-scpls", "[playlist]\nFile1={url}\nTitle1=Noise\nNumberOfEntries=1\n"),
    "list.xspf": (
        "application/xspf+xml",
        '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
        "<title>Noise</title><location>{url}</location></track></trackList></playlist>",
    ),
    "feed": (
        "application/rss+xml",
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Cast</title><item><title>One</title>'
        '<enclosure url="{url}" type="audio/flac" length="1"/></item></channel></rss>',
    ),
    "list.asx": ("video/x-ms-asf", '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>'),
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_every_kind_of_playlist_leads_to_its_sound(web: BadWeb, flac: bytes, name: str) -> None:
    web.pages["noise.flac"] = Page(flac)
    kind, text = PLAYLISTS[name]
    web.pages[name] = Page(text.format(path="noise.flac", url=web.url("noise.flac")).encode(), kind)
    check_audio_source(lambda: open_source(web.url(name)), NOISE)


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("my song.flac", "my%20song.flac"),
        ("my%20song.flac", "my%20song.flac"),
        ("100% live.flac", "100%25%20live.flac"),
        ("Für; Nº+1.flac?a=b c&d=%2F", "F%C3%BCr;%20N%C2%BA+1.flac?a=b%20c&d=%2F"),
    ],
)
def test_addresses_are_quoted_once(web: BadWeb, flac: bytes, entry: str, asked: str) -> None:
    web.pages[asked.partition("?")[0]] = Page(flac)
    web.pages["list.m3u"] = Page(f"#EXTM3U\n{entry}\n".encode(), "audio/x-mpegurl")
    with open_source(web.url("list.m3u")) as source:
        assert source.read() is not None
    assert web.requests[-1][0] == asked


def test_entries_follow_each_other_and_broken_ones_are_passed_over(web: BadWeb, flac: bytes) -> None:
    web.pages["noise.flac"] = Page(flac)
    web.pages["list.m3u"] = Page(b"#EXTM3U\ngone.flac\nnoise.flac\nnoise.flac?again\n", "audio/x-mpegurl")
    with open_source(web.url("list.m3u")) as source:
        assert len(read_all(source)) == 2 * len(NOISE)


def test_a_playlist_on_this_disk_names_files_beside_it(tmp_path: Path) -> None:
    encode(tmp_path / "noise.flac", NOISE, "flac")
    (tmp_path / "list.m3u").write_text("noise.flac\n")
    check_audio_source(lambda: open_source(str(tmp_path / "list.m3u")), NOISE)


def test_playlists_that_lead_in_circles_end(web: BadWeb) -> None:
    web.pages["a.m3u"] = Page(b"#EXTM3U\nb.m3u\n")
    web.pages["b.m3u"] = Page(b"#EXTM3U\na.m3u\n")
    assert "back to itself" in check_bad_source(lambda: open_source(web.url("a.m3u"))).problem


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<rss><channel><item><title>&b;</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b"#EXTM3U\nfile:///etc/passwd\n/etc/passwd\n".replace(b"/etc/passwd\n", b"", 1)[:26] + b"\n",
        b"<?xml version='1.0'?>" + b"<a>" * 1000,
        b"#EXTM3U\n" + b"x" * (2 << 20),
        b"[playlist]\n",
        b"<?xml",
    ],
)
def test_a_hostile_playlist_is_refused_in_one_sentence(web: BadWeb, body: bytes) -> None:
    web.pages["list"] = Page(body, "audio/x-mpegurl")
    check_bad_source(lambda: open_source(web.url("list")))


def test_a_stalled_server_ends_when_the_deck_is_given_up(web: BadWeb, flac: bytes) -> None:
    web.pages["noise.flac"] = Page(flac, rate=20_000)
    given_up = threading.Event()
    file = HttpFile(web.url("noise.flac"), cancelled=given_up.is_set)
    file.read(100)
    web.stalled.set()
    threading.Timer(0.2, given_up.set).start()
    with pytest.raises(DecodeError, match="closed"):
        list(iter(lambda: file.read(1 << 16), b""))
    file.close()


def test_a_station_that_hangs_up_at_once_is_not_asked_without_a_pause(
    web: BadWeb, flac: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BACKOFF", (0.0, 0.0, 3600.0))
    monkeypatch.setattr(http, "WAIT", 0.01)
    web.pages["radio"] = Page(flac, "audio/flac", live=True, cut_after=1)
    asked = itertools.count()
    with HttpFile(web.url("radio"), cancelled=lambda: next(asked) > 99) as file:
        with pytest.raises(DecodeError, match="closed"):
            list(iter(lambda: file.read(1 << 16), b""))
        assert file.connections == 3


@pytest.mark.parametrize(("codec", "mount"), [("libmp3lame", "radio"), ("libvorbis", "radio.ogg")])
def test_a_station_of_icecast_is_heard_and_returns_after_its_server_was_killed(
    tmp_path: Path, codec: str, mount: str
) -> None:
    song = write_wav(tmp_path / "song.wav", NOISE)
    with icecast() as server:
        server.play(song, mount, codec)
        titles: list[str] = []
        with open_source(server.url(mount), on_title=titles.append) as source:
            assert source.duration == 0.0 and source.read() is not None
            server.name("Édith Piaf - La Vie en rose", mount)
            read_until(source, lambda: "Édith Piaf - La Vie en rose" in titles)
            server.stop()
            server.start()
            server.play(song, mount, codec)
            heard = 0
            while heard < 8 * SAMPLE_RATE:
                block = source.read()
                assert block is not None
                heard += len(block)


def read_until(source: object, true: object) -> None:
    for _ in range(200):
        if true():  # type: ignore[operator]
            return
        assert source.read() is not None  # type: ignore[attr-defined]
    raise AssertionError("it did not come")


def test_hls_is_decoded(web: BadWeb, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", NOISE)
    folder = tmp_path / "hls"
    folder.mkdir()
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(song), "-c:a", "aac", "-b:a", "192k", "-f", "hls"]
    argv += ["-hls_time", "1", "-hls_list_size", "0", str(folder / "live.m3u8")]
    subprocess.run(argv, check=True, timeout=60)
    web.folder(folder)
    web.pages["live.m3u8"].kind = "application/vnd.apple.mpegurl"
    with open_source(web.url("live.m3u8")) as source:
        heard = read_all(source)
    assert len(heard) / SAMPLE_RATE == pytest.approx(3.0, abs=0.1)
    assert place(heard[48_000:57_600], NOISE) == pytest.approx(1.0, abs=0.05)
    assert len([path for path, _ in web.requests if path.endswith(".ts")]) >= 3


def test_hls_never_reads_files_of_this_computer(web: BadWeb, tmp_path: Path) -> None:
    song = encode(tmp_path / "song.mp3", NOISE, "libmp3lame")
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{song}\n#EXT-X-ENDLIST\n"
    web.pages["evil.m3u8"] = Page(body.encode(), "application/vnd.apple.mpegurl")
    check_bad_source(lambda: open_source(web.url("evil.m3u8")))


@pytest.mark.parametrize(
    "body",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_a_list_of_the_web_is_not_analysed_from_files_of_this_computer(
    web: BadWeb, tmp_path: Path, body: str
) -> None:
    song = encode(tmp_path / "song.mp3", NOISE, "libmp3lame")
    web.folder(tmp_path)
    web.pages["good.m3u8"] = Page(body.format("song.mp3").encode())
    web.pages["evil.m3u8"] = Page(body.format(f"file://{song}").encode())
    with NativeSource(web.url("good.m3u8")) as source:
        assert next(source.blocks()).any()
    with pytest.raises(DecodeError, match=r"gives no sound|cannot be opened"):
        NativeSource(web.url("evil.m3u8"))
