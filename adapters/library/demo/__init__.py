"""A small free library for a first try: pieces in the public domain, rendered on this machine when needed."""

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from adapters.library.demo.arrangement import Piece
from adapters.library.demo.calm import CALM
from adapters.library.demo.lively import LIVELY
from adapters.library.demo.midi import standard_midi_file
from adapters.library.demo.render import check_tools, render_opus
from player.errors import LibraryError

RENDERER_VERSION: Final = 1  # raised when the same score would be rendered differently
WORKERS: Final = 2
PIECES: Final = tuple(  # a lively one first, then in turns: soon there is something to swap to
    piece for pair in zip((*LIVELY, None), CALM, strict=True) for piece in pair if piece is not None
)


def demo_parts() -> str:
    """What the demo library is made of, in a sentence. Raises `LibraryError` when a part is missing."""
    check_tools()
    return f"the demo library: {len(PIECES)} pieces, played by TiMidity++"


def _version() -> str:
    digest = hashlib.blake2b(bytes([RENDERER_VERSION]), digest_size=8)
    for piece in PIECES:
        digest.update(standard_midi_file(piece))
    return digest.hexdigest()


def _file_name(piece: Piece) -> str:
    return re.sub(r"[^\w() -]", "", f"{piece.artist} - {piece.title}") + ".opus"


def ensure_demo_library(
    folder: Path, on_file: Callable[[Path], None] | None = None, stop: threading.Event | None = None
) -> Path:
    """The folder in `folder` that holds the whole demo library; renders what is missing (about 15 s).

    `on_file` is called for every piece as soon as it can be played, a lively one first, on some thread.
    Once `stop` is set, it returns soon: pieces are missing, but none is cut off.
    Raises `LibraryError` when the synthesiser is not installed or the folder cannot be written.
    """
    stop = stop or threading.Event()
    home = folder / _version()
    wanted = {home / _file_name(piece): piece for piece in PIECES}
    missing = [(path, piece) for path, piece in wanted.items() if not path.exists()]
    if missing:
        check_tools()
        _make_folder(home)

    def provide(path: Path, piece: Piece) -> None:
        if stop.is_set() or ((path, piece) in missing and not render_opus(piece, path, stop)):
            return
        if on_file is not None:
            on_file(path)

    (first_path, first), *others = wanted.items()
    provide(first_path, first)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="demo-library") as pool:
        for _ in pool.map(lambda item: provide(*item), others):
            pass
    if missing and not stop.is_set():
        _sync(home)
        _remove_other_versions(home)
    return home


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"the demo library cannot be written to {home}: {error.strerror}") from error


def _sync(home: Path) -> None:
    """Renames reach the disk."""
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_other_versions(home: Path) -> None:
    for other in home.parent.iterdir():
        if other != home and re.fullmatch(r"[0-9a-f]{16}", other.name):
            shutil.rmtree(other)
