"""Whether a file is music: `python -m adapters.library.arrival_check FILE`, exit code 0 when it is."""

import os
import resource
import sys
from pathlib import Path
from typing import Final

from player.errors import DecodeError
from player.units import SAMPLE_RATE

LISTEN: Final = 10 * SAMPLE_RATE  # frames
LEAST: Final = SAMPLE_RATE  # a second of sound
MOST_MEMORY: Final = 1 << 30  # bytes
MOST_CPU: Final = 30  # s
FORMATS: Final = {  # by their first bytes: FFmpeg finds frames of MP3 in any noise
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"%PDF": "pdf",
    b"MZ": "exe",
    b"\x7fELF": "elf",
    b"\x89PNG": "png",
    b"\xff\xd8\xff\xe0": "jpeg",
    b"\xff\xd8\xff\xe1": "jpeg",
}


def is_music(path: Path) -> bool:
    """At least a second of it can be decoded, and it is no other kind of file."""
    from adapters.decode.av import AvSource

    with path.open("rb") as file:
        first = file.read(16)
    if first.startswith(tuple(FORMATS)):
        return False
    try:
        with AvSource(str(path)) as source:
            frames = blocks = 0
            while frames < LISTEN and (block := source.read()) is not None:
                frames, blocks = frames + len(block), blocks + 1
            return frames >= LEAST and source.corrupt * 4 <= blocks
    except DecodeError:
        return False


def main() -> int:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
    return 0 if is_music(Path(sys.argv[1])) else 3


if __name__ == "__main__":
    sys.exit(main())
