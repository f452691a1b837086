"""Renders a piece with TiMidity++ and Debian's TimGM6mb instruments to a tagged Opus file."""

import os
import select
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext

from adapters.library.demo.arrangement import Piece, perform
from adapters.library.demo.midi import standard_midi_file
from player.errors import LibraryError
from player.units import CHANNELS, SAMPLE_RATE, Seconds, seconds_to_frames

PACKAGES: Final = "timidity timgm6mb-soundfont"
INSTRUMENTS: Final = Path("/etc/timidity/timgm6mb.cfg")
SYNTHESISER: Final = (
    *("nice", "-n", "10"),  # music may be playing already
    "timidity",
    "-idqq",  # no user interface
    f"-c{INSTRUMENTS}",
    f"-s{SAMPLE_RATE}",
    "-Or1sSl",  # raw, 16 bit, signed, stereo, linear
    "-EFresamp=c",  # cubic splines: 1.6 × as fast as the default, no audible difference
    *("-o", "-"),
)
BIT_RATE: Final = 44_000  # 1/s; with the packages the whole stays under 15 MB
ENCODING: Final = {"vbr": "constrained", "compression_level": "5"}
TAIL: Final = Seconds(2.5)  # for the last note to die away
BLOCK: Final = SAMPLE_RATE // 2  # frames
# FFmpeg filters. Lively pieces are mastered as records of such music are: bright and dense, about −15 LUFS.
LIVELY_MASTERING: Final = (
    ("treble", "gain=9:frequency=2500"),
    ("volume", "8dB"),
    ("alimiter", "limit=0.6:attack=5:release=60:level=0"),
)
FRAME_BYTES: Final = 2 * CHANNELS
POLL: Final = Seconds(0.1)  # how soon a silent synthesiser is left when the rendering is to stop


class _StoppedError(Exception):
    """Whoever wanted the piece wants it no more."""


def check_tools() -> None:
    """Raises `LibraryError` naming the packages to install when the synthesiser or its sounds are missing."""
    if shutil.which("timidity") is None or not INSTRUMENTS.is_file():
        raise LibraryError(
            f"the demo library needs a synthesiser: sudo apt-get install -y {PACKAGES} "
            "(or name a folder with music in `library: {folders: […]}`)"
        )


def render_opus(piece: Piece, target: Path, stop: threading.Event | None = None) -> bool:
    """Write `target` as a whole or not at all; False: `stop` was set meanwhile. Raises `LibraryError`."""
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            _synthesise(piece, file, stop or threading.Event())
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except _StoppedError:
        return False
    except OSError as error:
        raise LibraryError(
            f"the demo library cannot be written to {target.parent}: {error.strerror}"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return True


def _synthesise(piece: Piece, file: IO[bytes], stop: threading.Event) -> None:
    command = (*SYNTHESISER, f"-A{piece.amplify}", "-")
    with tempfile.TemporaryFile() as score:
        score.write(standard_midi_file(piece))
        score.seek(0)
        with subprocess.Popen(
            command, stdin=score, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as synthesiser:
            assert synthesiser.stdout is not None
            pcm = _Pcm(synthesiser.stdout, stop)
            try:
                frames = _encode(piece, pcm, file)
                while pcm.read(BLOCK * FRAME_BYTES):
                    pass  # inaudible rest of the reverberation
            except BaseException:
                synthesiser.kill()
                raise
    if synthesiser.returncode != 0 or frames == 0:
        raise LibraryError(f"{piece.title}: timidity made no sound; reinstall {PACKAGES}")


class _Pcm:
    """What the synthesiser writes; `read` raises `_StoppedError` as soon as `stop` is set."""

    def __init__(self, pipe: IO[bytes], stop: threading.Event) -> None:
        self._descriptor, self._stop = pipe.fileno(), stop

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end."""
        data = b""
        while len(data) < size:
            if self._stop.is_set():
                raise _StoppedError
            if not select.select([self._descriptor], [], [], POLL)[0]:
                continue
            got = os.read(self._descriptor, size - len(data))
            if not got:
                break
            data += got
        return data


def _mastering(piece: Piece) -> Graph:
    graph = Graph()
    nodes: list[FilterContext] = [
        graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="s16", layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
        ),
        *(graph.add(name, options) for name, options in (LIVELY_MASTERING if piece.lively else ())),
        graph.add("aformat", "sample_fmts=s16"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _mastered(graph: Graph, frame: AudioFrame | None) -> Iterator[AudioFrame]:
    """What comes out after `frame` went in; None ends the music."""
    graph.push(frame)
    while True:
        try:
            out = graph.pull()
        except (BlockingIOError, EOFError):
            return
        if isinstance(out, AudioFrame):
            yield out


def _encode(piece: Piece, pcm: _Pcm, file: IO[bytes]) -> int:
    """Returns how many frames there were."""
    frames = 0
    limit = seconds_to_frames(max(tone.end for tone in perform(piece)[0]) + TAIL)
    graph = _mastering(piece)
    with av.open(file, "w", format="ogg") as container:
        container.metadata.update(
            title=piece.title, artist=piece.artist, date=str(piece.year), album="Lull demo"
        )
        stream = container.add_stream(
            "libopus", rate=SAMPLE_RATE, layout="stereo", bit_rate=BIT_RATE, options=ENCODING
        )
        while data := pcm.read(min(BLOCK, limit - frames) * FRAME_BYTES):
            frame = AudioFrame.from_ndarray(
                np.frombuffer(data, dtype="<i2").reshape(1, -1), format="s16", layout="stereo"
            )
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = frames
            frames += frame.samples
            for mastered in _mastered(graph, frame):
                container.mux(stream.encode(mastered))
        for mastered in _mastered(graph, None):
            container.mux(stream.encode(mastered))
        container.mux(stream.encode(None))
    return frames
