"""Tags as they are found in the wild."""

from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
import mutagen.wave
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.easyid3 import EasyID3

from adapters.library.tags import LONGEST, Tags, clean, read_tags, tags_of
from tests.support.music import music

untyped: Any = mutagen  # its functions carry no types


def tagged(path: Path, **tags: str) -> Path:
    music(path, seconds=0.5)
    file = mutagen.File(path, easy=True)
    assert file is not None
    if file.tags is None:
        file.add_tags()
    for name, value in tags.items():
        file[name] = value
    file.save()
    return path


@pytest.mark.parametrize("kind", ["mp3", "ogg", "opus", "flac"])
def test_reads_what_is_there(tmp_path: Path, kind: str) -> None:
    path = tagged(
        tmp_path / f"x.{kind}",
        title="Moon River",
        artist="Audrey",
        album="Film",
        date="1961-10-05",
        language="eng",
    )
    tags = read_tags(str(path))
    assert (tags.title, tags.artist, tags.album) == ("Moon River", "Audrey", "Film")
    assert (tags.year, tags.language) == (1961, "en")


def test_reads_mp4_and_wav(tmp_path: Path) -> None:
    tags = read_tags(str(tagged(tmp_path / "x.m4a", title="A", artist="B", date="1950")))
    assert (tags.title, tags.artist, tags.year) == ("A", "B", 1950)
    wav = untyped.wave.WAVE(music(tmp_path / "x.wav"))
    wav.add_tags()
    for frame, text in (("TIT2", "C"), ("TPE1", "D"), ("TDRC", "1949")):
        wav.tags.add(getattr(untyped.id3, frame)(encoding=3, text=text))
    wav.save()
    tags = read_tags(str(tmp_path / "x.wav"))
    assert (tags.title, tags.artist, tags.year) == ("C", "D", 1949)


def test_the_year_is_that_of_the_first_release(tmp_path: Path) -> None:
    path = tagged(tmp_path / "x.mp3", date="2004", originaldate="1956")
    assert read_tags(str(path)).year == 1956


@pytest.mark.parametrize(
    ("written", "year"),
    [("1961", 1961), ("05.10.1961", 1961), ("61", None), ("0000", None), ("19611005", None)],
)
def test_only_a_plausible_year_counts(tmp_path: Path, written: str, year: int | None) -> None:
    assert read_tags(str(tagged(tmp_path / "x.flac", date=written))).year == year


@pytest.mark.parametrize(
    ("written", "language"),
    [("deu", "de"), ("ger", "de"), ("DE", "de"), ("nob", "no"), ("gsw", "gsw"), ("XXX", ""), ("German", "")],
)
def test_languages_are_named_as_in_profiles(tmp_path: Path, written: str, language: str) -> None:
    assert read_tags(str(tagged(tmp_path / "x.flac", language=written))).language == language


def test_control_characters_are_taken_out_and_length_is_bounded(tmp_path: Path) -> None:
    path = tagged(tmp_path / "x.flac", title="\x1b[31mRed\u202e\x07\tline\n two\x00", artist="long " * 5000)
    tags = read_tags(str(path))
    assert tags.title == "[31mRed line two"
    assert len(tags.artist) <= LONGEST
    assert tags.artist.startswith("long long")


@given(st.text(max_size=400))
def test_clean_text_is_printable_and_stays_so(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= LONGEST
    assert cleaned.isprintable()
    assert clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        ("Moon River", "", "Moon River"),
        ("Audrey - Moon River", "Audrey", "Moon River"),
        ("07 - Audrey - Moon_River", "Audrey", "Moon River"),
        ("07. Moon River", "", "Moon River"),
        ("99 Luftballons", "", "Luftballons"),
        ("1999", "", "1999"),
        (" - ", "", "-"),
    ],
)
def test_without_tags_the_name_is_read(tmp_path: Path, name: str, artist: str, title: str) -> None:
    path = tmp_path / f"{name}.mp3"
    path.write_bytes(b"no music")
    tags = read_tags(str(path))
    assert (tags.artist, tags.title) == (artist, title)


def test_a_title_of_only_control_characters_counts_as_none(tmp_path: Path) -> None:
    assert read_tags(str(tagged(tmp_path / "name.flac", title="\x01\x02"))).title == "name"


def test_an_artist_in_the_name_is_not_mixed_with_a_tagged_title(tmp_path: Path) -> None:
    assert read_tags(str(tagged(tmp_path / "A - B.flac", title="C"))).artist == ""


@pytest.mark.parametrize("kind", ["mp3", "ogg", "m4a", "flac", "opus", "wav"])
def test_a_damaged_file_has_the_title_of_its_name(tmp_path: Path, kind: str) -> None:
    content = bytearray(
        tagged(tmp_path / f"a.{kind}", **({} if kind == "wav" else {"title": "T"})).read_bytes()
    )
    damaged = tmp_path / f"Damaged.{kind}"
    for step in range(0, 200, 7):
        content[step : step + 5] = b"\xff" * 5
        damaged.write_bytes(content)
        assert read_tags(str(damaged)).title in ("T", "Damaged")


def test_a_missing_file_has_the_title_of_its_name(tmp_path: Path) -> None:
    assert read_tags(str(tmp_path / "gone.mp3")).title == "gone"


def test_the_names_used_are_those_of_the_library() -> None:
    assert {"title", "artist", "album", "date", "originaldate", "language"} <= set(EasyID3.valid_keys)


def test_tags_of_a_stream_follow_the_same_rules() -> None:
    tags = tags_of({"TITLE": " A\nsong ", "artist": "Someone", "DATE": "1961-02-03"}, "http://nas/a.mp3")
    assert tags == Tags(title="A song", artist="Someone", year=1961)
    assert tags_of({}, "http://nas/m/07%20-%20Ann%20-%20Song.mp3?x=1") == Tags(title="Song", artist="Ann")
