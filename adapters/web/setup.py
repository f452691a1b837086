"""What the page of the set-up asks of the service."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from player.settings import Profile


class Heard(Struct, frozen=True, kw_only=True):
    """The last thing that one device said. what: a quantity or the verb of a button; ago: s."""

    source: str
    what: str
    value: float | None
    ago: float
    button: bool


class Level(Struct, frozen=True, kw_only=True):
    """At the ear, in dB(A): full_scale_dba, None: not measured; day_dba and night_dba, the limits.

    volume: percent, of noise that plays now; None: none does. top: its highest.
    """

    full_scale_dba: float | None
    volume: float | None
    top: float
    day_dba: float
    night_dba: float


class LevelCheck(Protocol):
    """Each step gives "" or why not: number, sound, no-noise, too-loud, near-room or impossible."""

    def view(self) -> Level: ...

    async def begin(self, room: str) -> str:
        """Quiet noise; `room`: dB(A) of the room without it."""
        ...

    async def step(self, *, louder: bool) -> str: ...

    async def finish(self, reading: str) -> str:
        """What the meter shows, dB(A): then the limits hold. Raises `LullError`."""
        ...

    async def stop(self) -> None: ...


class SetUp(Protocol):
    def profile(self) -> Profile:
        """The one in force."""
        ...

    async def state(self, answers: Mapping[str, str]) -> str:
        """In force and on disk when it returns; the key of an answer that cannot be used, "" when all can.

        Raises `LullError`.
        """
        ...

    @property
    def level(self) -> LevelCheck: ...

    def heard(self) -> Sequence[Heard]:
        """The newest first."""
        ...

    def rejected(self) -> Mapping[str, int]:
        """Messages that were not understood, by reason."""
        ...
