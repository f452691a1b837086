"""What people are told of the music when there is none."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.clock import Clock
from adapters.inbox import Inbox
from adapters.music import Music
from adapters.store.catalogue import Catalogue
from player.settings import Settings


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "catalogue.db")
    yield catalogue
    catalogue.close()


async def test_a_demo_folder_that_cannot_be_made_is_said(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "file").write_text("")
    settings = msgspec.structs.replace(Settings(), data=str(tmp_path / "file"))
    music = Music(settings, catalogue, Clock(), Inbox())
    await music.run()
    assert "cannot be made" in music.state
    assert "library.folders" in music.state
