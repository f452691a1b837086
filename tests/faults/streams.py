"""A station from the web, and the ways in which it stops coming."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from player.units import SAMPLE_RATE
from tests.faults.row import fault
from tests.faults.stage import Act, Stage
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.icecast import Icecast, icecast
from tests.support.wav import write_wav

LEVEL_DB = -23.0
WAV_HEADER = 44
FLAT_RATE = 4 * SAMPLE_RATE  # bytes a second of 16-bit stereo
LOOPS = 10  # of the 20 s

servers: dict[Path, BadWeb | Icecast] = {}  # by the folder of the room


@contextmanager
def station(room: Stage) -> Iterator[None]:
    """The resident starts with a station whose server does what it is told."""
    with bad_web() as web:
        body = _song(room).read_bytes()
        endless = body[: WAV_HEADER - 4] + b"\xff" * 4  # the length of the sound: not known
        sound = endless + body[WAV_HEADER:] * LOOPS
        web.pages["radio"] = Page(sound, "audio/wav", rate=round(1.15 * FLAT_RATE), live=True)
        with _tuned(room, web, web.url("radio")):
            yield


@contextmanager
def real_station(room: Stage) -> Iterator[None]:
    """Icecast, which ffmpeg feeds."""
    with icecast() as server:
        server.play(_song(room))
        with _tuned(room, server, server.url()):
            yield


@contextmanager
def _tuned(room: Stage, server: BadWeb | Icecast, url: str) -> Iterator[None]:
    room.settings["streams"] = [{"name": "Radio", "url": url}]
    resident = Path(room.settings["resident"])
    resident.write_text(resident.read_text().replace("}}", "}, first_track: Radio}"))
    servers[room.folder] = server
    yield
    del servers[room.folder]


def _song(room: Stage) -> Path:
    mono = np.random.default_rng(9).normal(0.0, 10 ** (LEVEL_DB / 20), 20 * SAMPLE_RATE)
    return write_wav(room.folder / "song.wav", np.repeat(mono.astype(np.float32)[:, None], 2, axis=1))


def _web(room: Stage) -> BadWeb:
    server = servers[room.folder]
    assert isinstance(server, BadWeb)
    _is_heard(room)
    return server


def _icecast(room: Stage) -> Icecast:
    server = servers[room.folder]
    assert isinstance(server, Icecast)
    _is_heard(room)
    return server


def _is_heard(room: Stage) -> None:
    state = room.staff.newest("state/playback")
    assert state["step"] == "stream", f"the station is not what plays: {state['step_reason']}"


@fault("station cut, its server refuses", around=station, after_s=15.0)
def refused(room: Stage) -> Act:
    web, began = _web(room), time.monotonic()
    web.refusing.set()
    web.cut()
    return Act(began=began)


@fault("station stalls", around=station, after_s=25.0, note="connections stay, nothing comes")
def stalls(room: Stage) -> Act:
    web, began = _web(room), time.monotonic()
    web.refusing.set()
    web.stalled.set()
    return Act(began=began)


@fault("station throttled to a half", around=station, after_s=40.0, note="slower than it is heard")
def throttled(room: Stage) -> Act:
    web, began = _web(room), time.monotonic()
    page = web.pages["radio"]
    web.pages["radio"] = Page(page.body, page.kind, rate=FLAT_RATE // 2, live=True)
    web.cut()
    return Act(began=began)


@fault("station cut five times", around=station, after_s=15.0, note="and taken again at once")
def cut(room: Stage) -> Act:
    web, began = _web(room), time.monotonic()
    for _ in range(5):
        web.cut()
        time.sleep(0.5)
    return Act(began=began)


@fault("Icecast killed", around=real_station, after_s=15.0)
def icecast_killed(room: Stage) -> Act:
    server, began = _icecast(room), time.monotonic()
    server.stop()
    return Act(began=began)


@fault("station off the air", around=real_station, after_s=15.0, note="Icecast drops its listeners")
def off_the_air(room: Stage) -> Act:
    server, began = _icecast(room), time.monotonic()
    server.silence()
    return Act(began=began)


@fault("Icecast restarted", around=real_station, after_s=15.0, note="back after 3 s")
def icecast_restarted(room: Stage) -> Act:
    server, began = _icecast(room), time.monotonic()
    server.stop()
    time.sleep(3.0)
    server.start()
    server.play(_song(room))
    return Act(began=began)
