"""A real Icecast on a free loopback port, and ffmpeg as the station that feeds it."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener

PATIENCE_S = 20.0
CONFIG = """<icecast>
 <limits><clients>20</clients><sources>4</sources><burst-size>{burst}</burst-size>
  <source-timeout>4</source-timeout></limits>
 <authentication><source-password>hackme</source-password><admin-user>admin</admin-user>
  <admin-password>hackme</admin-password></authentication>
 <hostname>127.0.0.1</hostname>
 <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
 <paths><basedir>/usr/share/icecast2</basedir><logdir>{folder}</logdir>
  <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
 <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
 <security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>"""
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Icecast:
    def __init__(self, folder: Path, burst: int = 65_536) -> None:
        self._folder, self.port = folder, free_port()
        folder.chmod(0o777)
        self._config = folder / "icecast.xml"
        self._config.write_text(CONFIG.format(port=self.port, folder=folder, burst=burst))
        self._config.chmod(0o644)
        self.server: subprocess.Popen[bytes] | None = None
        self.stations: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, mount: str = "radio") -> str:
        return f"http://127.0.0.1:{self.port}/{mount}"

    def start(self) -> None:
        argv = [*DIE_WITH_US, shutil.which("icecast2") or "/usr/bin/icecast2", "-c", str(self._config)]
        self.server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._until(self._answers, "icecast2 does not start: is it installed (apt-get install icecast2)?")

    def play(self, file: Path, mount: str = "radio", codec: str = "libmp3lame") -> None:
        """A station that plays `file` over and over, in real time."""
        form = {
            "libmp3lame": ("mp3", "audio/mpeg"),
            "libvorbis": ("ogg", "audio/ogg"),
            "aac": ("adts", "audio/aac"),
        }
        container, kind = form[codec]
        argv = [
            *DIE_WITH_US,
            "ffmpeg",
            "-v",
            "error",
            "-nostdin",
            "-re",
            "-stream_loop",
            "-1",
            "-i",
            str(file),
        ]
        argv += ["-vn", "-c:a", codec, "-b:a", "128k", "-ar", "44100", "-f", container, "-content_type", kind]
        argv += [f"icecast://source:hackme@127.0.0.1:{self.port}/{mount}"]
        self.stations[mount] = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        self._until(lambda: self._mounted(mount), f"ffmpeg does not feed /{mount}")

    def name(self, title: str, mount: str = "radio") -> None:
        """Tell listeners what is played from now on."""
        passwords = HTTPPasswordMgrWithDefaultRealm()
        base = f"http://127.0.0.1:{self.port}/admin/metadata"
        passwords.add_password(None, base, "admin", "hackme")
        opener = build_opener(HTTPBasicAuthHandler(passwords))
        opener.open(
            f"{base}?mount=/{mount}&mode=updinfo&charset=UTF-8&song={quote(title)}", timeout=5
        ).close()

    def silence(self, mount: str = "radio") -> None:
        """The station goes off the air; listeners are dropped by the server."""
        station = self.stations.pop(mount)
        station.kill()
        station.wait()

    def kill(self) -> None:
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server = None

    def stop(self) -> None:
        for mount in list(self.stations):
            self.silence(mount)
        self.kill()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
        except OSError:
            return False
        return True

    def _mounted(self, mount: str) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2.0) as line:
                line.sendall(f"GET /{mount} HTTP/1.0\r\n\r\n".encode())
                return b" 200 " in line.recv(64)
        except OSError:
            return False

    def _until(self, true: Callable[[], bool], problem: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > deadline:
                raise RuntimeError(problem)
            time.sleep(0.05)


@contextmanager
def icecast(burst: int = 65_536) -> Iterator[Icecast]:
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's, which only root may enter
        server = Icecast(Path(folder), burst)
        server.start()
        try:
            yield server
        finally:
            server.stop()
