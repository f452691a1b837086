"""The library: found, sorted and marked without a script; files brought, and refused in a sentence."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from adapters.library.arrivals import safe_name
from tests.support.site import Got, Reader, Site
from tests.support.wav import write_wav
from tests.web.screenshots import a_library

BOUNDARY = "frontier"


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    path = tmp_path / "sound.wav"
    time = np.arange(3 * 48_000) / 48_000
    tone = (0.1 * np.sin(2 * np.pi * 220.0 * time)).astype(np.float32)
    write_wav(path, np.repeat(tone[:, None], 2, axis=1))
    return path.read_bytes()


def bring(reader: Reader, *files: tuple[str, bytes]) -> Got:
    token = reader.get("/music").token
    body = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return reader.ask("POST", f"/music/upload?csrf={token}", body, {"Content-Type": kind})


def brought(here: Site) -> list[str]:
    return sorted(path.name for path in here.library.folder.iterdir())


def names(page: Got) -> list[str]:
    return [part.partition("<")[0] for part in page.text.split('<span class="name">')[1:]]


def test_sorted_and_searched_without_a_script(here: Site, reader: Reader) -> None:
    here.do(lambda: a_library(here))
    assert names(reader.get("/music"))[:2] == ["Clair de lune", "Greensleeves"]
    assert names(reader.get("/music?sort=calmness&down=1"))[0] == "Gymnopédie No. 1"
    assert names(reader.get("/music?sort=tempo"))[0] == "Clair de lune"
    assert names(reader.get("/music?sort=calmness"))[-1] == "Not heard yet"
    assert names(reader.get("/music?search=lynn+moon")) == ["Moonlight Bay"]
    for typed in ("TR%C3%84UM", "traumerei", "tra%CC%88um"):  # as telephones type it, too
        assert names(reader.get(f"/music?search={typed}")) == ["Träumerei"]
    assert names(reader.get("/music?search=%25")) == []
    assert names(reader.get(f"/music?piece={3:032x}")) == ["Greensleeves"]


@pytest.mark.parametrize("boundary", ["", "x" * 300, "\x7f", '"'])
def test_a_form_that_is_none_is_refused(reader: Reader, boundary: str) -> None:
    token = reader.get("/music").token
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    assert reader.ask("POST", f"/music/upload?csrf={token}", b"--x", kind).status == 400
    assert reader.get("/music").status == 200


def test_what_nobody_approved_is_said_and_approved(here: Site, reader: Reader) -> None:
    """Of a music server: it stands in the list, and would never be played without a word."""
    here.do(lambda: here.library.add("7" * 32, "La Mer", "Charles Trenet", 100.0, 0.6, approved=False))
    page = reader.get("/music?search=mer")
    assert "Not approved: it is not played" in page.text
    form = {"csrf": page.token, "once": "page-0123456789", "do": f"love:{'7' * 32}"}
    assert reader.post("/music/mark?search=mer", form).status == 303
    assert "Not approved" not in reader.get("/music?search=mer").text
    assert here.library.loved == {"7" * 32}


@pytest.mark.parametrize(
    "sent", ["page=x", "page=-1", "page=99999999999", "sort=id;drop", "cell=1", "piece=../x", "down=%00"]
)
def test_a_question_that_makes_no_sense_is_answered(here: Site, reader: Reader, sent: str) -> None:
    here.do(lambda: a_library(here))
    assert reader.get(f"/music?{sent}").status == 200


def test_marks_are_kept(here: Site, reader: Reader) -> None:
    here.do(lambda: a_library(here))
    page = reader.get("/music?search=clair")
    form = {"csrf": page.token, "once": "page-0123456789abcdef"}
    answer = reader.post("/music/mark?search=clair", {**form, "do": f"love:{0:032x}"})
    assert answer.status == 303
    assert "search=clair" in answer.headers["location"]
    assert f"{0:032x}" in here.library.loved
    for _ in range(2):  # a form posted twice counts once
        reader.post("/music/mark", {**form, "do": f"never:{0:032x}"})
    reader.post("/music/mark", {**form, "do": f"like:{1:032x}"})
    assert [(one.verb, one.track_id) for one in here.commands] == [
        ("never", f"{0:032x}"),
        ("like", f"{1:032x}"),
    ]
    for nonsense in ("", "love", "love:../x", f"drop:{0:032x}"):
        assert "bad-value" in reader.post("/music/mark", {**form, "do": nonsense}).headers["location"]
    assert reader.post("/music/mark", {"do": f"never:{0:032x}"}).status == 403


def test_a_file_is_taken_once(here: Site, reader: Reader, sound: bytes) -> None:
    answer = bring(reader, ("My song.WAV", sound))
    assert answer.status == 200 and "My song.wav" in answer.text
    bring(reader, ("My song.wav", sound))
    assert brought(here) == ["My song.wav"]
    assert (here.library.folder / "My song.wav").read_bytes() == sound
    bring(reader, ("My song.wav", sound[:-400]))  # another of the same name
    assert brought(here) == ["My song (2).wav", "My song.wav"]


def test_what_is_no_music_is_refused(here: Site, reader: Reader) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", b"0" * 3_000_000)
    answer = bring(reader, ("bomb.mp3", bomb.getvalue()), ("run.exe", b"MZ"), ("empty.mp3", b""))
    assert "there is no music in it" in answer.text
    assert "this is not a kind of music file" in answer.text
    assert "it is empty" in answer.text
    assert brought(here) == []


def test_ten_gigabytes_are_refused_before_they_come(reader: Reader) -> None:
    token = reader.get("/music").token
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(10_000_000_000),
    }
    assert reader.ask("POST", f"/music/upload?csrf={token}", b"", headers).status == 413


def test_a_broken_form_leaves_nothing(here: Site, reader: Reader, sound: bytes) -> None:
    token = reader.get("/music").token
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="a.wav"\r\n\r\n'.encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert reader.ask("POST", f"/music/upload?csrf={token}", head + sound, kind).status == 400
    assert brought(here) == []
    for body in (b"", b"nothing of the kind", b"\x00" * 1000):
        assert reader.ask("POST", f"/music/upload?csrf={token}", body, kind).status in (200, 400)


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("../../etc/passwd.mp3", "passwd.mp3"),
        ("C:\\Users\\x\\song.mp3", "song.mp3"),
        ("a\x00b\nc.mp3", "a b c.mp3"),
        (".hidden.mp3", "hidden.mp3"),
        ("....mp3", "music.mp3"),
        ("x" * 500 + ".MP3", "x" * 120 + ".mp3"),
        ("\u202egpj.mp3", "gpj.mp3"),
        ("<script>.mp3", "_script_.mp3"),
    ],
)
def test_names_are_safe(sent: str, safe: str) -> None:
    assert safe_name(sent) == safe


def test_only_staff(stranger: Reader) -> None:
    assert stranger.get("/music").status == 303
    assert stranger.post("/music/upload").status == 401
    assert stranger.post("/music/mark").status == 401


def test_only_a_stick_that_is_plugged_in(reader: Reader) -> None:
    token = reader.get("/music").token
    answer = reader.post("/music/stick", {"csrf": token, "path": "/etc"})
    assert "it is not there any more" in answer.text
