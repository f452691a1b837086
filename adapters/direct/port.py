"""What every direct device is: it runs for ever, delivers what it understands, and names what is wrong."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from player.model import Command, Reading
from player.units import Seconds


class Port(Struct, frozen=True):
    """Where a device delivers. Call both on the event loop's thread; neither blocks.

    tell: one sentence for people, and what to do; of a trouble that lasts, once.
    """

    deliver: Callable[[Command | Reading], None]
    tell: Callable[[str], None]
    clock: Callable[[], Seconds]


class Device(Protocol):
    async def run(self, port: Port) -> None:
        """Until cancelled; whatever it opened is closed then. Raises `DirectError` when it is away."""
        ...
