"""A PIN that was changed by another process, in a page that runs."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.web.hub import Hub
from adapters.web.keys import Keys
from adapters.web.new_pin import follow_pin


class Pages(Hub):
    """Counts how often the open pages were let go."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def let_go(self) -> None:
        self.times += 1
        super().let_go()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.02)


async def test_open_pages_are_let_go_and_the_new_pin_fits(tmp_path: Path) -> None:
    file = tmp_path / "ward-page.json"
    keys, pages = Keys(file), Pages()
    following = asyncio.create_task(follow_pin(keys, pages))
    try:
        await asyncio.sleep(0.1)
        assert pages.times == 0
        other = Keys(file)
        other.change_pin()
        await until(lambda: pages.times == 1)
        assert keys.fits(other.pin)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_a_file_that_cannot_be_used_is_named_once_and_the_pin_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.new_pin.LOOK_EVERY", 0.01)
    file = tmp_path / "page.json"
    keys, pages = Keys(file), Pages()
    pin = keys.pin
    following = asyncio.create_task(follow_pin(keys, pages))
    try:
        file.write_text("{")
        await until(lambda: "The PIN stays as it was" in caplog.text)
        await asyncio.sleep(0.1)
        assert caplog.text.count("The PIN stays as it was") == 1
        assert keys.fits(pin) and pages.times == 0
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
