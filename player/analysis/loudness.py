"""Loudness after ITU-R BS.1770-4 and EBU Tech 3341/3342, in steps of 100 ms."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.framing import sliding, squares
from player.analysis.k_weighting import KWeighting, Planar
from player.units import Lu, Lufs

Powers = NDArray[np.float64]  # weighted mean squares

STEPS_PER_SECOND: Final = 10
MOMENTARY_STEPS: Final = 4  # 400 ms
SHORT_TERM_STEPS: Final = 30  # 3 s
SUSTAINED_STEPS: Final = 10  # 1 s: what is louder for less is an accent
ONSET_STEPS: Final = 10  # 1 s: what takes longer to rise is a crescendo
PASSAGE_STEPS: Final = 80  # 8 s: how long a level is remembered; a tuning constant
OFFSET_DB: Final = -0.691  # BS.1770-4 equation 2: makes 997 Hz at 0 dBFS read −3.01
ABSOLUTE_GATE: Final = Lufs(-70.0)
RELATIVE_GATE: Final = Lu(-10.0)  # integrated loudness
RANGE_GATE: Final = Lu(-20.0)  # loudness range, Tech 3342
BIN: Final = Lu(0.01)  # of the histograms: far below the 0.1 LU that the standards ask for
LOUDEST: Final = Lufs(40.0)  # top of the histograms; what is louder counts with its true power
BEGUN: Final = Lu(
    -20.0
)  # relative to integrated loudness: the least level that is more than the noise before the music
COARSE: Final = Lu(1.0)  # bins of the rises

# BS.1770-4 table 3 by azimuth, for FFmpeg's default layout of each channel count; the LFE does not count.
SURROUND: Final = 1.41
CHANNEL_WEIGHTS: Final[dict[int, tuple[float, ...]]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 0.0),  # FL FR LFE
    4: (1.0, 1.0, 1.0, 1.0),  # FL FR FC BC
    5: (1.0, 1.0, 1.0, SURROUND, SURROUND),  # FL FR FC BL BR
    6: (1.0, 1.0, 1.0, 0.0, SURROUND, SURROUND),  # FL FR FC LFE BL BR
    7: (1.0, 1.0, 1.0, 0.0, 1.0, SURROUND, SURROUND),  # FL FR FC LFE BC SL SR
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, SURROUND, SURROUND),  # FL FR FC LFE BL BR SL SR
}


class Loudness(Struct, frozen=True, kw_only=True):
    """None: too little was heard, or all of it was below the absolute gate of −70 LUFS."""

    momentary: Lufs | None
    short_term: Lufs | None
    integrated: Lufs | None
    loudness_range: Lu | None
    largest_rise: Lu | None


def to_lufs(power: float) -> Lufs | None:
    """BS.1770-4 equation 2; None for digital silence, and for a window that is not complete."""
    return Lufs(OFFSET_DB + 10.0 * float(np.log10(power))) if power > 0.0 else None


class LoudnessMeter:
    """Takes chunks of whole seconds, and one last chunk that may end within a second."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        weights = np.array(CHANNEL_WEIGHTS[channels], dtype=np.float32)
        self._heard = np.flatnonzero(weights)
        self._silent_channels = len(self._heard) < channels
        self._weights = weights[self._heard].astype(np.float64)
        self._filter = KWeighting(rate, len(self._heard))
        # a rate that is no multiple of 10 has steps that differ by one sample
        self._bounds = np.rint(np.arange(STEPS_PER_SECOND + 1) * (rate / STEPS_PER_SECOND)).astype(np.intp)
        self._steps = _no_steps()
        self._momentary = _Histogram()
        self._short_term = _Histogram()
        self._rise = _Rise()

    def push(self, planar: Planar) -> Powers:
        """The weighted mean squares of the 100-ms steps in this chunk."""
        heard = planar[self._heard] if self._silent_channels else planar
        starts = range(0, planar.shape[1], self._rate)
        new = np.concatenate([self._measure(heard[:, at : at + self._rate]) for at in starts])
        if not len(new):
            return new
        self._steps = np.concatenate((self._steps[-SHORT_TERM_STEPS + 1 :], new))
        windows = sliding(self._steps, SHORT_TERM_STEPS)
        self._momentary.add(_complete(windows[:, -MOMENTARY_STEPS:].mean(axis=1)))
        self._short_term.add(_complete(windows.mean(axis=1)))
        self._rise.add(_complete(windows[:, -SUSTAINED_STEPS:].mean(axis=1)))
        return new

    def _measure(self, second: Planar) -> Powers:
        """The steps that are complete in at most one second."""
        filtered = self._filter.push(second)
        bounds = self._bounds[self._bounds <= filtered.shape[1]]
        if len(bounds) < 2:
            return np.empty(0)
        means = _mean_squares(filtered, bounds)
        # one channel may stand for all
        return np.asarray(self._weights @ means if len(means) > 1 else self._weights.sum() * means[0])

    def splice(self) -> None:
        """What follows did not follow in the recording: no window reaches across."""
        self._filter.reset()
        self._steps = _no_steps()
        self._rise.splice()

    def read(self) -> Loudness:
        integrated = self._momentary.gated_mean(RELATIVE_GATE)
        return Loudness(
            momentary=to_lufs(float(self._steps[-MOMENTARY_STEPS:].mean())),
            short_term=to_lufs(float(self._steps[-SHORT_TERM_STEPS:].mean())),
            integrated=integrated,
            loudness_range=self._short_term.spread(),
            largest_rise=self._rise.largest(integrated),
        )


