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


class SetUp(Protocol):
    def profile(self) -> Profile:
        """The one in force."""
        ...

    async def state(self, answers: Mapping[str, str]) -> str:
        """In force and on disk when it returns; the key of an answer that cannot be used, "" when all can.

        Raises `LullError`.
        """
        ...

    def full_scale_dba(self) -> float | None:
        """dB(A) at the ear, None: not calibrated."""
        ...

    def heard(self) -> Sequence[Heard]:
        """The newest first."""
        ...

    def rejected(self) -> Mapping[str, int]:
        """Messages that were not understood, by reason."""
        ...
