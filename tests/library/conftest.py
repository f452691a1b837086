from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.library.pool import Workers
from adapters.store.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "data" / "catalogue.db")
    yield catalogue
    catalogue.close()


@pytest.fixture
def workers() -> Iterator[Workers]:
    """The real jobs, in a thread: quick to start."""
    with Workers(lambda: ThreadPoolExecutor(1)) as workers:
        yield workers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder
