"""A station that fails: how long the music is gone, and what the level does, on the recorded sound card.

`pytest -s tests/e2e/test_stream_faults.py` prints the figures.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.e2e.conftest import start_with
from tests.e2e.test_swap import ROOT, noise
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.icecast import icecast
from tests.support.level import rms_db, sliding_db
from tests.support.lull import lull, person
from tests.support.pulse import PulseServer
from tests.support.wav import write_wav

GONE_DB = -60.0
GOAL_S = 2.0  # without music
STEP_DB = 3.0  # up

Station = tuple[str, Callable[[], None]]  # its address, and how it fails


@pytest.fixture(params=["icecast killed", "off the air", "stalled", "refused"])
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Station]]:
    name: str = request.param
    song = write_wav(tmp_path / "song.wav", noise(9, 20.0))
    if name in ("icecast killed", "off the air"):
        with icecast() as server:
            server.play(song)
            yield name, (server.url(), server.stop if name == "icecast killed" else server.silence)
        return
    with bad_web() as web:
        yield name, (_radio(web, song), lambda: _break(web, name))


def _radio(web: BadWeb, song: Path) -> str:
    body = song.read_bytes()
    web.pages["radio"] = Page(body + body[44:] * 20, "audio/wav", rate=220_000, live=True)
    return web.url("radio")


def _break(web: BadWeb, name: str) -> None:
    web.refusing.set()
    if name == "stalled":
        web.stalled.set()
    else:
        web.cut()


def test_a_station_that_fails_is_followed_by_the_residents_own_music(
    pulse: PulseServer, settings: dict[str, Any], tmp_path: Path, station: tuple[str, Station]
) -> None:
    name, (url, fail) = station
    (tmp_path / "music").mkdir()
    for number in range(3):
        write_wav(tmp_path / "music" / f"own{number}.wav", noise(number, 60.0))
    settings["streams"] = [{"name": "Radio", "url": url}]
    start_with(settings, "Radio")
    with lull(settings, tmp_path, pulse.env) as running, person(running.port, ROOT) as staff:
        state = staff.wait("state/playback", lambda s: s["state"] == "playing" and s["step"] == "stream")
        assert state["track"]["title"] == "Radio"
        running.wait_line(r"library: \d+ pieces, all analysed", timeout=120)
        with pulse.record() as recording:
            recording.wait_frames(6 * SAMPLE_RATE, timeout=60)
            fail()
            state = staff.wait("state/playback", lambda s: s["step"] == "library", timeout=60)
            assert "Radio" in state["step_reason"]
            recording.wait_frames(recording.frames + 10 * SAMPLE_RATE, timeout=60)
            heard = recording.pcm()
    gone, step = longest_gap(heard), largest_step(heard)
    print(f"{name}: {gone:.2f} s without music, level step {step:+.1f} dB")
    assert gone <= GOAL_S
    assert step <= STEP_DB


def longest_gap(heard: Pcm) -> float:
    """Seconds in a row below −60 dBFS."""
    quiet = rms_db(heard, 0.010) < GONE_DB
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(int)))
    return max((float(end - begin) * 0.010 for begin, end in edges.reshape(-1, 2)), default=0.0)


def largest_step(heard: Pcm) -> float:
    """How far any second stands above the loudest of the first three: dB."""
    level = sliding_db(heard, window_s=1.0, hop_s=0.1)
    return float(np.max(level[30:]) - np.max(level[:30]))
