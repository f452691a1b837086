"""Starts audio processes, the first one as early as the settings are known."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from player.settings import AudioSettings
from player.units import Seconds

FRUGAL: Final = {
    "OPENBLAS_NUM_THREADS": "1",  # a pool would compete with the render thread for the same cores
    # glibc keeps a heap for each thread, and what is freed in it: 122 MiB instead of 85 with four threads
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "PA_ALSA_PLUGHW": "1",  # PortAudio lets ALSA convert what a card does not take: rate, channels, format
}
KILL_PATIENCE: Final = Seconds(1.0)  # a process inside a driver ends later, by itself


class Launched:
    """A process that was started, and our end of its pipe."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self._process = process
        self.connection = connection
        self.pid = process.pid

    async def wait(self) -> int:
        """Exit status, negative for a signal."""
        loop = asyncio.get_running_loop()
        if self._process.poll() is None:
            ended = asyncio.Event()
            descriptor = os.pidfd_open(self.pid)  # readable once it has ended
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self._process.wait()

    def busy(self) -> bool:
        """Whether one of its threads runs or waits for a processor: it is slow then, and does not hang."""
        for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # the thread, or the process, has just ended
                if stat.read_text().rpartition(") ")[2].startswith("R"):
                    return True
        return False

    def kill(self) -> None:
        self._process.kill()  # does nothing when it has ended

    def kill_at_once(self) -> None:
        """Kill it and take its exit status, here and now: nobody will wait for it later."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=KILL_PATIENCE)


class Launcher:
    """`bound` may wrap the command line so that the child dies with the parent. `environment` is added.

    `early` starts a process that the first `launch` hands out: it loads while the brain does.
    """

    def __init__(
        self,
        settings: AudioSettings,
        bound: Callable[[Sequence[str]], list[str]] = list,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._settings, self._bound, self._environment = settings, bound, environment
        self._early: Launched | None = None

    def early(self) -> None:
        self._early = self.launch()

    def close(self) -> None:
        """End the early process, if nobody took it."""
        if self._early is not None:
            self._early.connection.close()
            self._early.kill_at_once()
            self._early = None

    def launch(self, *, suspect: bool = False) -> Launched:
        """`suspect`: the device has killed processes that opened it."""
        if self._early is not None:
            early, self._early = self._early, None
            return early
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-m", "adapters.audio.child", "--fd", str(theirs.fileno())]
        argv += ["--parent", str(os.getpid()), "--device", self._settings.device]
        argv += ["--buffer-ms", str(self._settings.buffer_ms)]
        if self._settings.microphone is not None:
            argv += ["--microphone", self._settings.microphone]
        if suspect:
            argv.append("--suspect")
        with theirs:
            process = subprocess.Popen(
                self._bound(argv),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, **FRUGAL, **self._environment, "PYTHONPATH": _path()},
            )
        return Launched(process, ours)


def _path() -> str:
    return os.pathsep.join(filter(None, sys.path))
