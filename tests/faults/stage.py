"""A bedside: a supervised Lull, a sound server that is recorded, staff who give feedback all the time."""

import itertools
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.faults.supervisor import Supervised
from tests.support.encode import encode
from tests.support.level import rms_db, sliding_db
from tests.support.lull import PATIENCE_S, Person
from tests.support.pulse import PulseServer, Recording

ROOT = "lull/v1/home1/room7"
BEFORE_S = 6.0  # the entrance of the first piece is over
PIECES = 4
PIECE_S = 150.0
SILENT_DB = -60.0
LIKE = re.compile(rb'"id":"(like-\d+)"')
FEEDBACK_S = 0.25  # between two likes


class Act(Struct, frozen=True, kw_only=True):
    """When it broke, and when what a listener needs was there again (monotonic, seconds)."""

    began: float
    returned: float | None = None  # a device that was away, a process that a person stopped


class Stage:
    """Everything that a fault may break."""

    def __init__(self, folder: Path, pulse: PulseServer, settings: dict[str, Any]) -> None:
        self.folder, self.pulse, self.settings = folder, pulse, settings
        self.music = Path(settings["library"]["folders"][0])
        self.data = Path(settings["data"])
        self.env: dict[str, str] = dict(pulse.env)
        self._lull: Supervised | None = None
        self._staff: Person | None = None
        self._recording: Recording | None = None
        self._stack = ExitStack()
        self._recordings = self._stack.enter_context(ExitStack())
        self._level = SILENT_DB
        self._done = threading.Event()
        self._kept: set[str] | None = None
        self._talking: threading.Thread | None = None

    @property
    def lull(self) -> Supervised:
        assert self._lull is not None
        return self._lull

    @property
    def staff(self) -> Person:
        assert self._staff is not None
        return self._staff

    @property
    def recording(self) -> Recording:
        assert self._recording is not None
        return self._recording

    def play(self) -> None:
        """Start Lull, and wait until music has been heard for a while."""
        self.record_again()  # without a recorder a null sink moves in steps of up to 2 s
        self._lull = self._stack.enter_context(Supervised.running(self.settings, self.folder, self.env))
        self._staff = Person(self.lull.port, ROOT)
        self._stack.callback(self.staff.leave)
        self.staff.wait("state/playback", lambda s: s["state"] == "playing")
        self.lull.wait_line("all analysed", timeout=120.0)
        self.record_again()
        self.recording.wait_frames(int(BEFORE_S * SAMPLE_RATE), timeout=PATIENCE_S)
        steady = rms_db(self.recording.pcm()[-2 * SAMPLE_RATE :], 0.4)
        self._level = float(np.median(steady))
        if self._level < SILENT_DB:
            raise RuntimeError("nothing was heard before the fault:\n" + "\n".join(self.lull.log[-20:]))
        self._talking = threading.Thread(target=self._talk, daemon=True)
        self._talking.start()

    def record_again(self, source: str = "bed.monitor") -> None:
        """A new recording: the sound server was away."""
        self._recording = self._recordings.enter_context(self.pulse.record(source))

    def forget_recordings(self) -> None:
        """Of a long run: only the newest sound is of use, and kept elsewhere."""
        self._recordings.close()
        self.record_again()

    def listen(self, act: Act, seconds: float) -> tuple[float, float, float]:
        """Seconds without music, dB of the largest step up, seconds until it was as before."""
        self.recording.wait_frames(self.recording.frames + int(seconds * SAMPLE_RATE), timeout=3 * PATIENCE_S)
        since = act.returned or act.began
        first = self.recording.played_at(0)
        heard = self.recording.pcm()[max(0, int((since - first) * SAMPLE_RATE)) :]
        late = max(0.0, first - since)
        level = sliding_db(heard, window_s=0.4, hop_s=0.05)
        low = np.flatnonzero(level < self._level - 6.0)
        recovery = late + (0.05 * (int(low[-1]) + 1) if len(low) else 0.0)
        return longest_gap(heard, late), float(np.max(level) - self._level), recovery

    def close(self) -> None:
        self._done.set()
        if self._talking is not None:
            self._talking.join()
        self._stack.close()

    # --- staff ----------------------------------------------------------------------------------------

    def _talk(self) -> None:
        """A like now and then: each one that is acknowledged must be in the journal at the end."""
        for number in itertools.count():
            if self._done.wait(FEEDBACK_S):
                return
            with suppress(OSError):
                self.staff.publish("cmd/like", {"id": f"like-{number}"})

    def acknowledged(self) -> set[str]:
        said = [json.loads(payload) for _, topic, payload in list(self.staff.seen) if topic == "cmd_result"]
        return {result["id"] for result in said if result["ok"] and result["id"].startswith("like-")}

    def keep_journal(self) -> None:
        """End Lull and read what is stored, before its file system goes."""
        self.close()
        self._kept = self._read_journals()

    def stored(self) -> set[str]:
        """Ids of the likes in the journals of this run, also in one that was moved aside."""
        return self._read_journals() if self._kept is None else self._kept

    def _read_journals(self) -> set[str]:
        found: set[str] = set()
        for path in self.data.glob("journal*.db"):
            log = path.with_name(f"{path.name}-wal")
            mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
            with (
                closing(sqlite3.connect(f"file:{path}?{mode}", uri=True)) as stored,
                suppress(sqlite3.OperationalError),  # there was no room for as much as a table
            ):
                for (event,) in stored.execute("SELECT event FROM entries"):
                    found |= {like.decode() for like in LIKE.findall(event)}
        return found


def longest_gap(heard: Pcm, late: float = 0.0) -> float:
    """Longest run of silent 10-ms windows, seconds; `late` seconds before it were not recorded."""
    silent = np.concatenate(([0], rms_db(heard, 0.010) < SILENT_DB, [0])).astype(int)
    edges = np.flatnonzero(np.diff(silent))
    runs = 0.010 * (edges[1::2] - edges[::2])
    if late and len(runs) and edges[0] == 0:
        runs[0] += late
    return float(np.max(runs, initial=0.0))


def render_pieces(folder: Path) -> None:
    """Stationary noise, no two pieces alike: any gap and any step is the player's."""
    folder.mkdir(parents=True)
    for number in range(PIECES):
        mono = np.random.default_rng(number).normal(0.0, 10 ** (-26 / 20), int(PIECE_S * SAMPLE_RATE))
        encode(
            folder / f"piece{number}.ogg", np.repeat(mono.astype(np.float32)[:, None], 2, axis=1), "vorbis"
        )


@contextmanager
def stage(folder: Path, pieces: Path, pulse: PulseServer) -> Iterator[Stage]:
    """A new room with its own data; the music is linked from `pieces`."""
    music = folder / "music"
    music.mkdir(parents=True)
    for piece in sorted(pieces.iterdir()):
        (music / piece.name).hardlink_to(piece)
    resident = folder / "resident.yaml"
    resident.write_text("{id: heron, quiet_hours: null, volume: {start: 100, max: 100, night_max: 100}}")
    settings = {
        "site": "home1",
        "player": "room7",
        "resident": str(resident),
        "library": {"folders": [str(music)]},
        "data": str(folder / "data"),
        "web": {"listen": None},
    }
    room = Stage(folder, pulse, settings)
    try:
        yield room
    finally:
        room.close()
