"""Without a sound device the music goes on unheard, and everybody is told."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_swap import ROOT
from tests.support.lull import lull, person


@pytest.fixture
def deaf(tmp_path: Path) -> dict[str, str]:
    """An environment in which no sound server is reached."""
    return {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_SERVER": f"unix:{tmp_path}/none"}


@pytest.mark.usefixtures("music")
def test_a_sound_system_that_crashes_does_not_take_the_music_along(
    settings: dict[str, Any], deaf: dict[str, str], tmp_path: Path
) -> None:
    """PortAudio 19 aborts when ALSA has no configuration at all."""
    (tmp_path / "asound.conf").write_text("")
    broken = {**deaf, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}
    with lull(settings, tmp_path, broken) as running, person(running.port, ROOT) as staff:
        state = staff.wait("state/playback", lambda s: s["state"] == "playing")
        assert state["device"] == "null"
        assert "crashes the sound system" in state["fault"]
        assert state["track"]


@pytest.mark.usefixtures("music")
def test_the_null_sink_stands_in_and_says_so(
    settings: dict[str, Any], deaf: dict[str, str], tmp_path: Path
) -> None:
    with lull(settings, tmp_path, deaf) as running, person(running.port, ROOT) as staff:
        state = staff.wait("state/playback", lambda s: s["state"] == "playing")
        assert state["device"] == "null"
        assert "connect or switch on a speaker" in state["fault"]
        fault = staff.wait("event/fault", lambda f: f["part"] == "audio")
        assert fault["problem"] == state["fault"]


@pytest.mark.usefixtures("music")
def test_check_names_every_part_and_what_to_do(
    settings: dict[str, Any], deaf: dict[str, str], tmp_path: Path
) -> None:
    settings["library"]["folders"].append(str(tmp_path / "nowhere"))
    config = tmp_path / "lull.yaml"
    config.write_text(yaml.safe_dump(settings))
    answer = subprocess.run(
        [sys.executable, "-m", "adapters.cli", "check", "--config", str(config)],
        env=deaf,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "connect or switch on a speaker" in answer.stdout
    assert "7 files" in answer.stdout
    assert f"{tmp_path}/nowhere" in answer.stdout
    assert "not calibrated" in answer.stdout
    assert answer.stderr == ""
