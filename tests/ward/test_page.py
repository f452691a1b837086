"""The ward's page with a real broker and a real browser: who needs somebody, and a press that is told."""

import asyncio
from pathlib import Path

import pytest

from adapters.ward.website import announced
from adapters.web.invitation import code_of
from tests.support.broker import PATIENCE_S, listening, running_broker
from tests.support.browser import PHONE, chromium, scrolls_sideways, violations
from tests.support.site import Reader
from tests.support.ward_site import EVENING, an_evening, opened
from tests.ward.test_rooms import ROOT, playback


async def test_a_room_is_shown_and_told(tmp_path: Path) -> None:
    with running_broker() as broker:
        async with listening(broker.port, f"{ROOT}/+/cmd/+") as player, opened(broker, tmp_path) as port:
            await player.client.publish(f"{ROOT}/room7/state/playback", playback(), qos=1, retain=True)
            reader = Reader(port)

            def page() -> str:
                return reader.get("/ward").text

            async with asyncio.timeout(PATIENCE_S):
                while "Greensleeves" not in await asyncio.to_thread(page):
                    await asyncio.sleep(0.05)
            token = (await asyncio.to_thread(reader.get, "/ward")).token
            form = {"csrf": token, "once": "page-0123456789abcdef", "room": "room7"}
            for _ in range(2):  # a form posted twice counts once
                answer = await asyncio.to_thread(reader.post, "/ward/calm", form)
                assert answer.headers["location"] == "/ward?sent=calm&room=room7"
            assert (await player.wait("cmd/calm"))["by"] == "staff"
            stranger = Reader(port)
            answer = await asyncio.to_thread(stranger.post, "/ward/stop", {"room": "room7"})
            assert answer.status == 303  # no PIN, no token: less sound is anybody's
            assert (await player.wait("cmd/stop"))["by"] == "staff"
            assert sum("cmd/calm" in str(message.topic) for message in player.seen) == 1
            for room in ("room9", "#", "../x", "<script>", ""):
                form = {"csrf": token, "room": room}
                answer = await asyncio.to_thread(reader.post, "/ward/calm", form)
                assert "script" not in answer.headers["location"]
            assert (await asyncio.to_thread(stranger.post, "/ward/calm", {"room": "room7"})).status == 403


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_in_a_browser(tmp_path: Path, scheme: str) -> None:
    with running_broker() as broker:
        async with listening(broker.port, f"{ROOT}/+/cmd/+") as player, opened(broker, tmp_path) as port:
            await player.client.publish(f"{ROOT}/room7/state/playback", playback(), qos=1, retain=True)
            await asyncio.to_thread(_look, port, scheme)
            assert (await player.wait("cmd/calm"))["by"] == "staff"


def _look(port: int, scheme: str) -> None:
    from playwright.sync_api import expect

    with chromium() as browser:
        context = browser.new_context(
            viewport=PHONE,  # type: ignore[arg-type]
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/ward")
        expect(page.locator("#room-room7")).to_contain_text("Greensleeves", timeout=20_000)
        assert violations(page) == []
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Calm now").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("room7 was told to play calmer music.", timeout=20_000)


async def test_five_rooms_on_every_screen(tmp_path: Path) -> None:
    with running_broker() as broker:
        async with opened(broker, tmp_path) as port:
            await an_evening(broker, port)
            await asyncio.to_thread(_look_at_all, port)


def _look_at_all(port: int) -> None:
    with chromium() as browser:
        for language in ("en-GB", "de-DE", "fr-FR"):
            page = browser.new_context(locale=language, color_scheme="dark").new_page()
            page.goto(f"http://127.0.0.1:{port}/ward")
            for width, height in ((360, 740), (320, 568), (1180, 820), (590, 410)):  # the last: at 200 %
                page.set_viewport_size({"width": width, "height": height})
                assert not scrolls_sideways(page), (width, language)
            assert violations(page) == []
            reached = set()
            for _ in range(40):
                page.keyboard.press("Tab")
                reached.add(page.evaluate("document.activeElement.id"))
            assert {f"{what}-{room}" for what in ("calm", "stop") for room in EVENING} <= reached
            page.context.close()


def test_on_the_network_a_phone_scans_the_pin_of_the_ward() -> None:
    alone = announced("http://127.0.0.1:8090/", "")
    assert alone == "All rooms: http://127.0.0.1:8090/ward"
    shared = announced("http://10.1.2.3:8090/", "204816")
    assert code_of("http://10.1.2.3:8090/enter#204816") in shared
    assert "PIN 204816" in shared and "http://10.1.2.3:8090/ward" in shared
