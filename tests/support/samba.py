"""A real Samba server that shares a folder with guests, on this machine alone."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PORT: Final = 445  # libsmbclient, below libVLC, asks no other
PATIENCE_S: Final = 20.0
CONFIG: Final = """[global]
 server role = standalone server
 interfaces = lo
 bind interfaces only = yes
 smb ports = {port}
 disable netbios = yes
 map to guest = Bad User
 load printers = no
 disable spoolss = yes
 private dir = {state}/private
 state directory = {state}
 cache directory = {state}
 lock directory = {state}
 pid directory = {state}
 ncalrpc dir = {state}/ncalrpc
 log file = {state}/log
[music]
 path = {share}
 guest ok = yes
 read only = yes
"""


def why_not() -> str:
    """Why it cannot be had here; "" when it can."""
    if shutil.which("smbd", path="/usr/sbin:/usr/bin") is None:
        return "Samba is not here: apt-get install samba vlc-plugin-samba"
    if os.geteuid() != 0:
        return f"only root may open port {PORT}, and libsmbclient knows no other"
    return ""


@contextmanager
def samba() -> Iterator[tuple[Path, "subprocess.Popen[bytes]"]]:
    """The folder that is `smb://127.0.0.1/music`, and the server."""
    with tempfile.TemporaryDirectory(prefix="lull-samba-") as name:
        state, share = Path(name) / "state", Path(name) / "share"
        (state / "private").mkdir(parents=True, mode=0o700)
        share.mkdir()
        Path(name).chmod(0o755)  # guests are nobody
        config = Path(name) / "smb.conf"
        config.write_text(CONFIG.format(port=PORT, state=state, share=share))
        argv = ["setpriv", "--pdeathsig", "KILL", "/usr/sbin/smbd", "--foreground", "--no-process-group"]
        argv += ["--debug-stdout", "-s", str(config)]
        server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _until_it_answers(server)
            yield share, server
        finally:
            server.kill()
            server.wait()


def _until_it_answers(server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"smbd does not start: is port {PORT} taken?")
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
