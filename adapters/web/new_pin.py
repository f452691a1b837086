"""A PIN that another process changed ends the pages of everybody who signed in with the old one."""

import asyncio
import logging
from typing import Final

from adapters.web.hub import Hub
from adapters.web.keys import Keys
from player.errors import LullError

log = logging.getLogger("lull")

LOOK_EVERY: Final = 0.5  # s


async def follow_pin(keys: Keys, hub: Hub) -> None:
    """For ever. A file that cannot be used is told once: it is looked at again when it has changed."""
    while True:
        try:
            if keys.look_again():
                hub.let_go()
        except LullError as error:
            log.warning("page: %s The PIN stays as it was.", error)
        await asyncio.sleep(LOOK_EVERY)
