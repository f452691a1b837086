"""Serves the page. A port that is taken is said and tried again, and stops nothing else."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from adapters.web.listening import Listen
from player.units import Seconds

log = logging.getLogger("lull")

TRY_AGAIN: Final = Seconds(10.0)  # a port that is taken may be free later
GOODBYE: Final = 1  # s for answers under way at the end
BACKLOG: Final = 128
AT_ONCE: Final = 600  # connections; beyond them 503


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The service takes the signals."""
        yield


def say(address: str) -> None:
    log.info("page: %s (for a phone: `lull page`)", address)


async def serve(
    app: ASGIApp, listen: Listen, on_end: Callable[[], None], on_start: Callable[[str], None] = say
) -> None:
    """Until cancelled. `on_start` gets the address; `on_end` lets open streams go first."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=AT_ONCE,
        backlog=BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GOODBYE,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:  # a certificate that cannot be read or does not fit its key
        log.warning(
            "page: the certificate %s or its key %s cannot be used (%s): there is no page until it is mended "
            "and Lull is started again. The music plays on.",
            listen.certificate,
            listen.key,
            error,
        )
        return
    server = _Server(config)
    taken = await _bound(listen)
    taken.listen(BACKLOG)
    on_start(listen.address(taken.getsockname()[1]))
    serving = asyncio.ensure_future(server.serve(sockets=[taken]))
    try:
        await asyncio.shield(serving)
    finally:
        on_end()
        server.should_exit = True
        await serving
        taken.close()


async def _bound(listen: Listen) -> socket.socket:
    said = False
    while True:
        try:
            return listen.bind()
        except OSError as error:
            log.log(
                logging.DEBUG if said else logging.WARNING,
                "page: %s:%d cannot be used (%s). Free it, or set another `web.listen`; tried again every "
                "%.0f s, and the music plays on.",
                listen.host,
                listen.port,
                error.strerror,
                TRY_AGAIN,
            )
            said = True
        await asyncio.sleep(TRY_AGAIN)
