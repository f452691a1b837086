"""Titles in the Ogg of a station, as real encoders write them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.decode.ogg import LONGEST, OggTitles, length_of, title_of

CODECS = ("libvorbis", "libopus", "flac")


def piece(path: Path, codec: str, **tags: str) -> bytes:
    """0.4 s of noise with these comments."""
    argv = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "anoisesrc=d=0.4:r=48000",
        "-ac",
        "2",
    ]
    argv += ["-c:a", codec, *(word for tag in tags.items() for word in ("-metadata", "=".join(tag)))]
    subprocess.run([*argv, "-f", "ogg", str(path)], check=True, timeout=60)
    return path.read_bytes()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("step", [1, 77, 1 << 20])
def test_each_piece_names_itself_however_its_bytes_come(tmp_path: Path, codec: str, step: int) -> None:
    sound = piece(tmp_path / "a", codec, artist="Édith Piaf", title="Milord")
    sound += piece(tmp_path / "b", codec, title="News") + piece(tmp_path / "c", codec)
    titles = OggTitles()
    said: list[str] = []
    for at in range(0, len(sound), step):
        titles.push(sound[at : at + step])
        if titles.title is not None and titles.title not in said:
            said.append(titles.title)
    assert titles.title == "News", "a piece without a name leaves the last one"
    assert said == (["Édith Piaf - Milord", "News"] if step < 1 << 20 else ["News"])


@given(st.binary(max_size=400), st.integers(0, 60))
@settings(deadline=None)
def test_no_bytes_break_it(rubbish: bytes, at: int) -> None:
    titles = OggTitles()
    titles.push(b"OggS" + rubbish[:at])
    titles.push(rubbish[at:] + b"OggS")
    assert titles.title is None or isinstance(titles.title, str)
    assert isinstance(title_of(b"OpusTags" + rubbish), str)


@pytest.mark.parametrize("codec", CODECS)
def test_the_length_is_that_of_all_parts_also_behind_damage(tmp_path: Path, codec: str) -> None:
    part = piece(tmp_path / "a", codec)
    file = tmp_path / "chain"
    file.write_bytes(part + part)
    assert length_of(str(file)) == pytest.approx(0.8, abs=0.03)
    rubbish = bytes(3) + b"Ogg" + bytes(100_000)
    file.write_bytes(part + rubbish + part)
    assert length_of(str(file)) == pytest.approx(0.8, abs=0.03)
    late = tmp_path / "none"
    assert length_of(str(late)) == 0.0


def test_an_endless_packet_is_not_kept() -> None:
    """Pages without an end of their packet: a hostile station, or a large picture."""
    titles = OggTitles()
    first = b"OggS\0\x02" + bytes(20) + b"\x01\x01" + b"x"
    titles.push(first)
    page = b"OggS\0\0" + bytes(20) + b"\xff" + b"\xff" * 255 + bytes(255 * 255)
    for _ in range(40):
        titles.push(page)
    kept = sum(len(value) for value in vars(titles).values() if isinstance(value, bytearray))
    assert kept < LONGEST + 2 * len(page)
