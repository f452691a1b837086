"""Which files may be copies of one another, told without decoding them."""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from adapters.library.find import FoundFile

SAMPLE: Final = 4096  # bytes from the middle, where sound is, not tags


def apart(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]]:
    """Files that differ for certain, and those that may be copies of one of them.

    A copy that was renamed, or given other tags of the same length, has its size and the same sound in its
    middle. Of music at a constant bit rate many files have one size without being copies.
    """
    sizes = Counter(file.size for file in files)
    seen: set[tuple[int, bytes]] = set()
    different, perhaps = [], []
    for file in files:
        if sizes[file.size] > 1:
            sample = _middle(file)
            if sample and (file.size, sample) in seen:
                perhaps.append(file)
                continue
            seen.add((file.size, sample))
        different.append(file)
    return different, perhaps


def _middle(file: FoundFile) -> bytes:
    """Empty when it cannot be read: whoever analyses it says why."""
    try:
        with open(file.path, "rb", buffering=0) as opened:
            opened.seek(max(0, file.size - SAMPLE) // 2)
            return blake2b(opened.read(SAMPLE), digest_size=16).digest()
    except OSError:
        return b""
