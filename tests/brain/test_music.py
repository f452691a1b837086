"""What people are told of the music when there is none."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.clock import Clock
from adapters.inbox import Inbox
from adapters.music import Music
from adapters.store.catalogue import Catalogue
from player.session.messages import CatalogueChanged
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


async def test_while_the_demo_is_rendered_nobody_is_told_that_there_is_no_music(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = threading.Event()
    monkeypatch.setattr("adapters.library.demo.ensure_demo_library", lambda *_, **__: rendered.wait(30.0))
    inbox = Inbox()
    music = Music(msgspec.structs.replace(Settings(), data=str(tmp_path)), catalogue, Clock(), inbox)
    running = asyncio.create_task(music.run())
    looked = await inbox.get()
    assert isinstance(looked, CatalogueChanged) and not looked.complete
    rendered.set()
    async with asyncio.timeout(30.0):
        while not (isinstance(event := await inbox.get(), CatalogueChanged) and event.complete):
            pass
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
