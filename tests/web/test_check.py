"""`lull check` looks at the page: a taken port, a bad certificate, a network without HTTPS."""

import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.page.check import try_page, valid_until
from adapters.web.keys import key_file
from player.errors import LullError
from player.settings import Settings, WebSettings
from tests.support.browser import free_port

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
NOW = datetime.now(UTC)


def made(folder: Path, begin: datetime, end: datetime) -> tuple[str, str]:
    """Certificate and key, signed by themselves."""
    certificate, key = folder / "page.crt", folder / "page.key"
    days = f"{begin:%y%m%d%H%M%SZ}", f"{end:%y%m%d%H%M%SZ}"
    request, base = folder / "page.csr", folder / "index.txt"
    base.touch()
    config = folder / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=c\n[c]\ndatabase={base}\nnew_certs_dir={folder}\nserial={folder}/serial\n"
        "rand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
    )
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for argv in (
        ["req", "-new", *curve, "-keyout", str(key), "-out", str(request), "-subj", "/CN=lull.test"],
        ["ca", "-batch", "-selfsign", "-config", str(config), "-in", str(request), "-keyfile", str(key),
         "-out", str(certificate), "-notext", "-startdate", days[0], "-enddate", days[1]],
    ):  # fmt: skip
        subprocess.run(["openssl", *argv], check=True, capture_output=True, timeout=60)
    return str(certificate), str(key)


def settings_for(folder: Path, host: str, files: tuple[str, str] | None = None) -> Settings:
    certificate, key = files or (None, None)
    listen = f"{host}:{free_port()}"
    web = WebSettings(listen=listen, certificate_file=certificate, key_file=key)
    return Settings(data=str(folder / "data"), web=web)


def test_this_machine_only_and_switched_off(tmp_path: Path) -> None:
    well, text = try_page(settings_for(tmp_path, "127.0.0.1"), NOW)
    assert well and "this machine only" in text
    assert try_page(Settings(web=WebSettings(listen=None)), NOW) == (True, "switched off (web.listen)")


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(data=str(tmp_path), web=WebSettings(listen=f"127.0.0.1:{port}"))
        with pytest.raises(LullError, match="another program has"):
            try_page(settings, NOW)


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    with pytest.raises(LullError, match="address of this machine"):
        try_page(settings_for(tmp_path, "192.0.2.7"), NOW)


def test_a_network_without_https_is_noted_and_has_a_pin(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "0.0.0.0")
    well, text = try_page(settings, NOW)
    assert not well and "unencrypted" in text and "PIN" in text
    key_file(settings).write_text("{}")
    with pytest.raises(LullError, match=r"page\.json"):
        try_page(settings, NOW)


@needs_openssl
def test_a_certificate_that_holds_one_that_ends_and_one_that_ended(tmp_path: Path) -> None:
    for days, well in ((90, True), (5, False)):
        folder = tmp_path / str(days)
        folder.mkdir()
        end = (NOW + timedelta(days=days)).replace(microsecond=0)
        settings = settings_for(folder, "0.0.0.0", made(folder, NOW - timedelta(days=1), end))
        found, text = try_page(settings, NOW)
        assert found is well and f"{end:%Y-%m-%d}" in text and "https://" in text
    for name, begin, end, why in (
        ("old", NOW - timedelta(days=90), NOW - timedelta(days=1), "has expired"),
        ("early", NOW + timedelta(days=1), NOW + timedelta(days=2), "not valid yet"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        with pytest.raises(LullError, match=why):
            valid_until(*made(folder, begin, end))


@needs_openssl
def test_files_that_are_no_certificate(tmp_path: Path) -> None:
    certificate, key = made(tmp_path, NOW - timedelta(days=1), NOW + timedelta(days=90))
    with pytest.raises(LullError, match="cannot be read"):
        valid_until(str(tmp_path / "nothing.crt"), key)
    with pytest.raises(LullError, match="no certificate and its key"):
        valid_until(key, certificate)
    (tmp_path / "other").mkdir()
    _, other = made(tmp_path / "other", NOW - timedelta(days=1), NOW + timedelta(days=90))
    with pytest.raises(LullError, match="no certificate and its key"):
        valid_until(certificate, other)
