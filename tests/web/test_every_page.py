"""What holds on every page, in a real browser: axe-core finds nothing, no sideways scroll, keys do it all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, chromium, scrolls_sideways, violations
from tests.support.site import Site, site
from tests.web.screenshots import PAGES, STRANGERS, an_afternoon

CASES = [(path, True) for path in PAGES.values()] + [(path, False) for path in STRANGERS.values()]
LARGE = ({"width": 1180, "height": 820}, {"width": 590, "height": 410})  # and at 200 %


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Site]]:
    """Trusted, and behind a PIN."""
    folder: Path = tmp_path_factory.mktemp("sites")
    with site(folder / "here") as here, site(folder / "network", trusted=False) as network:
        an_afternoon(here)
        yield {True: here, False: network}


def opened(browser: Browser, here: Site, path: str, **options: object) -> Page:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.goto(f"http://127.0.0.1:{here.port}{path}")
    return page


@pytest.mark.parametrize(("path", "trusted"), CASES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, sites: dict[bool, Site], path: str, trusted: bool, scheme: str
) -> None:
    page = opened(browser, sites[trusted], path, color_scheme=scheme, viewport=PHONE)
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize(("path", "trusted"), CASES)
def test_nothing_scrolls_sideways(
    browser: Browser, sites: dict[bool, Site], path: str, trusted: bool
) -> None:
    for language in ("en-GB", "de-DE", "fr-FR"):
        page = opened(browser, sites[trusted], path, locale=language)
        for size in (PHONE, {"width": 320, "height": 568}, *LARGE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert not scrolls_sideways(page), (size, language)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.evaluate("document.documentElement.style.fontSize = '225%'")  # letters twice as large, no zoom
        assert not scrolls_sideways(page), ("large letters", language)
        page.context.close()


@pytest.mark.parametrize("path", PAGES.values())
def test_every_button_is_reached_by_keyboard_and_large_enough(
    browser: Browser, sites: dict[bool, Site], path: str
) -> None:
    page = opened(browser, sites[True], path, viewport=PHONE)
    wanted = page.evaluate("[...document.querySelectorAll('main button')].filter(b => b.offsetParent).length")
    small = page.evaluate(
        "[...document.querySelectorAll('button, nav a')].filter(b => b.offsetParent)"
        ".filter(b => b.offsetHeight < 48 || b.offsetWidth < 48).map(b => b.textContent)"
    )
    assert small == []
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("[...document.querySelectorAll('main button')].indexOf(document.activeElement)")
        )
    assert len(reached - {-1}) == wanted
    page.context.close()


def test_a_press_by_keyboard_counts(browser: Browser, sites: dict[bool, Site]) -> None:
    here = sites[True]
    before = len(here.commands)
    page = opened(browser, here, "/")
    page.get_by_role("button", name="Calm now").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Calmer music is coming.")
    assert [command.verb for command in here.commands[before:]] == ["calm"]
    page.context.close()


def test_a_mistaken_never_is_taken_back_at_once(browser: Browser, sites: dict[bool, Site]) -> None:
    here = sites[True]
    before = len(here.commands)
    page, other = opened(browser, here, "/", viewport=PHONE), opened(browser, here, "/")
    take_back = page.get_by_role("button", name="take it back")
    expect(take_back).to_be_hidden()
    page.get_by_role("button", name="Never", exact=True).click()
    expect(other.locator("#undo")).to_contain_text("Clair de lune")  # on every page
    assert violations(page) == []
    assert not scrolls_sideways(page)
    take_back.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("This piece may be played again.")
    expect(take_back).to_be_hidden()
    expect(other.get_by_role("button", name="take it back")).to_be_hidden()
    done = here.commands[before:]
    assert [(command.verb, command.track_id) for command in done] == [
        ("never", "0" * 32),
        ("allow", "0" * 32),
    ]
    for one in (page, other):
        one.context.close()


def test_a_script_in_a_title_is_only_a_title(browser: Browser, sites: dict[bool, Site]) -> None:
    """In the page as it comes and in what the events bring; and the policy would stop it anyway."""
    here = sites[True]
    view = here.hub.playback
    assert view is not None and view.track is not None
    from msgspec.structs import replace

    evil = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>"
    named = replace(view, track=replace(view.track, title=evil, artist=evil))
    for first in (True, False):
        here.do(lambda first=first: here.hub.publish(named if first else view))  # type: ignore[misc]
        page = opened(browser, here, "/")
        if not first:
            here.do(lambda: here.hub.publish(named))
        expect(page.locator("#now .title")).to_have_text(evil)
        assert page.evaluate("window.evil") is None
        page.context.close()
    here.do(lambda: here.hub.publish(view))
