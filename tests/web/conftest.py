"""A site on this machine, and one on a network behind a PIN."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.site import Reader, Site, site


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as served:
        yield served


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, trusted=False) as served:
        yield served


@pytest.fixture
def reader(here: Site) -> Reader:
    return Reader(here.port)


@pytest.fixture
def stranger(network: Site) -> Reader:
    return Reader(network.port)
