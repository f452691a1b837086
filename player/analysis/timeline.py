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
    heard: Seconds  # less than from begin to end where something between was left out


def joined(first: Stretch, *others: Stretch) -> Stretch:
    """In order of time."""
    every = (first, *others)
    row = np.sum([each.row for each in every], axis=0)
    return Stretch(first.begin, every[-1].end, row, Seconds(sum(each.heard for each in every)))


class Timeline:
    def __init__(self) -> None:
        self.total: Row = np.zeros(WIDTH)
        self._stretches: list[Stretch] = []
        self._block = float(BLOCK)
        self._begin = Seconds(0.0)
        self._end = Seconds(0.0)
        self._open: Row = np.zeros(WIDTH)
        self._heard = 0.0  # of the open block
        self._latest: deque[tuple[Row, Seconds]] = deque(maxlen=LATEST)

    @property
    def end(self) -> Seconds:
        """Where in the track the newest second ends."""
        return self._end

    def push(self, row: Row, lasted: Seconds) -> None:
        """The next second; `lasted`: a last one may be shorter."""
        self.total += row
        self._open += row
        self._heard += lasted
        self._latest.append((row, lasted))
        self._end = Seconds(self._end + lasted)
        if self._end - self._begin >= self._block - 1e-6:
            self._close()

    def splice(self, at: Seconds) -> None:
        """What comes next begins at this place of the track."""
        self._close()
        self._begin = self._end = at
        self._latest.clear()

    def latest(self) -> Stretch:
        """The newest 30 s, or what there is since a splice."""
        heard = Seconds(sum(lasted for _, lasted in self._latest))
        row = np.sum([row for row, _ in self._latest], axis=0) if self._latest else np.zeros(WIDTH)
        return Stretch(Seconds(self._end - heard), self._end, row, heard)

    def stretches(self) -> Sequence[Stretch]:
        """All blocks in order, the unfinished one last."""
        if self._end > self._begin:
            return [*self._stretches, self._block_so_far()]
        return self._stretches

    def _block_so_far(self) -> Stretch:
        return Stretch(self._begin, self._end, self._open.copy(), Seconds(self._heard))

    def _close(self) -> None:
        if self._end > self._begin:
            self._stretches.append(self._block_so_far())
            self._begin, self._open, self._heard = self._end, np.zeros(WIDTH), 0.0
        if len(self._stretches) > MOST_BLOCKS:
            pairs = zip(self._stretches[::2], self._stretches[1::2], strict=False)
            odd = self._stretches[len(self._stretches) // 2 * 2 :]
            self._stretches = [joined(a, b) for a, b in pairs] + odd
            self._block *= 2.0
