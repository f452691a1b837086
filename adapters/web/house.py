"""What the page may ask of the service. All of it is quick; what is slow is awaited and runs elsewhere."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from player.model import Command, Feedback, Progress, TrackId
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
    settings: str = ""  # what of them cannot be used, and what is in force instead
    microphone: str = ""  # why the room is not heard, "" when it is or nobody wants it
    pieces: int = 0
    sensors: tuple[tuple[str, Seconds], ...] = ()  # that have fallen silent, and when they were heard last
    night: bool = False  # the resident's quiet hours


class Point(Struct, frozen=True, kw_only=True):
    """The estimate of agitation as it was shown. level: 0-1; None: no sensor told."""

    at: Seconds
    level: float | None


class Mark(Struct, frozen=True, kw_only=True):
    """Something that was done. what: a verb, or the kind of a decision; title: of the piece that came."""

    at: Seconds
    what: str
    by: str = ""
    title: str = ""


class Cover(Struct, frozen=True, kw_only=True):
    media_type: str
    data: bytes


class Records(Protocol):
    """What is on disk. The plain methods wait for it: they are called on a thread."""

    def past(self, since: Seconds) -> tuple[Sequence[Point], Sequence[Mark]]:
        """In order of time. Raises `StoreError`."""
        ...

    def cover(self, track_id: TrackId) -> Cover | None:
        """The picture in the file, None when there is none. Raises `StoreError`."""
        ...

    async def report(self, language: str) -> bytes:
        """HTML, made anew in a process of its own. Raises `LullError`."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """`send` is False when the inbox is full; `keep` returns once the feedback is on disk."""

    place: Place
    send: Callable[[Command], bool]
    keep: Callable[[Feedback], Awaitable[None]]
    vitals: Callable[[], Vitals]
    records: Records
