"""The library as staff mark it, before a real Lull: what is said holds, and is found again."""

import re
import time
from pathlib import Path
from typing import Any

import mutagen
import pytest

from tests.support.browser import free_port
from tests.support.lull import Lull, lull
from tests.support.site import Got, Reader

PATIENCE_S = 30.0


@pytest.fixture
def reader(settings: dict[str, Any], music: dict[str, str], tmp_path: Path) -> Reader:
    """Pieces of one artist and of nobody, and where the page will be."""
    for number, name in enumerate(sorted(music)):
        tags = mutagen.File(tmp_path / "music" / f"{name}.ogg")
        assert tags is not None
        tags["title"] = f"Piece {number}"
        if number < 2:
            tags["artist"] = "Véra Lynn"
        tags.save()
    port = free_port()
    settings |= {"web": {"listen": f"127.0.0.1:{port}"}, "audio": {"device": "null"}}
    return Reader(port)


def row(page: Got, title: str) -> str:
    """The table's row of one piece."""
    found = re.search(rf'<span class="name">{title}</span>.*?</tr>', page.text, re.DOTALL)
    return found[0] if found else ""


def wait_row(reader: Reader, title: str, holds: str) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        text = row(reader.get("/music"), title)
        if holds in text and text:
            return text
        time.sleep(0.2)
    raise TimeoutError(f"{title}: {holds!r} is not in {text!r}")


def mark(reader: Reader, title: str, what: str) -> str:
    page = reader.get("/music")
    found = re.search(rf'value="({what}:[0-9a-f]+)"', row(page, title))
    assert found, row(page, title)
    answer = reader.post("/music/mark", {"csrf": page.token, "do": found[1]}).headers["location"]
    return reader.get(answer.partition("#")[0]).text


def answers(reader: Reader) -> dict[str, str]:
    got = reader.get("/api/setup", Accept="application/json").data["answers"]
    assert isinstance(got, dict)
    return got


def test_marks_hold_and_say_where_they_come_from(
    settings: dict[str, Any], reader: Reader, tmp_path: Path
) -> None:
    with lull(settings, tmp_path) as running:
        running.wait_line(r"page: http")
        running.wait_line(r"library: 7 pieces", timeout=60)
        wait_row(reader, "Piece 6", "Loved")

        assert "the resident loves this piece" in mark(reader, "Piece 6", "love")
        assert 'aria-pressed="true"' in wait_row(reader, "Piece 6", "unlove:")
        assert answers(reader)["loved"] == "Piece 6"

        mark(reader, "Piece 5", "never")
        wait_row(reader, "Piece 5", "allow:")
        mark(reader, "Piece 5", "allow")
        wait_row(reader, "Piece 5", "never:")

        _state(reader, loved="Piece 6\nVera Lynn", never="piece 4\nPiece 44")
        assert "stated in the set-up" in wait_row(reader, "Piece 0", "Loved")
        assert "unlove:" not in row(reader.get("/music"), "Piece 0"), "that is taken back where it was stated"
        assert "stated in the set-up" in wait_row(reader, "Piece 4", "Never")
        assert "is called: Piece 44." in reader.get("/setup?saved=1").text

        mark(reader, "Piece 6", "unlove")
        wait_row(reader, "Piece 6", "love:")
        assert answers(reader)["loved"] == "Vera Lynn"
        _again(running, reader)


def _state(reader: Reader, **said: str) -> None:
    page = reader.get("/setup")
    form = {**answers(reader), **said, "csrf": page.token}
    assert reader.post("/setup", form).headers["location"] == "/setup?saved=1"


def _again(running: Lull, reader: Reader) -> None:
    """After a restart the same is known."""
    assert running.end() == 0
    running.restart()
    running.wait_line(r"page: http")
    assert "stated in the set-up" in wait_row(reader, "Piece 4", "Never")
    assert answers(reader)["loved"] == "Vera Lynn"
