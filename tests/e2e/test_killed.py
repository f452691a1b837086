"""kill -9 of the audio process, of the broker and of the brain."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.e2e.conftest import start_with
from tests.e2e.test_swap import ROOT, running_journal
from tests.support.level import decoded, likeness, rms_db
from tests.support.lull import PRESENT, lull, person
from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import PulseServer


def wait_until(true: Callable[[], bool], timeout: float) -> float:
    """Seconds until it was true. Raises `TimeoutError`."""
    start = time.monotonic()
    while not true():
        if time.monotonic() - start > timeout:
            raise TimeoutError
        time.sleep(0.01)
    return time.monotonic() - start


def longest_silence_s(heard: Pcm) -> float:
    """Longest run of 10-ms windows below −60 dBFS."""
    silent = np.concatenate(([0], rms_db(heard, 0.010) < -60.0, [0])).astype(int)
    edges = np.flatnonzero(np.diff(silent))
    return float(np.max(edges[1::2] - edges[::2], initial=0)) * 0.010


def gone(pid: int) -> bool:
    """Ended, or waiting only for somebody to read its exit status."""
    try:
        return (PRESENT / str(pid) / "stat").read_text().rsplit(") ", 1)[1].startswith("Z")
    except OSError:
        return True


def test_the_audio_process_is_killed_and_the_music_goes_on_at_its_place(
    pulse: PulseServer, music: dict[str, str], settings: dict[str, Any], tmp_path: Path
) -> None:
    lively = next(name for name, piece in music.items() if piece == "frantic")
    start_with(settings, lively)
    with lull(settings, tmp_path, pulse.env) as running, person(running.port, ROOT) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing" and s["track"]["title"] == lively)
        with pulse.record() as recording:
            recording.wait_frames(10 * SAMPLE_RATE, timeout=30)
            killed = time.monotonic()
            os.kill(running.children()["audio"], signal.SIGKILL)
            recording.wait_frames(recording.frames + 10 * SAMPLE_RATE, timeout=30)
            heard = recording.pcm()
            kill = int((killed - recording.played_at(0)) * SAMPLE_RATE)
    gap = longest_silence_s(heard[kill:])
    assert gap > 0.1, "the kill was not heard: what was tested?"
    assert gap < 2.0
    whole = decoded(str(RECORDINGS / "frantic.ogg"))
    score_before, place_before = likeness(heard[kill - 3 * SAMPLE_RATE : kill - SAMPLE_RATE // 2], whole)
    score_after, place_after = likeness(heard[-3 * SAMPLE_RATE :], whole)
    assert min(score_before, score_after) > 0.95
    moved = (place_after - place_before) / SAMPLE_RATE
    waited = (len(heard) - kill) / SAMPLE_RATE
    assert waited - 2.5 < moved < waited + 2.0, "not the place where it was"
    assert np.max(rms_db(heard[kill:], 0.4)) < np.max(rms_db(heard[:kill], 0.4)) + 3.0


@pytest.mark.usefixtures("music")
def test_the_private_broker_is_killed_and_comes_back(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["audio"] = {"device": "null"}
    with lull(settings, tmp_path) as running, person(running.port, ROOT) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        before = running.children()
        os.kill(before["mosquitto"], signal.SIGKILL)
        wait_until(
            lambda: running.children().get("mosquitto", before["mosquitto"]) != before["mosquitto"], 2.0
        )
        again = time.monotonic()
        staff.wait("availability", lambda a: a == "online", since=again)
        staff.wait("state/playback", lambda s: s["state"] == "playing", since=again)
        assert running.children()["audio"] == before["audio"]


@pytest.mark.usefixtures("music")
def test_the_brain_is_killed_and_nothing_acknowledged_is_lost(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    settings["audio"] = {"device": "null"}
    with lull(settings, tmp_path) as running, person(running.port, ROOT) as staff:
        playing = staff.wait("state/playback", lambda s: s["state"] == "playing")
        refused = subprocess.run(
            [sys.executable, "-m", "adapters.cli", "run", "--quiet", "--config", str(running.config)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert refused.returncode == 1
        assert f"already running on {settings['data']} (process {running.process.pid})" in refused.stderr
        assert "Traceback" not in refused.stderr

        for n in range(20):
            staff.publish("cmd/like", {"id": f"like-{n}", "args": {"track": playing["track"]["id"]}})
        staff.wait("cmd_result", lambda r: r["id"] == "like-9")
        children = running.children()
        running.kill()
        wait_until(lambda: all(gone(pid) for pid in children.values()), 1.0)
        acknowledged = [payload for _, topic, payload in staff.seen if topic == "cmd_result"]
        running.restart()
        running.wait_line("sound: ")
        written = running_journal(settings)
        for payload in acknowledged:
            name = payload.split(b'"id":"')[1].split(b'"')[0].decode()
            assert f'"id":"{name}"' in written
        assert len(acknowledged) >= 10
