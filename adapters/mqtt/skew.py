"""How far sensors' clocks are from ours: many have no battery, no time server, or the wrong time zone."""

from collections import OrderedDict
from collections.abc import Callable
from statistics import median
from typing import Final

from msgspec import Struct

from player.units import Seconds

# Own judgement. A telephone that sends an hour's values at once looks otherwise: each is of another age.
ENOUGH: Final = 5  # messages that were too late or too early by the same
APART: Final = Seconds(15.0)  # at least
ALIKE: Final = Seconds(10.0)  # so much may they differ from the first
SOURCES: Final = 64  # the one heard of longest ago is forgotten


class _Source(Struct):
    skew: Seconds = Seconds(0.0)
    refused: list[Seconds] = []  # our time less the sender's, of messages that were refused in a row
    last: Seconds = Seconds(0.0)


class Clocks:
    """Only refused messages teach it; `tell` hears of each clock that is wrong."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._sources: OrderedDict[str, _Source] = OrderedDict()

    def __len__(self) -> int:
        """Sources of which something is remembered."""
        return len(self._sources)

    def skew(self, source: str) -> Seconds:
        """Our time less that of the source; 0 as long as it is not known to be wrong."""
        known = self._sources.get(source)
        return known.skew if known else Seconds(0.0)

    def believed(self, source: str) -> None:
        """A message in time: those before it were late indeed."""
        if source in self._sources:
            self._sources[source].refused.clear()

    def refused(self, source: str, difference: Seconds, at: Seconds) -> None:
        """difference: our time less the sender's. at: when the message came."""
        known = self._sources.setdefault(source, _Source())
        self._sources.move_to_end(source)
        if len(self._sources) > SOURCES:
            self._sources.popitem(last=False)
        if known.refused and abs(difference - known.refused[0]) > ALIKE:
            known.refused.clear()
        if known.refused and at - known.last < APART:
            return
        known.refused.append(difference)
        known.last = at
        if len(known.refused) == ENOUGH:
            known.skew = Seconds(median(known.refused))
            known.refused.clear()
            side = "behind" if known.skew > 0 else "ahead of"
            off = f"The clock of {source} is {abs(known.skew):.0f} s {side} ours"
            self._tell(f"{off}: set it. Until then it is corrected.")
