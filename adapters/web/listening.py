"""Where the page is served: an address of this machine, and how others reach it."""

import ipaddress
import socket
from dataclasses import dataclass

from player.errors import LullError
from player.settings import WebSettings

ANY = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Listen:
    host: str
    port: int
    certificate: str | None = None
    key: str | None = None

    @classmethod
    def of(cls, settings: WebSettings) -> "Listen | None":
        """None: no page. Raises `LullError` for an address that cannot be read."""
        if settings.listen is None:
            return None
        host, colon, port = settings.listen.rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65535:
            raise LullError(
                f"web.listen: {settings.listen!r} is no address: write HOST:PORT, for example "
                "127.0.0.1:8080, or 0.0.0.0:8080 for the whole network."
            )
        if (settings.certificate_file is None) != (settings.key_file is None):
            raise LullError("web.certificate_file and web.key_file go together: give both, or neither.")
        return cls(host.strip("[]") or "0.0.0.0", int(port), settings.certificate_file, settings.key_file)

    @property
    def loopback(self) -> bool:
        """Only programs on this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def secure(self) -> bool:
        return self.certificate is not None

    def bind(self) -> socket.socket:
        """Raises `OSError`."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        taken = socket.socket(family, socket.SOCK_STREAM)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((self.host, self.port))
        except OSError:
            taken.close()
            raise
        taken.set_inheritable(False)
        return taken

    def address(self, port: int | None = None) -> str:
        """As people type it."""
        host = _outward() if self.host in ANY else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.secure else 'http'}://{shown}:{port or self.port}/"


def _outward() -> str:
    """This machine's address in its network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: only to ask for the route
            return str(probe.getsockname()[0])
        except OSError:
            return f"{socket.gethostname().partition('.')[0]}.local"  # no way out: mDNS tells it
