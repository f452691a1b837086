"""What a file says about itself: title, artist, album, year, language."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import mutagen
from msgspec import Struct
from mutagen.id3 import ID3

LONGEST: Final = 200  # characters of any text
YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")  # of release: 1500-2099
NUMBER = re.compile(r"^\d{1,3}[\s._-]+(?=\S)")  # "07 - " before a title in a file name
LANGUAGE = re.compile(r"^[a-z]{2,3}$")

ID3_FRAMES: Final = {  # of WAV, which mutagen gives without its easy names
    "title": ("TIT2",),
    "artist": ("TPE1",),
    "album": ("TALB",),
    "originaldate": ("TDOR", "TORY"),
    "date": ("TDRC", "TYER"),
    "language": ("TLAN",),
}

# ISO 639-1, as profiles name languages, and ISO 639-2 in both its forms; those of Europe and its residents.
LANGUAGES: Final = """
    ar ara, bg bul, bs bos, ca cat, cs ces cze, cy cym wel, da dan, de deu ger, el ell gre, en eng,
    es spa, et est, eu eus baq, fa fas per, fi fin, fr fra fre, ga gle, he heb, hi hin, hr hrv, hu
    hun, is isl ice, it ita, ja jpn, ko kor, lb ltz, lt lit, lv lav, mk mkd mac, mt mlt, nl nld dut,
    no nor nob nno, pa pan, pl pol, pt por, ro ron rum, ru rus, sk slk slo, sl slv, sq sqi alb, sr
    srp, sv swe, ta tam, tr tur, uk ukr, ur urd, vi vie, yi yid, zh zho chi
"""
TWO_LETTERS: Final = {
    three: two for two, *threes in (group.split() for group in LANGUAGES.split(",")) for three in threes
}


class Tags(Struct, frozen=True, kw_only=True):
    """Printable text of bounded length; `title` is never empty."""

    title: str
    artist: str = ""
    album: str = ""
    year: int | None = None  # of first release
    language: str = ""  # ISO 639


def read_tags(path: str) -> Tags:
    """Tags of any file, from its name ("07 - Artist - Title.mp3") where it has none. Never raises."""
    return _tags(_raw_tags(path), path)


def tags_of(metadata: Mapping[str, str], uri: str) -> Tags:
    """Tags as FFmpeg gives them, for what is no file here."""
    lower = {name.lower(): text for name, text in metadata.items()}
    return _tags(lower, unquote(urlsplit(uri).path) or uri)


def _tags(raw: Mapping[str, Any], path: str) -> Tags:
    artist_in_name, title_in_name = _from_name(path)
    title, artist = _text(raw, "title"), _text(raw, "artist")
    return Tags(
        title=title or title_in_name,
        artist=artist or ("" if title else artist_in_name),
        album=_text(raw, "album"),
        year=_year(_text(raw, "originaldate")) or _year(_text(raw, "date")),
        language=_language(_text(raw, "language")),
    )


def _raw_tags(path: str) -> Mapping[str, Any]:
    try:
        file = mutagen.File(path, easy=True)
        tags = None if file is None else file.tags
        if isinstance(tags, ID3):
            return {
                name: [str(tags[frame]) for frame in frames if frame in tags]
                for name, frames in ID3_FRAMES.items()
            }
        return {} if tags is None else {name: tags.get(name) for name in ID3_FRAMES}
    except Exception:  # noqa: BLE001 - mutagen meets damaged files with many kinds of errors; tags are optional
        return {}


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    first = value[0] if isinstance(value, list) and value else value
    return clean(str(first)) if first else ""


def clean(text: str) -> str:
    """One line without control, format or unassigned characters, at most `LONGEST` characters."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in spaced if unicodedata.category(c)[0] != "C").split())[
        :LONGEST
    ].rstrip()


def _from_name(path: str) -> tuple[str, str]:
    """Artist ("" when the name has none) and title."""
    stem = clean(Path(path).stem.replace("_", " "))
    name = NUMBER.sub("", stem) or stem
    artist, dash, title = name.partition(" - ")
    if dash and artist.strip() and title.strip():
        return artist.strip(), title.strip()
    return "", name or "untitled"


def _year(text: str) -> int | None:
    match = YEAR.search(text)
    return int(match[1]) if match else None


def _language(text: str) -> str:
    """ISO 639-1 where there is one; "" for what is no language code ("XXX" stands for unknown)."""
    code = text.lower()
    if not LANGUAGE.match(code) or code in ("xxx", "und", "zxx", "mul"):
        return ""
    return TWO_LETTERS.get(code, code)