def _no_steps() -> Powers:
    """NaN stands for what was not heard."""
    return np.full(SHORT_TERM_STEPS, np.nan)


def _complete(means: Powers) -> Powers:
    return means[~np.isnan(means)]


def _mean_squares(filtered: Planar, bounds: NDArray[np.intp]) -> Powers:
    """Of each channel between the bounds, shape (channels, steps)."""
    sizes = np.diff(bounds)
    if (sizes == sizes[0]).all():
        parts = filtered[:, : bounds[-1]].reshape(len(filtered), -1, sizes[0])
        return np.asarray(squares(parts).astype(np.float64) / sizes)
    each = np.square(filtered[:, : bounds[-1]])
    return np.asarray(np.add.reduceat(each, bounds[:-1], axis=1, dtype=np.float64) / sizes)


class _Histogram:
    """Powers above the absolute gate, by loudness: bounded memory for any length, exact sums per bin."""

    def __init__(self) -> None:
        bins = round((LOUDEST - ABSOLUTE_GATE) / BIN) + 1
        self._counts = np.zeros(bins, dtype=np.int64)
        self._powers = np.zeros(bins)

    def add(self, powers: Powers) -> None:
        powers = powers[powers > 0.0]
        loudness = OFFSET_DB + 10.0 * np.log10(powers)
        above = loudness >= ABSOLUTE_GATE
        bins = np.floor((loudness[above] - ABSOLUTE_GATE) / BIN).astype(np.intp)
        bins = np.minimum(bins, len(self._counts) - 1)
        np.add.at(self._counts, bins, 1)
        np.add.at(self._powers, bins, powers[above])

    def _first_bin(self, gate: Lu) -> int | None:
        """The bin at the relative gate; None when nothing passed the absolute one."""
        count = int(self._counts.sum())
        if count == 0:
            return None
        mean = to_lufs(float(self._powers.sum()) / count)
        threshold = (mean if mean is not None else ABSOLUTE_GATE) + gate
        bin_of_threshold = int(np.floor((threshold - ABSOLUTE_GATE) / BIN))
        return min(max(0, bin_of_threshold), len(self._counts) - 1)

    def gated_mean(self, gate: Lu) -> Lufs | None:
        """BS.1770-4 equation 7."""
        first = self._first_bin(gate)
        if first is None:
            return None
        return to_lufs(float(self._powers[first:].sum()) / int(self._counts[first:].sum()))

    def spread(self) -> Lu | None:
        """Tech 3342: from the 10th to the 95th percentile above the relative gate."""
        first = self._first_bin(RANGE_GATE)
        if first is None:
            return None
        cumulated = np.cumsum(self._counts[first:])
        ranks = np.rint((int(cumulated[-1]) - 1) * np.array([0.10, 0.95]))
        low, high = np.searchsorted(cumulated, ranks, side="right")
        return Lu(float(high - low) * BIN)


