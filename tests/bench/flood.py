"""40,000 signals at once against a whole `lull run`: memory, how soon a stop acts, late frames.

`python -m tests.bench.flood`. The time of a stop is from its publication to its answer, which leaves
once the stop is on disk, through the same broker that carries the flood.
"""

import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from player.units import SAMPLE_RATE
from tests.bench.ward import resident_mib
from tests.mqtt.test_trouble import flood
from tests.support.level import rms_db
from tests.support.lull import lull, person
from tests.support.pulse import pulse_server
from tests.support.wav import write_wav

MESSAGES = 40_000
FLOODS = 5
STOPS = 10  # in each flood
ROOT = "lull/v1/home1/room7"


def measure(folder: Path) -> None:
    (folder / "music").mkdir(parents=True)
    clock = np.arange(300 * SAMPLE_RATE) / SAMPLE_RATE
    wave = (0.1 * np.sin(2.0 * np.pi * 440.0 * clock)).astype(np.float32)
    write_wav(folder / "music" / "tone.wav", np.repeat(wave[:, None], 2, axis=1))
    resident = folder / "resident.yaml"
    resident.write_text("{id: bench, quiet_hours: null, volume: {start: 100, max: 100, night_max: 100}}")
    settings = {
        "site": "home1",
        "player": "room7",
        "resident": str(resident),
        "library": {"folders": [str(folder / "music")]},
        "data": str(folder / "data"),
        "web": {"listen": None},
    }
    with (
        pulse_server() as pulse,
        lull(settings, folder, pulse.env) as running,
        person(running.port, ROOT, "cmd_result") as staff,  # who listens to all drowns in the flood
    ):
        with person(running.port, ROOT, "state/playback") as first:
            first.wait("state/playback", lambda s: s["state"] == "playing")
        running.wait_line(r"library: 1 pieces, all analysed", timeout=60)
        time.sleep(6.0)  # the fade-in is over
        before = resident_mib(running.process.pid)
        with pulse.record() as recording:
            recording.wait_frames(SAMPLE_RATE)
            _flood(running.port)
            recording.wait_frames(recording.frames + SAMPLE_RATE)
            heard = recording.pcm()
        growth = [resident_mib(running.process.pid) - before]
        delays: list[float] = []
        for number in range(FLOODS):
            noise = threading.Thread(target=flood, args=(running.port, MESSAGES))
            noise.start()
            for stop in range(STOPS):
                name = f"stop-{number}-{stop}"
                at = staff.publish("cmd/stop", {"id": name})
                staff.wait("cmd_result", lambda r, name=name: r["id"] == name)  # type: ignore[misc]
                delays.append(time.monotonic() - at)
            noise.join()
            growth.append(resident_mib(running.process.pid) - before)
    milliseconds = 1000.0 * np.array(delays)
    quiet = int(np.sum(rms_db(heard, 0.010) < -60.0))
    print(
        f"flood of {MESSAGES}: stop answered p50 {np.quantile(milliseconds, 0.5):.0f}, "
        f"p99 {np.quantile(milliseconds, 0.99):.0f} ms ({len(delays)} stops); "
        f"memory +{max(growth):.1f} MiB; windows of 10 ms without sound: {quiet} of {len(heard) // 480}"
    )


def _flood(port: int) -> None:
    noise = threading.Thread(target=flood, args=(port, MESSAGES))
    noise.start()
    noise.join()


if __name__ == "__main__":
    with TemporaryDirectory(prefix="lull-flood-") as name:
        measure(Path(name))
