"""Beat tracking by dynamic programming over time and period, a second at a time."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.framing import sliding
from player.units import Bpm

FASTEST: Final = Bpm(215.0)
SLOWEST: Final = Bpm(30.0)
NEIGHBOURS: Final = 6  # frames by which a period may change from one beat to the next
STIFFNESS: Final = 80.0  # cost of a changing period, times the square of its change in log; tuning constant
PERIODICITY: Final = 4.3  # weight of the autocorrelation, beside onset strength; a tuning constant
USUAL: Final = Bpm(55.0)  # where the prior for tempo is centred
PRIOR: Final = 0.3  # its weight, per squared octave; with USUAL tuning constants

FINAL: Final = 6.0  # s behind the newest audio before a beat is settled
LOOK_BACK: Final = 20.0  # s of paths kept
IMPOSSIBLE: Final = np.float32(-1e9)
# Where in a frame, in hops from its start, what rises most in it began: a click at 1.2 ± 0.3, a labelled key
# of a piano at 0.5. Early is better than late where music is cut.
CENTRE: Final = 0.85

Score = NDArray[np.float32]


class Pulse(Struct, frozen=True):
    """A beat of the tracked level; `frame` has a fraction, strengths are in standard deviations."""

    frame: float
    strength: float
    bass: float


class BeatTracker:
    """The best sequence of beats, after Ellis 2007, with the period as a second state.

    Score of a beat at frame t with period p: onset strength at t, plus what autocorrelation and prior say of
    p, plus the best of all beats at t - p, less `STIFFNESS` times the squared change in log period. So tempo
    may drift and bend, as it does in played music. Ellis, "Beat tracking by dynamic programming", JNMR 2007.
    """

    def __init__(self, frame_rate: float) -> None:
        self._rate = frame_rate
        self._shortest = round(60.0 * frame_rate / FASTEST)
        self.periods = np.arange(self._shortest, round(60.0 * frame_rate / SLOWEST) + 1)
        count, self._longest = len(self.periods), int(self.periods[-1])
        other = self.periods[None, :] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)[:, None]
        allowed = (other >= self._shortest) & (other <= self._longest)
        change = np.log(np.where(allowed, other, 1) / self.periods)
        self._cost = np.where(allowed, -STIFFNESS * change**2, IMPOSSIBLE).astype(np.float32)
        self._prior = (-PRIOR * np.log2(60.0 * frame_rate / self.periods / USUAL) ** 2).astype(np.float32)
        before = self._longest + np.arange(self._shortest)[:, None] - self.periods
        self._before = before * count + np.arange(count)
        # scores in rows with room for neighbours of the first and the last period, and a view that has each
        # score of the flattened rows beside those that follow it, the costs likewise: one addition and one
        # maximum then run over whole blocks, twice as fast as over rows
        width, most = count + 2 * NEIGHBOURS, 2 * NEIGHBOURS + 1
        self._padded = np.full((self._shortest + 1, width), IMPOSSIBLE, dtype=np.float32)
        self._shifted = sliding(self._padded.reshape(-1), self._shortest * width)[:most]
        tiled = np.zeros((most, self._shortest, width), dtype=np.float32)
        tiled[:, :, :count] = self._cost[:, None]
        self._costs = tiled.reshape(most, -1)
        self._options = np.empty_like(self._costs)
        self._kept = round(LOOK_BACK * frame_rate)
        self.frames = 0
        self.splice()

    def splice(self) -> None:
        """Forget the paths: what comes next does not follow. Call `settle` before."""
        self._start = self.frames
        self._settled = float(self.frames)
        self._best = np.zeros((self._longest, len(self.periods)), dtype=np.float32)
        self._filled = 0  # rows of the two below; twice what is kept, so that they seldom move
        self._history = np.zeros((2 * self._kept, len(self.periods)), dtype=np.float32)
        self._heard = np.zeros((2 * self._kept, 2), dtype=np.float32)

    def push(self, onsets: NDArray[np.float32], periodicity: Score) -> None:
        """onsets: shape (frames, 2), strength and bass. periodicity: shape (periods,), autocorrelation."""
        size, count = len(onsets), len(self.periods)
        bonus = self._prior + np.float32(PERIODICITY) * periodicity
        history = self._extend(onsets)
        best = np.concatenate((self._best, np.empty((size, count), dtype=np.float32)))
        flat = best.reshape(-1)
        for start in range(0, size, self._shortest):  # a beat depends on none within the shortest period
            block = slice(start, min(start + self._shortest, size))
            rows = block.stop - start
            scores = flat[start * count :].take(self._before[:rows])
            scores += bonus
            scores += onsets[block, :1]
            history[block] = scores
            self._padded[:rows, NEIGHBOURS:-NEIGHBOURS] = scores
            length = rows * self._padded.shape[1]
            options = np.add(
                self._shifted[:, :length], self._costs[:, :length], out=self._options[:, :length]
            )
            largest = np.maximum.reduce(options, axis=0).reshape(rows, -1)
            best[self._longest + start : self._longest + block.stop] = largest[:, :count]
        self.frames += size
        self._best = best[-self._longest :]

    def _extend(self, onsets: NDArray[np.float32]) -> Score:
        """Room for the scores of these frames, shape (frames, periods)."""
        size = len(onsets)
        if self._filled + size > len(self._history):
            top = float(self._best.max())  # so that an endless stream keeps its precision
            self._best = self._best - np.float32(top)
            kept = slice(self._filled - self._kept, self._filled)
            self._history[: self._kept] = self._history[kept] - np.float32(top)
            self._heard[: self._kept] = self._heard[kept]
            self._filled = self._kept
        new = slice(self._filled, self._filled + size)
        self._heard[new] = onsets
        self._filled = new.stop
        return self._history[new]

    def settle(self, everything: bool = False) -> list[Pulse]:
        """The beats that became final since the last call; of `everything`, up to the newest."""
        until = np.inf if everything else self.frames - FINAL * self._rate
        new = [pulse for pulse in self.pending() if pulse.frame < until]
        if new:
            self._settled = new[-1].frame
        return new

    def pending(self) -> list[Pulse]:
        """The beats after the settled ones as they look now, in order of time."""
        size = min(self._filled, self._kept)
        kept = self._history[self._filled - size : self._filled]
        heard = self._heard[self._filled - size : self._filled]
        if size <= self._longest:
            return []
        first = self.frames - size
        last = kept[-self._longest :]
        at, column = divmod(int(last.argmax()), len(self.periods))
        at += size - self._longest
        found: list[int] = []
        while at >= 0 and first + at > self._settled + 0.5 * self._shortest:
            found.append(at)
            earlier = at - int(self.periods[column])
            if earlier < 0:
                break
            lowest = max(0, column - NEIGHBOURS)
            highest = min(len(self.periods) - 1, column + NEIGHBOURS)
            options = slice(lowest, highest + 1)
            shift = slice(lowest - column + NEIGHBOURS, highest - column + NEIGHBOURS + 1)
            column = lowest + int((kept[earlier, options] + self._cost[shift, column]).argmax())
            at = earlier
        if not found:
            return []
        oldest = max(0, found[-1] - 1)
        rows = heard[oldest:].tolist()  # far faster to read one by one
        return [_pulse(rows, at - oldest, first + oldest) for at in reversed(found)]


def _pulse(heard: list[list[float]], at: int, first: int) -> Pulse:
    """With the peak between frames that a parabola through three of them has."""
    (left, low), (right, high) = heard[max(0, at - 1)], heard[min(len(heard) - 1, at + 1)]
    middle, bass = heard[at]
    bend = left - 2.0 * middle + right
    offset = min(max(0.5 * (left - right) / bend, -0.5), 0.5) if bend < 0.0 else 0.0
    return Pulse(first + at + offset + CENTRE, max(left, middle, right), max(low, bass, high))
