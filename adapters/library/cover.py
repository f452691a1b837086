"""The picture that a music file carries: cover art as its tags hold it."""

import base64
import binascii
from pathlib import Path
from typing import Any, Final

import mutagen
from msgspec import Struct
from mutagen.flac import Picture
from mutagen.id3 import APIC
from mutagen.mp4 import MP4Cover

PICTURE: Final[Any] = Picture  # mutagen has no types
LARGEST: Final = 8 << 20  # bytes; what is larger is no cover
FRONT: Final = 3  # ID3v2.4, APIC: picture type "cover (front)"
KINDS: Final = {  # by the first bytes, whatever the tag says; nothing that can hold a script
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}


class Cover(Struct, frozen=True, kw_only=True):
    media_type: str
    data: bytes


def read_cover(path: str) -> Cover | None:
    """None when the file has no picture that a browser shows. Never raises. Reads the file: on a thread."""
    try:
        file = mutagen.File(path) if Path(path).is_file() else None
    except Exception:  # noqa: BLE001  mutagen raises anything at all on a file that is damaged
        return None
    pictures = [] if file is None else _pictures(file)
    pictures.sort(key=lambda found: found[0] != FRONT)
    return next((cover for _, data in pictures if (cover := _cover(data)) is not None), None)


def _pictures(file: Any) -> list[tuple[int, bytes]]:
    """Kind and bytes, of ID3 (MP3, WAV), FLAC, Vorbis comments (Ogg, Opus) and MP4."""
    found = [(picture.type, picture.data) for picture in getattr(file, "pictures", [])]
    tags = file.tags
    if tags is None:
        return found
    for value in tags.values():
        if isinstance(value, APIC):
            frame: Any = value
            found.append((int(frame.type), frame.data))
        elif isinstance(value, list):
            found += [(FRONT, bytes(entry)) for entry in value if isinstance(entry, MP4Cover)]
    if "metadata_block_picture" in tags:
        for text in tags["metadata_block_picture"]:
            try:
                picture: Any = PICTURE(base64.b64decode(text))
            except (binascii.Error, mutagen.MutagenError, ValueError):
                continue  # another may be whole
            found.append((picture.type, picture.data))
    return found


def _cover(data: bytes) -> Cover | None:
    if len(data) > LARGEST:
        return None
    for start, kind in KINDS.items():
        if data.startswith(start):
            return Cover(media_type=kind, data=data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Cover(media_type="image/webp", data=data)
    return None
