"""What every answer carries, and which names this server answers to."""

import ipaddress
import socket
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.render import style_source

POLICY: Final = (
    f"default-src 'none'; script-src 'self'; style-src {style_source()}; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # "no-referrer" would make the origin of a plain form "null"
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Headers:
    """The same strict headers on all answers, errors too. An answer's own policy stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":  # elsewhere browsers ignore it, and complain
                    headers.setdefault("cross-origin-opener-policy", "same-origin")
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with if scope["type"] == "http" else send)


class Hosts:
    """Refuses names that are not ours: a page elsewhere could point its own name at this address (DNS
    rebinding) and read ours. An address in digits is nobody's name."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._ours(_host(scope)):
            refusal = PlainTextResponse(
                "This name is not known here. Use the address that `lull page` prints, "
                "or add the name to `web.names` in the settings.\n",
                status_code=421,
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _ours(self, host: str) -> bool:
        if host in self._names:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def own_names(further: tuple[str, ...] = ()) -> frozenset[str]:
    """localhost, this machine's name (also as `.local`, as mDNS tells it), and what the settings add."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name.split('.')[0]}.local", *(n.lower() for n in further)})


def _host(scope: Scope) -> str:
    """Of the `Host` header, without port and brackets; "" when there is none or more than one."""
    values = [value for key, value in scope["headers"] if key == b"host"]
    if len(values) != 1:
        return ""
    host: str = values[0].decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
