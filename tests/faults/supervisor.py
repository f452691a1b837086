"""What systemd does for the service: restart, and a watchdog over the notification socket."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from tests.support.lull import Lull

RESTART_S = 0.1  # RestartSec= of systemd/lull.service
POLL_S = 0.02


class Supervised(Lull):
    """`watchdog_s`: killed when it said nothing for so long, once it has said that it is ready."""

    def __init__(
        self, settings: dict[str, Any], folder: Path, env: dict[str, str], watchdog_s: float = 20.0
    ) -> None:
        self._address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._address)
        self._socket.settimeout(POLL_S)
        self._watchdog_s = watchdog_s
        self._fed: float | None = None
        self.status: list[str] = []  # what it notified
        self.restarts = 0
        self.before: list[str] = []  # log of the runs before this one
        self.watchdog_kills = 0
        self.hands_off = False  # a test stops and starts it itself
        self._ending = threading.Event()
        notify = {"NOTIFY_SOCKET": self._address, "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}
        super().__init__(settings, folder, {**env, **notify})
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    @classmethod
    @contextmanager
    def running(cls, settings: dict[str, Any], folder: Path, env: dict[str, str]) -> Iterator[Self]:
        supervised = cls(settings, folder, env)
        try:
            yield supervised
        finally:
            supervised.finish()

    def wait_watchdog(self) -> None:
        """Until the watchdog has bitten. Raises `TimeoutError`."""
        deadline = time.monotonic() + 2 * self._watchdog_s
        while not self.watchdog_kills:
            if time.monotonic() > deadline:
                raise TimeoutError("the watchdog did not bite: was it never fed?")
            time.sleep(POLL_S)

    def finish(self) -> None:
        """No more restarts; SIGTERM as `systemctl stop` sends it."""
        self._ending.set()
        self._keeper.join()
        self.end()
        self._socket.close()

    def _keep(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                said = self._socket.recv(4096).decode()
                self.status.append(said)
                self._fed = time.monotonic()
            if self.hands_off:
                continue
            if self._fed is not None and time.monotonic() - self._fed > self._watchdog_s:
                self.watchdog_kills += 1
                self.process.kill()
            if self.process.poll() is not None:
                self._fed = None
                if not self._ending.wait(RESTART_S):
                    self.restarts += 1
                    self.before += [f"(ended: {self.process.returncode})", *self.log]
                    self.restart()
