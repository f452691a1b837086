"""Onset strength: how much suddenly begins, frame by frame, from the shared mel bands."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER, Counts, membership, sliding
from player.analysis.spectrum import MEL_BANDS, Bands

Strength = NDArray[np.float32]  # shape (frames,)

BASS_BANDS: Final = 12  # up to 730 Hz: bass and the left hand, where metre is heard
MEMORY: Final = 8.0  # seconds over which level and spread are averaged; a tuning constant
FLOOR: Final = 1e-4  # of the mean power: what lies 40 dB below it does not rise
SUDDEN: Final = 6.0  # dB within a frame
BROAD: Final = (0.25, 0.55)  # share of bands that rise suddenly: from a tone's to a drum's; tuning constants
REACH: Final = 3  # frames on both sides over which a peak is the highest: 16 onsets/s can be told apart
PAST: Final = 16  # frames whose mean a peak exceeds
PROMINENCE: Final = 0.02  # by how much, relative to the mean level (fourth roots); a tuning constant
STEADY: Final = 0.03  # spread of strength, relative to the mean level, below which nothing is struck (played
# music is above 0.08, noise at 0.014, a pad at 0.005)
TOGETHER: Final = 8  # pushes whose peaks are counted at once
DECIBELS: Final = 10.0 / np.log(10.0)  # in a natural logarithm of power
EXCESS: Final = 0.6  # and by how many standard deviations; a tuning constant


class OnsetDetector:
    """Half-wave rectified rise of the fourth root of mel power, averaged over bands.

    The fourth root stands for loudness (between a sone's 0.3 and a cube root's 0.33 of power it made the
    beats of labelled piano music stand out most, compared with logarithms), and needs no floor: the result
    is the same at any level.
    """

    def __init__(self) -> None:
        self.frames = 0
        self._onsets = 0
        self._decibels = self._broad = self._rises = 0.0
        self._sounding = 0  # frames that are not silence
        self._decay = float(np.exp(-1.0 / MEMORY))
        self._mix = np.zeros((MEL_BANDS, 2), dtype=np.float32)
        self._mix[:, 0] = self._share = np.full(MEL_BANDS, 1.0 / MEL_BANDS, dtype=np.float32)
        self._mix[:BASS_BANDS, 1] = 1.0 / BASS_BANDS
        self._ones = np.ones(MEL_BANDS, dtype=np.float32)
        self._waiting: list[NDArray[np.float32]] = []
        self.splice()

    def splice(self) -> None:
        """What comes next does not follow what came."""
        self._onsets += self._peaks()
        self._last: Bands | None = None
        self._sums = np.zeros(6)  # of strength and bass, of their squares, of the mean root and of the power
        self._weight = 0.0
        self._waiting = [np.zeros((PAST + 2 * REACH, 2), dtype=np.float32)]

    def push(self, bands: Bands, counts: Counts | None = None) -> NDArray[np.float32]:
        """Strength of all bands and of the bass, shape (frames, 2), in standard deviations from the mean of
        the last seconds.

        counts: frames of each second; None: all are of one.
        """
        if not len(bands):
            return np.zeros((0, 2), np.float32)
        joined = np.concatenate((bands[:1] if self._last is None else self._last, bands))
        self._last = joined[-1:]
        roots = np.sqrt(np.sqrt(joined))
        rises = np.maximum(roots[1:] - roots[:-1], np.float32(0.0)) @ self._mix
        totals = bands @ self._ones
        sounding = totals > SILENT_POWER
        rises *= sounding[:, None]
        counts = [each for each in counts or (len(bands),) if each]
        norms = np.repeat(self._follow(roots[1:] @ self._share, rises, totals, counts), counts, axis=0)
        mean, spread, level, floor = norms[:, :2], norms[:, 2:4], norms[:, 4], norms[:, 5]
        self._note(joined, rises[:, 0], sounding, floor.astype(np.float32))
        waiting = np.empty((len(rises), 2), dtype=np.float32)
        waiting[:, 0] = rises[:, 0]
        np.maximum(EXCESS * spread[:, 0], PROMINENCE * level, out=waiting[:, 1], casting="same_kind")
        self._waiting.append(waiting)
        if len(self._waiting) > TOGETHER:
            self._onsets += self._peaks()
            self._waiting = [np.concatenate(self._waiting[-2:])[-(PAST + 2 * REACH) :]]
        return np.asarray((rises - mean) / spread, dtype=np.float32)

    def rate(self, frame_rate: float) -> float | None:
        """Onsets per second; None within the first second."""
        onsets = self._onsets + self._peaks()
        return onsets * frame_rate / self.frames if self.frames >= 0.95 * frame_rate else None

    def strength(self) -> float | None:
        """Mean rise in dB per frame and band, over the frames that sound."""
        return float(self._decibels / self._sounding) if self._sounding else None

    def percussiveness(self) -> float | None:
        """Share (0-1) of all rises that comes in frames where most of the spectrum rises suddenly.

        Near 1 for drums and clicks, near 0 for held and swelling tones.
        """
        return self._broad / self._rises if self._rises > 0.0 else (0.0 if self._sounding else None)

    def _follow(
        self, roots: Strength, rises: NDArray[np.float32], totals: Strength, counts: Counts
    ) -> NDArray[np.float64]:
        """What each second is measured with, shape (seconds, 6).

        Means and spreads of both strengths, level, floor.
        """
        self.frames += len(rises)
        seen = np.concatenate((rises, rises * rises, roots[:, None], totals[:, None]), axis=1)
        norms = np.empty((len(counts), 6))
        for norm, count, sums in zip(norms, counts, membership(counts) @ seen, strict=True):
            self._weight = self._weight * self._decay + count
            self._sums *= self._decay
            self._sums += sums
            norm[:] = self._sums / self._weight
        mean, square, level, power = norms[:, :2], norms[:, 2:4], norms[:, 4:5], norms[:, 5]
        spread = np.sqrt(np.maximum(square - mean * mean, 0.0))
        np.maximum(spread, STEADY * level + 1e-9, out=square)
        power *= FLOOR / MEL_BANDS
        power += 1e-12
        return norms

    def _note(self, joined: Bands, rises: Strength, sounding: NDArray[np.bool_], floor: Strength) -> None:
        floored = floor[:, None]
        steps = np.log((joined[1:] + floored) / (joined[:-1] + floored))
        share = (steps > SUDDEN / DECIBELS).astype(np.float32) @ self._share
        low, high = BROAD
        broad = np.minimum(np.maximum((share - low) / (high - low), 0.0), 1.0)
        mean_rise = np.maximum(steps, np.float32(0.0)) @ self._share
        self._decibels += DECIBELS * float(mean_rise @ sounding)
        self._sounding += int(np.count_nonzero(sounding))
        self._broad += float(broad @ rises)
        self._rises += float(rises.sum())

    def _peaks(self) -> int:
        """Among the frames that wait, except for the last few, which wait for what follows them."""
        if len(self._waiting) < 2:
            return 0
        joined = np.concatenate(self._waiting)
        rises = joined[:, 0]
        tested = slice(PAST + REACH, len(rises) - REACH)
        around = sliding(rises[PAST:].copy(), 2 * REACH + 1)
        sums = np.concatenate(((0.0,), np.cumsum(rises, dtype=np.float64)))
        width = PAST + 2 * REACH + 1
        mean = (sums[width:] - sums[:-width]) / width
        highest = (rises[tested] == around.max(axis=1)) & (rises[tested] > around[:, :REACH].max(axis=1))
        return int(np.count_nonzero(highest & (rises[tested] - mean > joined[tested, 1])))
