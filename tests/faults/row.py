"""One fault: what it does, and what was measured of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from msgspec import Struct

from tests.faults.stage import Act, Stage

WITHOUT_MUSIC_S = 2.0
STEP_DB = 3.0

Inject = Callable[[Stage], Act]
Prepare = Callable[[Stage], AbstractContextManager[object]]


class Fault(Struct, frozen=True, kw_only=True):
    """`inject` breaks something while music plays; `around` stands before the start and after the end."""

    name: str
    inject: Inject
    around: Prepare = lambda _stage: nullcontext()
    settings: Callable[[dict[str, Any]], None] = lambda _settings: None
    after_s: float = 8.0  # recorded after the fault
    acknowledges: bool = True  # False: nothing can be kept, and so nothing may be promised
    note: str = ""


class Measured(Struct, frozen=True, kw_only=True):
    """`without_music_s` and `recovery_s` count from the fault, for a lost device from its return."""

    fault: str
    without_music_s: float
    step_db: float  # loudest 400 ms after, above the level before
    recovery_s: float  # until the level is back within 6 dB for good
    acknowledged: int
    lost: int
    acknowledges: bool = True
    note: str = ""

    @property
    def good(self) -> bool:
        """Nothing lost of nothing would say nothing."""
        asked = bool(self.acknowledged) == self.acknowledges
        return (
            self.without_music_s <= WITHOUT_MUSIC_S and self.step_db <= STEP_DB and self.lost == 0 and asked
        )


FAULTS: dict[str, Fault] = {}


def fault(name: str, **more: Any) -> Callable[[Inject], Inject]:
    """Adds a row: the decorated function breaks something, and tells when."""

    def add(inject: Inject) -> Inject:
        FAULTS[name] = Fault(name=name, inject=inject, **more)
        return inject

    return add


def chosen(names: list[str]) -> Iterator[Fault]:
    """All, or those whose name holds one of `names`."""
    yield from (f for f in FAULTS.values() if not names or any(name in f.name for name in names))
