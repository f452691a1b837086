"""The picture that a music file carries, whatever kind of file it is."""

import base64
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from mutagen import flac, id3, mp4

from adapters.library.cover import read_cover
from tests.support.encode import encode

JPEG, PNG = b"\xff\xd8\xff\xe0 a photo", b"\x89PNG\r\n\x1a\n a drawing"
MP4_COVER: Any = mp4.MP4Cover
SILENCE = np.zeros((48_000, 2), np.float32)


def file(folder: Path, kind: str) -> Path:
    codec = {"mp3": "libmp3lame", "flac": "flac", "ogg": "vorbis", "m4a": "aac", "wav": "pcm_s16le"}[kind]
    return encode(folder / f"piece.{kind}", SILENCE, codec)


def block(data: bytes, kind: int) -> Any:
    picture: Any = flac.Picture()  # type: ignore[no-untyped-call]
    picture.data, picture.type, picture.mime = data, kind, "image/anything"
    return picture


def put(path: Path, *pictures: tuple[int, bytes]) -> None:
    """Kinds of picture (3: front cover) and their bytes."""
    tags: Any = mutagen.File(path)
    if tags.tags is None:
        tags.add_tags()
    match path.suffix:
        case ".mp3" | ".wav":
            for kind, data in pictures:
                tags.tags.add(id3.APIC(mime="image/anything", type=kind, desc=str(kind), data=data))  # type: ignore[no-untyped-call]
        case ".flac":
            for kind, data in pictures:
                tags.add_picture(block(data, kind))
        case ".ogg":
            blocks = [base64.b64encode(block(data, kind).write()).decode() for kind, data in pictures]
            tags["metadata_block_picture"] = [*blocks, "not base64!"]
        case ".m4a":
            tags["covr"] = [MP4_COVER(data) for _, data in pictures]
    tags.save()


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "m4a", "wav"])
def test_the_cover_of_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    path = file(tmp_path, kind)
    assert read_cover(str(path)) is None
    put(path, (3, JPEG))
    found = read_cover(str(path))
    assert found is not None
    assert (found.media_type, found.data) == ("image/jpeg", JPEG)


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg"])
def test_the_front_comes_first(tmp_path: Path, kind: str) -> None:
    path = file(tmp_path, kind)
    put(path, (4, JPEG), (3, PNG))
    found = read_cover(str(path))
    assert found is not None
    assert (found.media_type, found.data) == ("image/png", PNG)


@pytest.mark.parametrize(
    "data", [b"<svg onload='alert(1)'/>", b"<html>", b"", b"\xff\xd8\xff" + bytes(9 << 20)]
)
def test_what_is_no_picture_for_a_browser_is_none(tmp_path: Path, data: bytes) -> None:
    path = file(tmp_path, "mp3")
    put(path, (3, data))
    assert read_cover(str(path)) is None


def test_a_file_that_is_damaged_or_gone_has_none(tmp_path: Path) -> None:
    path = file(tmp_path, "flac")
    put(path, (3, JPEG))
    path.write_bytes(path.read_bytes()[:60])
    assert read_cover(str(path)) is None
    assert read_cover(str(tmp_path / "nothing.mp3")) is None
    assert read_cover(str(tmp_path)) is None
