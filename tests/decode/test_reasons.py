"""What is said of an address that gives no sound: what happened, and what to do, by real servers."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from adapters.decode import av, open_source
from adapters.decode.native import NativeSource
from adapters.decode.trial import try_stream
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.certificates import authority, certificate
from tests.support.icecast import free_port, icecast
from tests.support.wav import write_wav

NOISE: Pcm = np.random.default_rng(1).normal(0.0, 0.1, (5 * SAMPLE_RATE, 2)).astype(np.float32)


@pytest.fixture
def web() -> Iterator[BadWeb]:
    with bad_web() as web:
        yield web


def problem(url: str) -> str:
    with pytest.raises(DecodeError) as caught:
        open_source(url)
    return caught.value.problem


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "write it into the address"), (403, "is not open to us"), (404, "check the address"),
     (429, "tried again later"), (503, "tried again later"), (418, "check the address")],
)  # fmt: skip
def test_an_answer_says_what_to_do(web: BadWeb, status: int, says: str) -> None:
    web.pages["radio"] = Page(b"no", status=status)
    told = problem(web.url("radio"))
    assert str(status) in told and says in told


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "write it into the address"), (403, "is not open to us"), (404, "does not exist"),
     (429, "asked too often"), (503, "has a server with a fault (5xx)"), (418, "is answered with 4xx")],
)  # fmt: skip
def test_the_analysis_is_answered_in_the_same_words(web: BadWeb, status: int, says: str) -> None:
    web.pages["song.mp3"] = Page(b"no", status=status)
    with pytest.raises(DecodeError) as caught:
        NativeSource(web.url("song.mp3"))
    assert says in caught.value.problem


def test_a_server_that_is_silent_or_away_is_named_by_the_analysis_too(
    web: BadWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(av, "OPEN_TIMEOUT", 0.3)
    web.pages["song.mp3"] = Page(b"no")
    web.stalled.set()
    with pytest.raises(DecodeError, match="does not answer"):
        NativeSource(web.url("song.mp3"))
    with pytest.raises(DecodeError, match="takes no connection"):
        NativeSource(f"http://127.0.0.1:{free_port()}/song.mp3")


def test_a_password_that_is_not_taken_is_told_from_one_that_is_missing(web: BadWeb) -> None:
    web.pages["radio"] = Page(b"no", status=401)
    told = problem(web.url("radio").replace("//", "//me:secret@"))
    assert "does not take the name and password" in told and "secret" not in told


def test_a_page_for_people_is_no_damaged_file(web: BadWeb) -> None:
    web.pages["radio"] = Page(b"\n<!DOCTYPE HTML><html>Sign in to the guest network</html>", "text/html")
    assert "is a web page" in problem(web.url("radio"))


def test_a_server_that_is_not_there_is_named() -> None:
    assert "takes no connection" in problem(f"http://127.0.0.1:{free_port()}/radio")
    assert "name is not found" in problem("http://radio.invalid/live")  # RFC 2606: never a name


@pytest.mark.parametrize(
    "url", ["http://[radio/live", "http://me:secret@[radio/live", "http://radio:port/live"]
)
def test_what_is_no_address_is_said_so(url: str) -> None:
    with pytest.raises(DecodeError, match="is not an address") as caught:
        try_stream("Radio", url)
    assert "secret" not in str(caught.value)


@contextmanager
def secure_web(folder: Path, name: str) -> Iterator[BadWeb]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    with bad_web(context) as web:
        yield web


def test_a_certificate_that_nobody_signed_is_explained(tmp_path: Path) -> None:
    authority(tmp_path)
    certificate(tmp_path, "radio", host="127.0.0.1")
    with secure_web(tmp_path, "radio") as web:
        assert "nobody known here signed" in problem(web.url("radio"))


@pytest.mark.parametrize(
    ("host", "days", "says"),
    [("127.0.0.1", -1, "this machine's date"), ("127.0.0.2", 2, "for another name")],
)
def test_a_bad_certificate_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int, says: str
) -> None:
    authority(tmp_path)
    certificate(tmp_path, "radio", host=host, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    with secure_web(tmp_path, "radio") as web:
        assert says in problem(web.url("radio"))


def test_https_where_there_is_none_is_explained(web: BadWeb) -> None:
    assert "try it with http://" in problem(web.url("radio").replace("http:", "https:"))


def test_a_station_is_tried_and_its_title_told(tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", NOISE)
    with icecast() as server:
        server.play(song)
        server.name("Für Élise")
        assert try_stream("Radio", server.url()) == "“Radio” comes, now with “Für Élise”"


def test_a_trial_names_the_station_and_no_secret(web: BadWeb) -> None:
    web.pages["radio"] = Page(b"no", status=401)
    with pytest.raises(DecodeError, match="Radio") as caught:
        try_stream("Radio", web.url("radio?t=secret").replace("//", "//me:secret@"))
    assert "secret" not in str(caught.value)


def test_an_address_without_its_beginning_is_explained() -> None:
    with pytest.raises(DecodeError, match="begins with http://"):
        try_stream("Radio", "radio.example.org/live")
