"""A button of another maker, from its documentation to the room: a few lines of YAML and nothing else."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_killed import wait_until
from tests.e2e.test_swap import ROOT
from tests.support.lull import Person, lull, person

LONGEST = 10  # lines
SINGLE = '{"action":"single","linkquality":10}'  # Zigbee2MQTT, test/extensions/receive.test.ts
DOUBLE = '{"action":"double","linkquality":10}'
FILE = """mappings:
- topic: zigbee2mqtt/button
  kind: event
  select: action
  on:
    single: {command: pause}
    double: {command: play}
"""


def explained(file: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "adapters.cli",
        "mqtt",
        "test",
        str(file),
        "--topic",
        "zigbee2mqtt/button",
    ]
    return subprocess.run(
        [*command, "--payload", SINGLE], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def press_until(button: Person, payload: str, staff: Person, state: str) -> None:
    """Again and again: nobody tells when a subscription stands, or when the file was read."""

    def pressed() -> bool:
        button.publish("button", payload)
        return bool(staff.newest("state/playback")["state"] == state)

    wait_until(pressed, 30.0)


@pytest.mark.usefixtures("music")
def test_a_button_works_by_a_few_lines_and_a_slip_in_them_takes_nothing_away(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    devices = tmp_path / "devices.yaml"
    devices.write_text(FILE)
    assert len(FILE.splitlines()) < LONGEST
    assert explained(devices).endswith("result: command pause by staff\n")
    settings |= {"devices": str(devices), "audio": {"device": "null"}}
    with (
        lull(settings, tmp_path, dict(os.environ)) as running,
        person(running.port, ROOT) as staff,
        person(running.port, "zigbee2mqtt") as button,
    ):
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        press_until(button, SINGLE, staff, "paused")
        at = time.monotonic()
        devices.write_text(FILE.replace("select", "selct"))
        slip = staff.wait("event/fault", lambda f: "devices.yaml:4" in f["problem"], since=at)
        assert "did you mean 'select'" in slip["problem"]
        press_until(button, DOUBLE, staff, "playing")
        devices.write_text(FILE.replace("pause", "stop"))
        press_until(button, SINGLE, staff, "held")
