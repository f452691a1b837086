"""What the page may ask of the service. All of it is quick; what is slow is awaited and runs elsewhere."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from player.model import Command, Feedback, Progress
from player.units import Seconds


class Place(Struct, frozen=True, kw_only=True):
    """Who and where, and which run of the service this is."""

    room: str  # as people say it
    resident: str  # a pseudonym
    boot: str


class Vitals(Struct, frozen=True, kw_only=True):
    """How the parts are at this moment."""

    at: Seconds  # the brain's clock, Unix seconds
    progress: Progress | None = None  # of frames really written; None: no sound yet
    broker: str = ""  # what is wrong with the link to the sensors, "" when nothing is
    library: str = ""  # how many pieces there are, or why there are none
    store: str = ""  # why nothing can be stored, "" when it can
    pieces: int = 0


Report = Callable[[], Awaitable[Path]]  # makes the HTML file anew, in a process of its own


@dataclass(frozen=True, slots=True)
class House:
    """`send` is False when the inbox is full; `keep` returns once the feedback is on disk."""

    place: Place
    send: Callable[[Command], bool]
    keep: Callable[[Feedback], Awaitable[None]]
    vitals: Callable[[], Vitals]
    report: Report | None = None
