"""A track in blocks of a few seconds: what it is like where, in bounded memory."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from player.analysis.summary import WIDTH, Row
from player.units import Seconds

BLOCK: Final = Seconds(5.0)  # at first; a tuning constant
MOST_BLOCKS: Final = 240  # then two become one: 20 min at 5 s, 10 h at 160 s
LATEST: Final = 30  # rows (seconds) that are known one by one: as far as is decoded ahead of the ear


class Stretch(Struct, frozen=True):
    begin: Seconds
    end: Seconds
    row: Row


class Timeline:
    def __init__(self) -> None:
        self.total: Row = np.zeros(WIDTH)
        self._stretches: list[Stretch] = []
        self._block = float(BLOCK)
        self._begin = Seconds(0.0)
        self._end = Seconds(0.0)
        self._open: Row = np.zeros(WIDTH)
        self._latest: deque[Row] = deque(maxlen=LATEST)

    @property
    def end(self) -> Seconds:
        """Where in the track the newest second ends."""
        return self._end

    def push(self, row: Row, lasted: Seconds) -> None:
        """The next second; `lasted`: a last one may be shorter."""
        self.total += row
        self._open += row
        self._latest.append(row)
        self._end = Seconds(self._end + lasted)
        if self._end - self._begin >= self._block - 1e-6:
            self._close()

    def splice(self, at: Seconds) -> None:
        """What comes next begins at this place of the track."""
        self._close()
        self._begin = self._end = at
        self._latest.clear()

    def latest(self) -> Row:
        """The newest 30 s."""
        return np.sum(self._latest, axis=0) if self._latest else np.zeros(WIDTH)

    def stretches(self) -> Sequence[Stretch]:
        """All blocks in order, the unfinished one last."""
        if self._end > self._begin:
            return [*self._stretches, Stretch(self._begin, self._end, self._open.copy())]
        return self._stretches

    def _close(self) -> None:
        if self._end > self._begin:
            self._stretches.append(Stretch(self._begin, self._end, self._open))
            self._begin, self._open = self._end, np.zeros(WIDTH)
        if len(self._stretches) > MOST_BLOCKS:
            pairs = zip(self._stretches[::2], self._stretches[1::2], strict=False)
            odd = self._stretches[len(self._stretches) // 2 * 2 :]
            self._stretches = [Stretch(a.begin, b.end, a.row + b.row) for a, b in pairs] + odd
            self._block *= 2.0
