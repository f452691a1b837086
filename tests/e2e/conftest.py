"""A private sound server, and real recordings whose names tell nothing."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest

from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import PulseServer, pulse_server

LIVELY = ("battle-epic", "frantic", "vengeful")
CALM = ("sad", "love_theme", "transience", "elf-land")


@pytest.fixture(scope="session")
def pulse() -> Iterator[PulseServer]:
    with pulse_server() as server:
        yield server


@pytest.fixture
def music(tmp_path: Path) -> dict[str, str]:
    """Files in `tmp_path`/music: random name → what it really is."""
    folder = tmp_path / "music"
    folder.mkdir()
    names: dict[str, str] = {}
    dice = random.Random()
    for piece in (*LIVELY, *CALM):
        name = f"{dice.randrange(16**8):08x}"
        shutil.copy(RECORDINGS / f"{piece}.ogg", folder / f"{name}.ogg")
        tags = mutagen.File(folder / f"{name}.ogg")
        assert tags is not None
        tags.delete()
        names[name] = piece
    return names


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Full volume, so that the recorded level is the programme's; the music is in `tmp_path`/music."""
    resident = tmp_path / "resident.yaml"
    resident.write_text("{id: heron, quiet_hours: null, volume: {start: 100, max: 100, night_max: 100}}")
    return {
        "site": "home1",
        "player": "room7",
        "resident": str(resident),
        "library": {"folders": [str(tmp_path / "music")]},
        "data": str(tmp_path / "data"),
        "web": {"listen": None},
    }


def start_with(settings: dict[str, Any], title: str) -> None:
    """Let the resident's profile name the first piece."""
    resident = Path(settings["resident"])
    resident.write_text(resident.read_text().replace("}}", f"}}, first_track: '{title}'}}"))
