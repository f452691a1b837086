"""The files that play, and the libraries that decode them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.row import fault
from tests.faults.stage import Act, Stage
from tests.support.lull import PRESENT


@fault("file that plays removed")
def vanished(stage: Stage) -> Act:
    began = time.monotonic()
    piece = _playing(stage)
    assert piece is not None
    piece.unlink()
    return Act(began=began)


@fault("all files removed", note="what is decoded ahead goes on")
def all_vanished(stage: Stage) -> Act:
    began = time.monotonic()
    for piece in stage.music.iterdir():
        piece.unlink()
    return Act(began=began)


@contextmanager
def broken_pieces(stage: Stage) -> Iterator[None]:
    """Half of a file, rubbish in the middle, nothing, and text: beside one that is whole."""
    half, rubbish, *_ = sorted(stage.music.iterdir())
    for piece in (half, rubbish):
        data = bytearray(piece.read_bytes())
        piece.unlink()  # it is a link
        if piece is rubbish:
            data[30_000:60_000] = os.urandom(30_000)
            data[200_000:210_000] = os.urandom(10_000)
        else:
            del data[len(data) // 8 :]  # 19 s are left
        piece.write_bytes(data)
    (stage.music / "empty.ogg").touch()
    (stage.music / "text.mp3").write_text("not music\n" * 100)
    yield


@fault("truncated and corrupt files", around=broken_pieces, after_s=45.0, note="on to the next, twice")
def corrupt(stage: Stage) -> Act:
    began = time.monotonic()
    stage.staff.publish("cmd/next", {"id": "next-1"})
    time.sleep(12.0)
    stage.staff.publish("cmd/next", {"id": "next-2"})
    return Act(began=began)


@fault("decoder crashes", note="SIGSEGV in a thread of the audio process, as libVLC would")
def decoder_crashes(stage: Stage) -> Act:
    pid = stage.lull.children()["audio"]
    threads = sorted(int(task.name) for task in (PRESENT / str(pid) / "task").iterdir())
    began = time.monotonic()
    subprocess.run(["kill", "-SEGV", str(threads[-1])], check=True)
    return Act(began=began)


@fault(
    "a piece that crashes its decoder each time", after_s=14.0, note="from the second crash: another piece"
)
def crashes_each_time(stage: Stage) -> Act:
    """The audio process is killed as soon as it plays the piece again: another one must be chosen."""
    piece = _playing(stage)
    assert piece is not None
    began = time.monotonic()
    os.kill(stage.lull.children()["audio"], signal.SIGSEGV)
    time.sleep(1.0)
    while _playing(stage) in (piece, None) and time.monotonic() - began < 20.0:
        with suppress(KeyError, ProcessLookupError):
            audio = stage.lull.children()["audio"]
            if piece.name in _open_files(audio):
                os.kill(audio, signal.SIGSEGV)
                time.sleep(0.5)
        time.sleep(0.02)
    return Act(began=began, returned=time.monotonic())


def _playing(stage: Stage) -> Path | None:
    """The file that `state/playback` names last; None while nothing plays."""
    track = stage.staff.newest("state/playback")["track"]
    return None if track is None else stage.music / f"{track['title']}.ogg"


def _open_files(pid: int) -> str:
    names = []
    for link in (PRESENT / str(pid) / "fd").iterdir():
        with suppress(OSError):
            names.append(str(link.readlink()))
    return " ".join(names)
