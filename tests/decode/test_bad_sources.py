"""Files that people really have in their music folders."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.decode import open_source
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.contracts.audio_source import check_bad_source, read_all
from tests.support.encode import encode
from tests.support.wav import write_wav

NOISE: Pcm = np.random.default_rng(2).normal(0.0, 0.1, (4 * SAMPLE_RATE, 2)).astype(np.float32)
PIXEL = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp3", b"This is a letter to grandmother, not music.\n" * 500),
        ("empty.ogg", b""),
        ("picture.jpg", PIXEL),
        ("picture.mp3", PIXEL),
        ("noise.flac", np.random.default_rng(3).bytes(50_000)),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "),
        ("zeros.m4a", bytes(50_000)),
    ],
)
def test_what_is_no_music_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert check_bad_source(lambda: open_source(str(path))).uri == str(path)


def test_missing_and_folder_are_named(tmp_path: Path) -> None:
    assert "no such file" in check_bad_source(lambda: open_source(str(tmp_path / "gone.mp3"))).problem.lower()
    assert "folder" in check_bad_source(lambda: open_source(str(tmp_path))).problem


def test_cover_without_sound_is_named(tmp_path: Path) -> None:
    path = encode(tmp_path / "cover.mp3", NOISE[:0], "libmp3lame", picture=True)
    check_bad_source(lambda: open_source(str(path)))


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp3", "libmp3lame"), ("ogg", "vorbis"), ("wav", "pcm_s16le"), ("flac", "flac")]
)
def test_truncated_file_plays_as_far_as_it_goes(suffix: str, codec: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"cut.{suffix}", NOISE, codec)
    os.truncate(path, path.stat().st_size // 2)
    with open_source(str(path)) as source:
        pcm = read_all(source)
    assert 0.7 < len(pcm) / SAMPLE_RATE < 3.3


def test_truncated_m4a_without_its_index_is_named(tmp_path: Path) -> None:
    path = encode(tmp_path / "cut.m4a", NOISE, "aac")
    os.truncate(path, path.stat().st_size // 2)
    check_bad_source(lambda: open_source(str(path)))


def test_damaged_packets_are_skipped_and_counted(tmp_path: Path) -> None:
    path = encode(tmp_path / "scratched.mp3", NOISE, "libmp3lame")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = np.random.default_rng(4).bytes(3000)
    path.write_bytes(data)
    with open_source(str(path)) as source:
        pcm = read_all(source)
    assert len(pcm) / SAMPLE_RATE > 3.5


def test_broken_floats_become_finite(tmp_path: Path) -> None:
    broken = NOISE.copy()
    broken[1000:1100] = np.nan
    broken[2000:2100] = np.inf
    broken[3000:3100] = 1e30
    path = encode(tmp_path / "broken.wav", broken, "pcm_f32le")
    with open_source(str(path)) as source:
        pcm = read_all(source)
    assert np.isfinite(pcm).all()
    assert np.abs(pcm).max() <= 1.0


def test_file_removed_while_it_plays_plays_on(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "noise.wav", np.tile(NOISE, (3, 1)))
    with open_source(str(path)) as source:
        first = source.read()
        path.unlink()
        rest = read_all(source)
    assert first is not None
    assert len(first) + len(rest) == 3 * len(NOISE)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/radio.mp3"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in taken:
            connection.close()


def test_a_server_that_never_answers_does_not_hang(
    silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.decode.av.OPEN_TIMEOUT", 0.3)
    check_bad_source(lambda: open_source(silent_server))


def test_refused_connection_is_named() -> None:
    assert (
        "takes no connection" in check_bad_source(lambda: open_source("http://127.0.0.1:9/radio.mp3")).problem
    )


def test_unknown_protocol_is_tried_with_libvlc_and_named() -> None:
    check_bad_source(lambda: open_source("nosuch://somewhere/track"))


def test_without_libvlc_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vlc", None)  # makes `import vlc` fail
    assert "apt-get install libvlc5" in check_bad_source(lambda: open_source("nosuch://x/y")).problem
