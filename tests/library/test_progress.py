"""What a person sees of a scan."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from adapters.library import progress
from adapters.library.pool import Workers
from adapters.library.progress import ScanOptions, scan_watched
from adapters.store.catalogue import Catalogue
from player.settings import LibrarySettings
from tests.support.music import music

FORMATS = LibrarySettings().formats


@contextmanager
def in_a_thread(_options: ScanOptions) -> Iterator[Workers]:
    with Workers(lambda: ThreadPoolExecutor(1)) as workers:
        yield workers


def test_what_is_known_does_not_count_in_the_time_that_is_left(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars: list[Progress] = []

    class Seen(Progress):
        def __init__(self, *columns: Any, **rest: Any) -> None:
            super().__init__(*columns, **rest)
            bars.append(self)

    monkeypatch.setattr(progress, "_workers", in_a_thread)
    monkeypatch.setattr(progress, "Progress", Seen)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)

    def scanned() -> None:
        scan_watched([folder], FORMATS, catalogue, ScanOptions(), console)

    for number in range(3):
        music(folder / f"{number}.flac", number)
    scanned()
    assert "starting" in screen.getvalue()
    music(folder / "x\x1b[2J.flac", 4)
    scanned()
    (task,) = bars[-1].tasks
    assert (task.completed, task.total) == (4, 4)
    assert sum(sample.completed for sample in task._progress) == 1
    assert task.description == r"x\x1b[2J.flac"
    assert "[2J.flac" in screen.getvalue() and "\x1b[2J" not in screen.getvalue()
