"""A private PulseAudio with a null sink, and a recorder on its monitor."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE

# In steps of 50 ms: otherwise a null sink sleeps for up to 2 s, as no card does.
NULL_SINK = "norewinds=1 format=float32le"
READY_S = 10.0  # a daemon that has not opened its socket by then is broken
FRAME_BYTES = 4 * CHANNELS

ALSA_CONFIG = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint { show on description "Default" } }
ctl.!default { type pulse }
"""


class PulseServer:
    """`env` makes child processes (and PortAudio in them) play into the null sink.

    The sink can be taken away and brought back as a cable would be: `unplug`, `plug`.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "native"
        config = home / "asound.conf"
        config.write_text(ALSA_CONFIG)
        self.env = {
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "PULSE_SERVER": f"unix:{self.socket}",
            "ALSA_CONFIG_PATH": str(config),
        }
        self._daemon: subprocess.Popen[bytes] | None = None

    def plug(self) -> None:
        """Start the daemon and wait until it takes clients."""
        protocol = f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}"
        null_sink = f"module-null-sink {NULL_SINK} sink_name=bed rate={SAMPLE_RATE} channels={CHANNELS}"
        argv = [
            "pulseaudio",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--log-level=error",
        ]
        argv += ["-n", "-L", protocol, "-L", null_sink]
        env = {key: value for key, value in self.env.items() if key != "PULSE_SERVER"}
        self._daemon = subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_S
        while subprocess.run(["pactl", "info"], env=self.env, capture_output=True, check=False).returncode:
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("pulseaudio did not start: is it installed (apt-get install pulseaudio)?")
            time.sleep(0.02)

    def unplug(self) -> None:
        """Stop the daemon: every stream on it breaks."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(timeout=READY_S)
            self._daemon = None

    def crash(self) -> None:
        """SIGKILL, as if out of memory."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait(timeout=READY_S)
        self._daemon = None

    def signal(self, number: int) -> None:
        assert self._daemon is not None
        self._daemon.send_signal(number)

    def pactl(self, *words: str) -> str:
        """What `pactl` answers. Raises `CalledProcessError`."""
        argv = ["pactl", *words]
        return subprocess.run(argv, env=self.env, check=True, capture_output=True, text=True).stdout.strip()

    @contextmanager
    def record(self, source: str = "bed.monitor") -> Iterator["Recording"]:
        """Everything that the null sink plays, from its monitor, from now on."""
        argv = ["parec", "--raw", "--latency-msec=5", "--process-time-msec=5", f"--device={source}"]
        argv += ["--format=float32le", f"--rate={SAMPLE_RATE}", f"--channels={CHANNELS}"]
        with subprocess.Popen(argv, env=self.env, stdout=subprocess.PIPE) as parec:
            recording = Recording(parec)
            try:
                recording.wait_frames(1)
                yield recording
            finally:
                parec.terminate()
                recording.join()


class Recording:
    """Frames from the monitor, and when each of them was played (this machine's monotonic clock)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._chunks: list[bytes] = []
        self._stamps: list[tuple[int, float]] = []  # frames so far, when they had come
        self._grown = threading.Condition()
        self._frames = 0
        self._thread = threading.Thread(target=self._pump, name="parec", daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        held = 0
        while chunk := os.read(descriptor, 1 << 16):
            now = time.monotonic()
            with self._grown:
                self._chunks.append(chunk)
                held += len(chunk)
                self._frames = held // FRAME_BYTES
                self._stamps.append((self._frames, now))
                self._grown.notify_all()

    @property
    def frames(self) -> int:
        return self._frames

    def wait_frames(self, frames: int, timeout: float = READY_S) -> None:
        """Until that many frames were recorded. Raises `TimeoutError`."""
        with self._grown:
            if not self._grown.wait_for(lambda: self._frames >= frames, timeout):
                raise TimeoutError(f"only {self._frames} of {frames} frames came from the monitor")

    def pcm(self) -> Pcm:
        """Shape (frames, 2)."""
        with self._grown:
            data = b"".join(self._chunks)
        usable = len(data) - len(data) % FRAME_BYTES
        return np.frombuffer(data[:usable], dtype="<f4").reshape(-1, CHANNELS)

    def played_at(self, frame: int) -> float:
        """When `frame` was played: the earliest arrivals bound the monitor's clock from above."""
        with self._grown:
            frames, times = (np.array(column, dtype=np.float64) for column in zip(*self._stamps, strict=True))
        return float(np.min(times - frames / SAMPLE_RATE)) + frame / SAMPLE_RATE

    def join(self) -> None:
        self._thread.join(timeout=READY_S)


@contextmanager
def pulse_server() -> Iterator[PulseServer]:
    """A PulseAudio of our own, stopped at the end; the user's is never touched."""
    with tempfile.TemporaryDirectory(prefix="lull-pulse-") as home:
        server = PulseServer(Path(home))
        server.plug()
        try:
            yield server
        finally:
            server.unplug()