class _Rise:
    """Largest sudden rise: of one second over the loudest second of the passage before it.

    What startles is a new level that is unexpected, loud and lasting, so a rise counts
    - from the loudest of the last `PASSAGE_STEPS`, not from the lowest moment: after a decaying note, a pause
      or a soft phrase the ear still expects what it heard shortly before (counted from the lowest 400 ms of
      3 s, a quarter of ordinary music rises by more than 8 LU, calm music more often than other music);
    - to the mean of a whole second: an accent is shorter;
    - within 1 s: a crescendo is slower, and the ear goes along;
    - to no less than the integrated loudness of the track, which decides its gain: phrases that grow inside a
      soft passage stay below what is heard anyway;
    - after the music has begun, that is 2 s after a second of `BEGUN` or more: the way up out of silence or
      out of the noise of an old record is the beginning, which the player fades in.

    Integrated loudness is known at the end only: until then the largest rise is kept for each level that
    was heard before it and each level that it led to.
    """

    def __init__(self) -> None:
        levels = round((LOUDEST - ABSOLUTE_GATE) / COARSE) + 1
        self._largest = np.full((levels, levels), -np.inf, dtype=np.float32)
        self.splice()

    def splice(self) -> None:
        self._levels = np.full(PASSAGE_STEPS + ONSET_STEPS, float(ABSOLUTE_GATE))  # of the last seconds
        self._loudest = float(ABSOLUTE_GATE)  # since the beginning, but for the last seconds

    def add(self, seconds: Powers) -> None:
        """The means of the newest seconds, as far as they are complete."""
        if not len(seconds):
            return
        kept, count = len(self._levels), len(seconds)
        lowest = 10.0 ** ((ABSOLUTE_GATE - OFFSET_DB) / 10.0)
        new = OFFSET_DB + 10.0 * np.log10(np.maximum(seconds, lowest))
        levels = np.concatenate((self._levels, new))
        # a second that ends at i begins at i − 10; the passage ends up to 10 steps before that
        passage = PASSAGE_STEPS - SUSTAINED_STEPS + 1
        before = sliding(levels, passage)[:count].max(axis=1)
        heard = kept - 2 * (SUSTAINED_STEPS + ONSET_STEPS)
        loudest = np.maximum.accumulate(levels[heard : heard + count])
        loudest = np.maximum(loudest, self._loudest)
        np.maximum.at(self._largest, (_coarse(loudest), _coarse(new)), new - before)
        self._loudest = float(loudest[-1])
        self._levels = levels[-kept:]

    def largest(self, integrated: Lufs | None) -> Lu | None:
        """0 when nothing rose; None until music of a few seconds has begun."""
        if integrated is None:
            return None
        begun, loud = _coarse(np.array([integrated + BEGUN, float(integrated)])).tolist()
        counted = self._largest[max(begun, 1) :, loud:]
        heard = float(self._largest[max(begun, 1) :].max())
        return Lu(max(0.0, float(counted.max()))) if heard > -np.inf else None


def _coarse(levels: Powers) -> NDArray[np.intp]:
    top = round((LOUDEST - ABSOLUTE_GATE) / COARSE)
    return np.clip((levels - ABSOLUTE_GATE) / COARSE, 0, top).astype(np.intp)
