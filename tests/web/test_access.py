"""Who may see and do what, and who is turned away."""

import pytest

from adapters.web.patience import EACH
from tests.support.site import Reader, Site

CLOSED = ("/", "/bedside", "/events/staff", "/events/bedside")
BUTTONS = ("calm", "like", "dislike", "never", "allow", "louder", "play", "pause", "next")


def signed_in(reader: Reader, pin: str) -> str:
    """The token of a member of staff."""
    assert reader.post("/enter", {"pin": pin}).headers["location"] == "/"
    return reader.get("/").token


@pytest.mark.parametrize("path", CLOSED)
def test_a_stranger_sees_no_page(stranger: Reader, path: str) -> None:
    assert stranger.get(path).headers["location"] == "/enter"
    assert stranger.get(path, Accept="application/json").status == 401


@pytest.mark.parametrize("verb", BUTTONS)
def test_a_stranger_presses_nothing(network: Site, stranger: Reader, verb: str) -> None:
    assert stranger.post(f"/press/{verb}").status == 401
    assert not network.commands


@pytest.mark.parametrize("verb", ["stop", "quieter"])
def test_stop_and_quieter_need_no_pin(network: Site, stranger: Reader, verb: str) -> None:
    assert stranger.post(f"/press/{verb}").headers["location"] == f"/enter?{verb}=done"
    assert [command.verb for command in network.commands] == [verb]


def test_the_pin_opens_everything(network: Site, stranger: Reader) -> None:
    token = signed_in(stranger, network.keys.pin)
    assert stranger.post("/press/calm", {"csrf": token}).headers["location"] == "/?calm=done"
    assert [command.verb for command in network.commands] == ["calm"]


def test_a_wrong_pin_a_thousand_times(network: Site, stranger: Reader) -> None:
    wrong = f"{(int(network.keys.pin) + 1) % 10**6:06d}"
    answers = [stranger.post("/enter", {"pin": wrong}).status for _ in range(1000)]
    assert answers == [403] * EACH + [429] * (1000 - EACH)
    refused = stranger.post("/enter", {"pin": network.keys.pin})
    assert refused.status == 429  # the right one too: else trying on would tell
    assert int(refused.headers["retry-after"]) > 0
    assert stranger.post("/press/stop").status == 303
    assert [command.verb for command in network.commands] == ["stop"]
    network.do(network.keys.change_pin)  # nobody waits for what was tried before
    assert stranger.post("/enter", {"pin": network.keys.pin}).headers["location"] == "/"


def test_a_form_without_its_token_does_nothing(here: Site, reader: Reader) -> None:
    assert reader.get("/").status == 200
    assert reader.post("/press/calm").status == 403
    assert reader.post("/press/calm", {"csrf": "0" * 32}).status == 403
    assert not here.commands


def test_the_token_of_another_session_is_worth_nothing(here: Site, reader: Reader) -> None:
    token = Reader(here.port).get("/").token
    reader.get("/")
    assert reader.post("/press/calm", {"csrf": token}).status == 403
    assert not here.commands


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}]
)
def test_another_site_cannot_press_even_stop(here: Site, reader: Reader, headers: dict[str, str]) -> None:
    token = reader.get("/").token
    for verb in ("calm", "stop"):
        assert reader.post(f"/press/{verb}", {"csrf": token}, **headers).status == 403
    assert not here.commands


def test_another_name_for_this_address_is_not_answered(reader: Reader) -> None:
    assert reader.get("/", Host="evil.example").status == 421
    assert reader.get("/", Host=f"localhost:{reader.port}").status == 200


def test_the_family_may_look_and_not_touch(network: Site, stranger: Reader) -> None:
    assert stranger.get(f"/family/{network.keys.family}").status == 200
    assert stranger.get("/bedside").status == 200
    assert stranger.get("/").headers["location"] == "/bedside"
    refused = stranger.get("/music", Accept_Language="fr")
    assert refused.status == 403 and 'href="/enter"' in refused.text
    assert stranger.post("/press/calm").status == 403
    assert not network.commands


def test_a_refusal_is_said_in_the_language_that_was_chosen(reader: Reader) -> None:
    reader.post("/language", {"lang": "de"}, Accept_Language="en")
    assert "Diese Seite gibt es hier nicht." in reader.get("/nothing", Accept_Language="en").text


def test_a_made_up_family_link_opens_nothing(stranger: Reader) -> None:
    assert stranger.get("/family/ImxvxxsiLCI.abc").status == 403
    assert stranger.get("/bedside").headers["location"] == "/enter"


def test_a_cookie_that_was_changed_opens_nothing(network: Site, stranger: Reader) -> None:
    signed_in(stranger, network.keys.pin)
    cookie = stranger.cookies["lull"]
    stranger.cookies["lull"] = cookie[:-2] + ("AA" if not cookie.endswith("AA") else "BB")
    assert stranger.get("/").headers["location"] == "/enter"


def test_every_answer_has_the_strict_headers(reader: Reader) -> None:
    for path in ("/", "/nothing", "/enter", "/static/x/live.js", "/bedside"):
        headers = reader.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_a_body_that_is_too_large_is_refused(here: Site, reader: Reader) -> None:
    token = reader.get("/").token
    assert reader.post("/press/calm", {"csrf": token, "once": "x" * 70_000}).status == 413
    assert not here.commands


def test_a_form_sent_twice_counts_once(here: Site, reader: Reader) -> None:
    form = {"csrf": reader.get("/").token, "once": "page-0123456789"}
    assert [reader.post("/press/louder", form).status for _ in range(2)] == [303, 303]
    assert len(here.commands) == 1
