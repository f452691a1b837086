"""Over HTTPS with a certificate of the house: signed in by PIN, pressed, and installed on a phone."""

import ssl
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from adapters.web.door import COOKIE
from tests.support.browser import chromium
from tests.support.certificates import authority, certificate
from tests.support.site import site


def test_a_phone_signs_in_presses_and_can_install_the_page(tmp_path: Path) -> None:
    authority(tmp_path)
    certificate(tmp_path, "room7", host="127.0.0.1")
    with site(tmp_path, trusted=False, certificate=str(tmp_path / "room7.crt")) as here:
        url = f"https://127.0.0.1:{here.port}"
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
        with urlopen(f"{url}/enter", context=trusting, timeout=20) as answer:
            assert answer.status == 200
        with pytest.raises(
            OSError, match="CERTIFICATE_VERIFY_FAILED"
        ):  # the browser of somebody who does not know this house refuses
            urlopen(f"{url}/enter", timeout=20)
        with chromium() as browser:
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            page.goto(f"{url}/enter#{here.keys.pin}")  # as the QR code has it
            page.get_by_role("button", name="Calm now").click()
            expect(page.locator("#said")).to_have_text("Calmer music is coming.", timeout=20_000)
            assert [one.verb for one in here.commands] == ["calm"]
            (cookie,) = (one for one in context.cookies() if one["name"] == COOKIE)
            assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
            asked = context.new_cdp_session(page)
            manifest = asked.send("Page.getAppManifest")
            assert not manifest["errors"] and '"display":"standalone"' in manifest["data"]
            errors = [
                error["errorId"]
                for error in asked.send("Page.getInstallabilityErrors")["installabilityErrors"]
            ]
            assert set(errors) <= {"in-incognito"}, "a window of a test is private, which no phone is"
