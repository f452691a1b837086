"""A private mosquitto on 127.0.0.1, so that a single device needs no set-up."""

import asyncio
import logging
import os
import shutil
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from player.errors import MqttError
from player.units import Seconds

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
START_PATIENCE: Final = Seconds(5.0)
END_PATIENCE: Final = Seconds(2.0)
POLL: Final = Seconds(0.02)
BACKOFF: Final = (0.0, 0.5, 2.0, 10.0)  # s before the 1st, 2nd, … restart of one that does not last
LASTED: Final = Seconds(30.0)  # a run that counts as good
SEARCH: Final = "/usr/sbin:/usr/local/sbin"  # Debian keeps mosquitto outside a user's PATH

CONFIG: Final = """\
listener {port} {host}
allow_anonymous true
user root
persistence true
persistence_location {folder}/
autosave_interval 10
persistent_client_expiration 7d
max_packet_size 65536
max_inflight_messages 20
max_queued_messages 500
max_queued_bytes 4194304
max_keepalive 120
max_connections 200
log_dest stderr
log_type error
log_type warning
"""


class PrivateBroker:
    """`async with PrivateBroker(folder, bind) as broker:` — it runs, and is restarted when it dies.

    `bind` adds the prefix that ends a child with its parent. The port is kept in `folder`, so that
    devices find the broker again after a restart. Started by root it stays root: a change of user would
    take the parent-death signal away.
    """

    def __init__(self, folder: Path, bind: Callable[[list[str]], list[str]] = lambda argv: argv) -> None:
        self._folder = folder.resolve()
        self._bind = bind
        self._config = self._folder / "mosquitto.conf"
        self._pid_file = self._folder / "mosquitto.pid"
        self._port_file = self._folder / "port"
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=20)
        self.host = HOST
        self.port = 0
        self.restarts = 0

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        """Raises `MqttError`: not installed, or it does not start."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path=SEARCH)
        if program is None:
            raise MqttError("mosquitto is not installed: type `sudo apt-get install mosquitto`")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            await self._end_stale()
            self.port = self._choose_port()
            self._config.write_text(CONFIG.format(port=self.port, host=HOST, folder=self._folder))
            self._port_file.write_text(f"{self.port}\n")
        except OSError as error:
            raise MqttError(f"the private broker's folder cannot be used: {error}") from error
        argv = self._bind([program, "-c", str(self._config)])
        await self._start(argv)
        self._keeper = asyncio.create_task(self._keep(argv), name="private-broker")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._stop()

    async def _start(self, argv: list[str]) -> None:
        self._process = None
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the player, whose last messages still need a broker
            )
        except OSError as error:
            raise MqttError(f"the private broker cannot be started: {error}") from error
        self._process = process
        try:
            self._pid_file.write_text(f"{process.pid}\n")
        except OSError as error:  # it serves all the same; only a later run could not end it
            log.warning("the private broker's process id is not noted: %s", error)
        self._listening = asyncio.create_task(self._listen(process), name="private-broker-log")
        try:
            async with asyncio.timeout(START_PATIENCE):
                while not await _accepts(self.port):
                    if process.returncode is not None:
                        await self._listening
                        raise MqttError(f"the private broker ended at its start: {' | '.join(self._said)}")
                    await asyncio.sleep(POLL)
        except TimeoutError:
            await self._stop()
            raise MqttError(f"the private broker does not answer on {HOST}:{self.port}") from None

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").strip()
            self._said.append(text)
            log.debug("mosquitto: %s", text)

    async def _keep(self, argv: list[str]) -> None:
        clock = asyncio.get_running_loop().time
        short_runs = 0
        started = clock()
        while True:
            if self._process is not None:
                code = await self._process.wait()
                log.warning("the private broker ended (code %s) and is started again", code)
            await asyncio.sleep(BACKOFF[min(short_runs, len(BACKOFF) - 1)])
            short_runs = 0 if clock() - started > LASTED else short_runs + 1
            started = clock()
            self.restarts += 1
            try:
                await self._start(argv)
            except (MqttError, OSError) as error:
                log.warning("%s", error)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()  # saves its sessions
            try:
                async with asyncio.timeout(END_PATIENCE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._listening is not None:
            await self._listening
        self._pid_file.unlink(missing_ok=True)

    def _choose_port(self) -> int:
        with suppress(OSError, ValueError):  # no port yet, or taken: another one
            return _free_port(int(self._port_file.read_text()))
        return _free_port(0)

    async def _end_stale(self) -> None:
        """A broker of an earlier run that did not end with it."""
        with suppress(OSError, ValueError):  # no file, not a number, or it has ended
            pid = int(self._pid_file.read_text())
            for sign in (signal.SIGTERM, signal.SIGKILL):
                deadline = asyncio.get_running_loop().time() + END_PATIENCE
                while self._is_ours(pid) and asyncio.get_running_loop().time() < deadline:
                    os.kill(pid, sign)
                    await asyncio.sleep(POLL)

    def _is_ours(self, pid: int) -> bool:
        """Process ids are used again: the command line must be a mosquitto with our configuration."""
        argv = [os.fsdecode(part) for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
        return str(self._config) in argv and any(Path(part).name == "mosquitto" for part in argv)


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):  # only its answer mattered
        await writer.wait_closed()
    return True


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, wanted))
        port: int = probe.getsockname()[1]
        return port
