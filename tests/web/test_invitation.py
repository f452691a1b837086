"""How staff come to the page: address, PIN, QR code; and how all of it ends."""

import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.web.invitation import as_text, invitation
from adapters.web.keys import Keys, key_file
from adapters.web.listening import Listen
from player.errors import LullError
from player.settings import Settings, WebSettings
from tests.support.site import Reader, Site


def settings(folder: Path, listen: str | None) -> Settings:
    return Settings(data=str(folder), web=WebSettings(listen=listen))


def test_on_this_machine_no_pin_is_made(tmp_path: Path) -> None:
    invited = invitation(settings(tmp_path, "127.0.0.1:8080"))
    assert (invited.address, invited.pin) == ("http://127.0.0.1:8080/", "")
    assert not key_file(settings(tmp_path, None)).exists()
    assert "for this machine alone" in as_text(invited)


def test_on_the_network_the_code_brings_the_pin(tmp_path: Path) -> None:
    invited = invitation(settings(tmp_path, "10.1.2.3:8080"))
    assert len(invited.pin) == 6 and invited.pin.isdigit()
    assert invited.phone == f"http://10.1.2.3:8080/enter#{invited.pin}"
    text = as_text(invited)
    assert "█" in text or "▀" in text
    assert invited.pin in text and invited.family in text
    assert invitation(settings(tmp_path, "10.1.2.3:8080")) == invited  # it stays
    file = key_file(settings(tmp_path, None))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_https_is_in_the_address(tmp_path: Path) -> None:
    web = WebSettings(listen="10.1.2.3:443", certificate_file="a.pem", key_file="b.pem")
    invited = invitation(replace(settings(tmp_path, None), web=web))
    assert invited.address == "https://10.1.2.3:443/"


@pytest.mark.parametrize("listen", ["8080", "host:", "host:http", "127.0.0.1:70000", ""])
def test_an_address_that_cannot_be_read_is_said(tmp_path: Path, listen: str) -> None:
    with pytest.raises(LullError, match="write HOST:PORT"):
        invitation(settings(tmp_path, listen))


def test_half_a_certificate_is_said() -> None:
    with pytest.raises(LullError, match="go together"):
        Listen.of(WebSettings(certificate_file="a.pem"))


def test_a_new_pin_signs_everybody_out(network: Site, stranger: Reader, tmp_path: Path) -> None:
    family = network.keys.family
    stranger.post("/enter", {"pin": network.keys.pin})
    assert stranger.get("/").status == 200
    Keys(tmp_path / "page.json").change_pin()  # as `lull page --new-pin` does, in another process
    network.do(network.keys.look_again)
    assert stranger.get("/").headers["location"] == "/enter"
    assert stranger.get(f"/family/{family}").status == 403
    assert stranger.post("/enter", {"pin": network.keys.pin}).headers["location"] == "/"


def test_a_damaged_pin_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "page.json").write_text("{")
    with pytest.raises(LullError, match="remove it"):
        Keys(tmp_path / "page.json")


def test_a_session_outlives_a_restart_and_a_page_open_for_a_week(
    network: Site, stranger: Reader, tmp_path: Path
) -> None:
    stranger.post("/enter", {"pin": network.keys.pin})
    token = stranger.get("/").token
    again = Keys(tmp_path / "page.json")  # as the next run reads it
    session = again.session(stranger.cookies["lull"])
    assert session is not None
    assert again.token(session[0]) == token
