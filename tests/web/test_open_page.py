"""A page that stays open while things happen to it: a new PIN, no network, a question that is answered."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from adapters.web.keys import Keys
from adapters.web.view import ASK_FROM
from tests.support.browser import PATIENCE_MS, chromium, new_phone, scrolls_sideways, violations
from tests.support.site import Site
from tests.web.test_events import playing
from tests.web.test_view import progress, swap


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with new_phone(browser) as page:
        yield page


def address(here: Site) -> str:
    return f"http://127.0.0.1:{here.port}/"


def sign_in(page: Page, here: Site) -> None:
    """As the QR code does, also on a phone that has the page of the PIN open already."""
    page.goto(address(here))
    page.goto(f"{address(here)}enter#{here.keys.pin}")
    page.wait_for_url(address(here))


@pytest.mark.parametrize("who", ["staff", "family"])
def test_a_new_pin_ends_what_open_pages_see(network: Site, phone: Page, who: str) -> None:
    """At once: who has the old PIN or link sees nothing more, and is asked for the new one."""
    network.do(lambda: network.hub.publish(playing("Before")))
    network.do(lambda: network.hub.heard(progress(48_000), network.vitals.at))
    if who == "staff":
        sign_in(phone, network)
    else:
        phone.goto(f"{address(network)}family/{network.keys.family}")
        phone.wait_for_url(f"{address(network)}bedside")
    expect(phone.locator(".title")).to_have_text("Before")
    Keys(network.keys.file).change_pin()  # in another process

    def look() -> None:
        assert network.keys.look_again()
        network.hub.let_go()
        network.hub.publish(playing("After"))

    network.do(look)
    expect(phone.get_by_label("Staff PIN")).to_be_visible(timeout=PATIENCE_MS)
    assert phone.url == f"{address(network)}enter"
    assert network.do(lambda: network.hub.watched) == 0
    assert not network.do(network.keys.look_again)


def test_a_phone_without_network_says_so_at_once_and_heals(here: Site, phone: Page) -> None:
    here.do(lambda: here.hub.publish(playing("Before")))
    phone.goto(address(here))
    expect(phone.locator("#now .title")).to_have_text("Before")
    phone.context.set_offline(True)
    expect(phone.locator("#link")).to_be_visible()
    phone.get_by_role("button", name="Stop", exact=True).click()
    expect(phone.locator("#said")).to_have_text("This did not get through. Please press again.")
    here.do(lambda: here.hub.publish(playing("After")))
    phone.context.set_offline(False)
    expect(phone.locator("#link")).to_be_hidden(timeout=PATIENCE_MS)
    expect(phone.locator("#now .title")).to_have_text("After")
    assert not here.commands


def test_the_keyboard_is_not_lost_with_the_question(here: Site, phone: Page) -> None:
    due = swap(here.vitals.at - ASK_FROM - 1.0)
    here.do(lambda: here.hub.publish(due))
    phone.goto(address(here))
    for key in ("Better", "Worse"):
        expect(phone.get_by_role("button", name=key)).to_be_visible()
        phone.get_by_role("button", name=key).focus()
        phone.keyboard.press("Enter")
        expect(phone.locator("#said")).to_have_text("Thank you. It is noted.")
        expect(phone.get_by_role("button", name=key)).to_be_hidden()
        assert phone.evaluate("document.activeElement.id") == "main"
        here.do(lambda: here.hub.publish(replace(due, at=due.at + 0.5)))  # the next swap
    assert [one.rating for one in here.feedback] == [1, -1]


def test_the_code_for_another_phone_fits_on_a_phone(network: Site, phone: Page) -> None:
    sign_in(phone, network)
    phone.goto(f"{address(network)}setup")
    phone.get_by_text("Show the code and the PIN").focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("img", name="QR code")).to_be_visible()
    assert violations(phone) == []
    assert not scrolls_sideways(phone)
