"""A slip in the settings, and then the board starts again with nobody there: the music plays all the same."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.supervisor import Supervised
from tests.support.lull import person

ROOT = "lull/v1/home1/room7"


@pytest.mark.usefixtures("music")
def test_the_room_is_not_silent_over_slips_in_every_file(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    del settings["data"]  # where a service has it
    devices = tmp_path / "devices.yaml"
    devices.write_text("mappings: []\n")
    settings |= {"devices": str(devices), "audio": {"device": "null"}}
    with Supervised.running(settings, tmp_path, dict(os.environ)) as running:
        with person(running.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing")
        running.hands_off = True
        running.kill()
        running.config.write_text("residnt: nobody\n")
        Path(settings["resident"]).write_text("{id: heron, lovd: {}}")
        devices.write_text("mappings: 3\n")
        again = datetime.now(UTC)
        running.restart()
        for word in ("residnt", "profile", "devices.yaml"):
            running.wait_line(f"WARNING.*{word}")
        with person(running.port, ROOT) as staff:
            staff.wait(
                "state/playback",
                lambda s: s["state"] == "playing" and datetime.fromisoformat(s["ts"]) > again,
            )
