"""A disk without room."""

from pathlib import Path


def fill(folder: Path) -> None:
    """Not a byte is left."""
    for size in (1 << 16, 1):
        with (folder / "filler").open("ab", buffering=0) as filler:
            try:
                while filler.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
