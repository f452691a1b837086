"""How often a PIN may be tried: a few times by each address, and not without end by all together."""

from collections import OrderedDict, deque
from typing import Final

from player.units import Seconds

EACH: Final = 5  # wrong PINs of one address within `WINDOW`
ALL: Final = 20  # wrong PINs of all addresses within `WINDOW`: to try all 10⁶ takes 17 months
WINDOW: Final = Seconds(900.0)
ADDRESSES: Final = 1_000  # remembered; the oldest is forgotten, the total still counts


class Patience:
    """Wrong tries in a sliding window. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._all: deque[Seconds] = deque(maxlen=ALL)
        self._each: OrderedDict[str, deque[Seconds]] = OrderedDict()

    def wait(self, address: str, at: Seconds) -> Seconds:
        """How long until this address may try again; 0: now."""
        own = self._each.get(address, deque())
        return Seconds(max(_wait(own, EACH, at), _wait(self._all, ALL, at)))

    def wrong(self, address: str, at: Seconds) -> None:
        self._all.append(at)
        own = self._each.setdefault(address, deque(maxlen=EACH))
        own.append(at)
        self._each.move_to_end(address)
        while len(self._each) > ADDRESSES:
            self._each.popitem(last=False)

    def right(self, address: str) -> None:
        self._each.pop(address, None)


def _wait(tries: "deque[Seconds]", allowed: int, at: Seconds) -> float:
    if len(tries) < allowed:
        return 0.0
    return max(tries[0] + WINDOW - at, 0.0)
