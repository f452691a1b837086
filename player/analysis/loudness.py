"""Loudness after ITU-R BS.1770-4 and EBU Tech 3341/3342, in steps of 100 ms."""

from collections import deque
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.k_weighting import KWeighting, Planar
from player.units import Lu, Lufs

Powers = NDArray[np.float64]  # weighted mean squares

STEPS_PER_SECOND: Final = 10
MOMENTARY_STEPS: Final = 4  # 400 ms
SHORT_TERM_STEPS: Final = 30  # 3 s
RISE_STEPS: Final = 30  # a rise counts as startling within 3 s
OFFSET_DB: Final = -0.691  # BS.1770-4 equation 2: makes 997 Hz at 0 dBFS read −3.01
ABSOLUTE_GATE: Final = Lufs(-70.0)
RELATIVE_GATE: Final = Lu(-10.0)  # integrated loudness
RANGE_GATE: Final = Lu(-20.0)  # loudness range, Tech 3342
BIN: Final = Lu(0.01)  # of the histograms: far below the 0.1 LU that the standards ask for
LOUDEST: Final = Lufs(40.0)  # top of the histograms; what is louder counts with its true power

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
    """BS.1770-4 equation 2; None for digital silence."""
    return Lufs(OFFSET_DB + 10.0 * float(np.log10(power))) if power > 0.0 else None


class LoudnessMeter:
    """Takes chunks of exactly one second, and one last chunk that may be shorter."""

    def __init__(self, rate: int, channels: int) -> None:
        weights = np.array(CHANNEL_WEIGHTS[channels], dtype=np.float32)
        self._heard = np.flatnonzero(weights)
        self._weights = weights[self._heard]
        self._filter = KWeighting(rate, len(self._heard))
        # a rate that is no multiple of 10 has steps that differ by one sample
        self._bounds = np.rint(np.arange(STEPS_PER_SECOND + 1) * (rate / STEPS_PER_SECOND)).astype(np.intp)
        self._steps: Powers = np.empty(0)
        self._momentary = _Histogram()
        self._short_term = _Histogram()
        self._rise = _Rise()

    def push(self, planar: Planar) -> None:
        filtered = self._filter.push(planar[self._heard])
        power = (self._weights[:, None] * filtered * filtered).sum(axis=0)
        bounds = self._bounds[self._bounds <= len(power)]
        if len(bounds) < 2:
            return
        sums = np.add.reduceat(power[: bounds[-1]], bounds[:-1], dtype=np.float64)
        new = sums / np.diff(bounds)
        steps = np.concatenate((self._steps, new))
        momentary = _moving_mean(steps, MOMENTARY_STEPS, len(new))
        self._momentary.add(momentary)
        self._short_term.add(_moving_mean(steps, SHORT_TERM_STEPS, len(new)))
        self._rise.add(momentary)
        self._steps = steps[-SHORT_TERM_STEPS:]

    def read(self) -> Loudness:
        momentary = _moving_mean(self._steps, MOMENTARY_STEPS, 1)
        short_term = _moving_mean(self._steps, SHORT_TERM_STEPS, 1)
        return Loudness(
            momentary=to_lufs(momentary[0]) if len(momentary) else None,
            short_term=to_lufs(short_term[0]) if len(short_term) else None,
            integrated=self._momentary.gated_mean(RELATIVE_GATE),
            loudness_range=self._short_term.spread(),
            largest_rise=self._rise.largest,
        )


def _moving_mean(steps: Powers, window: int, newest: int) -> Powers:
    """Means of the last `newest` windows, as far as they are complete."""
    if len(steps) < window:
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(steps, window)
    return np.asarray(windows[-newest:].mean(axis=-1), dtype=np.float64)


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
    """Largest rise within 3 s of momentary loudness, held at its maximum of the last 3 s.

    Held, because decaying notes and short pauses are no startle: unheld, four of five pieces of ordinary
    music rise by more than 8 LU somewhere. Below the absolute gate counts as at the gate, so a blast out of
    a long pause counts. The way up out of the silence before the music does not: that is the beginning,
    which the player fades in. It is over when momentary loudness, once above the gate, first stops rising;
    the 3 s after that set the level from which rises count.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SHORT_TERM_STEPS)
        self._held: deque[float] = deque(maxlen=RISE_STEPS + 1)
        self._last = float(ABSOLUTE_GATE)
        self._begun = False
        self.largest: Lu | None = None

    def add(self, momentary: Powers) -> None:
        gate = float(ABSOLUTE_GATE)
        for power in momentary.tolist():
            loudness = max(to_lufs(power) or gate, gate)
            if not self._begun and gate < loudness <= self._last:
                self._begun = True
                self._recent.append(self._last)
            self._last = loudness
            if self._begun:
                self._recent.append(loudness)
            if len(self._recent) == SHORT_TERM_STEPS:
                self._held.append(max(self._recent))
                rise = self._held[-1] - min(self._held)
                self.largest = Lu(rise if self.largest is None else max(self.largest, rise))
