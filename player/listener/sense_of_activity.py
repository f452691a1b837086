"""Does moving mean restless or content? It differs by person and hour (Au-Yeung 2020), so staff teach it."""

from player.units import Seconds

DAY = 86_400.0  # s
QUARTERS = 4  # of the day, each of which may differ
DOUBT = 2.0  # ratings' worth of "cannot be told"; own judgement
FORGET = 0.97  # per rating: a half-life of about 23 ratings; own judgement
NEUTRAL, HALF_RANGE = 0.375, 0.375  # agitation that ratings are centred on: between "a little" and "clearly"


class SenseOfActivity:
    """Online ridge regression of what staff see on the departure of activity, one slope.

    The slope of a quarter of the day is shrunk to the slope of the whole day, that one to 0. At 0
    only the size of the departure counts; at 1 more movement is restless, at −1 less movement is.
    """

    def __init__(self) -> None:
        self._products = [0.0] * QUARTERS
        self._squares = [0.0] * QUARTERS
        self._signs = [0.0] * QUARTERS

    def snapshot(self) -> tuple[tuple[float, ...], ...]:
        """To be stored: products, squares and slopes by quarter of the day."""
        return tuple(self._products), tuple(self._squares), tuple(self._signs)

    def resume(self, stored: tuple[tuple[float, ...], ...]) -> None:
        """Go on with what an earlier run learned; of another shape it is left aside."""
        if [len(part) for part in stored] == [QUARTERS] * 3:
            self._products, self._squares, self._signs = (list(part) for part in stored)

    def teach(self, activity: float, agitation: float, at: Seconds) -> None:
        """Staff saw this agitation (0-1) at this departure of activity (−1 to 1)."""
        seen = min(max((agitation - NEUTRAL) / HALF_RANGE, -1.0), 1.0)
        quarter = _quarter(at)
        self._products = [FORGET * product for product in self._products]
        self._squares = [FORGET * square for square in self._squares]
        self._products[quarter] += activity * seen
        self._squares[quarter] += activity * activity
        day = sum(self._products) / (sum(self._squares) + DOUBT)
        for n in range(QUARTERS):
            slope = (self._products[n] + DOUBT * day) / (self._squares[n] + DOUBT)
            self._signs[n] = min(max(slope, -1.0), 1.0)

    def sign(self, at: Seconds) -> float:
        """−1 to 1."""
        return self._signs[_quarter(at)]


def _quarter(at: Seconds) -> int:
    return int(at % DAY / DAY * QUARTERS) % QUARTERS
