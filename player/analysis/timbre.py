"""What the sound is like from frame to frame, as sums that may be added over any stretch of a track.

One row of sums per second serves the whole track, a section and the last half minute alike, and a stream of
any length costs no more memory than one row.
"""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER, Counts, Membership, Signal, membership
from player.analysis.spectrum import MEL_BANDS, Bands, mel_edges
from player.units import Hertz

Sums = NDArray[np.float64]  # shape (WIDTH,) or (seconds, WIDTH); of a longer stretch: the sum of its seconds

FLOOR: Final = 1e-6  # of a frame's power: bands 60 dB below the frame say no more (codecs cut them off)
GROUP: Final = 5  # neighbouring mel bands taken together where fine resolution says no more
GROUPS: Final = MEL_BANDS // GROUP
CEPSTRA: Final = 13  # of the mel levels, without the zeroth, which is level
LAGS: Final = (1, 2, 4, 8, 16, 32)  # frames, 23 ms to 0.74 s: how much and how fast levels move
LOW: Final = Hertz(200.0)
HIGH: Final = Hertz(2_000.0)
FLUCTUATION: Final = (Hertz(200.0), Hertz(800.0))  # Salakka 2021
ROLLOFF: Final = 0.85
CENTRES: Final = mel_edges()[1:-1]
OCTAVES: Final = np.log2(CENTRES).astype(np.float32)
UP_TO: Final = np.triu(np.ones((MEL_BANDS, MEL_BANDS), np.float32))
DECIBELS: Final = np.float32(10.0 / np.log(10.0))  # in a natural logarithm of power, which numpy has faster

# Columns of the descriptors of a frame
(
    LEVEL,
    CENTROID,
    FLATNESS,
    ROLLOFF_OCTAVE,
    RISE,
    FALL,
    WIDTH_OF_RISE,
    FLUX,
    LOW_SHARE,
    MID_SHARE,
    HIGH_SHARE,
) = range(11)
FIRST_GROUP: Final = 11
FIRST_CEPSTRUM: Final = FIRST_GROUP + GROUPS
DESCRIPTORS: Final = FIRST_CEPSTRUM + CEPSTRA
FLUCTUATED: Final = DESCRIPTORS  # one more column: the change in 200-800 Hz, dB, of which the mean is enough
SUDDEN: Final = 6.0  # dB from frame to frame: a band that rises so much was struck; a tuning constant
# Not of the level and of rises: a fade or one loud bar turns their skewness round, and excerpts did not agree
# with the whole in it (r below 0.6).
SKEWED: Final = (CENTROID, FLATNESS, FALL, WIDTH_OF_RISE, FLUX)
CUBES: Final = slice(1 + 2 * DESCRIPTORS, 1 + 2 * DESCRIPTORS + len(SKEWED))
FLUCTUATION_SUM: Final = CUBES.stop
POWERS: Final = slice(1, FLUCTUATION_SUM + 1)  # Σ and Σ² of the descriptors, Σ³ of some, Σ of the fluctuation
TRACED: Final = 1 + GROUPS  # level and groups: their movement over several lags

WIDTH: Final = POWERS.stop + len(LAGS) * (TRACED + 1)


class Timbre(Struct, frozen=True, kw_only=True):
    """Means over the sounding frames; None when nothing sounded."""

    centroid: Hertz | None = None
    flux: float | None = None
    flatness: float | None = None
    rolloff: Hertz | None = None
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    fluctuation: float | None = None


class TimbreMeter:
    def __init__(self) -> None:
        ranges = [
            np.ones(MEL_BANDS),
            CENTRES,
            CENTRES < LOW,
            (CENTRES >= LOW) & (CENTRES < HIGH),
            CENTRES >= HIGH,
        ]
        self._ranges = np.stack(ranges, axis=1).astype(np.float32)
        self._shapes = _shapes()
        self._ones = np.ones(MEL_BANDS, np.float32)
        self._share = self._ones / np.float32(MEL_BANDS)
        fluctuating = np.zeros(MEL_BANDS, np.float32)
        fluctuating[slice(*np.searchsorted(CENTRES, FLUCTUATION))] = 1.0
        self._changes = np.stack((self._share, fluctuating / fluctuating.sum()), axis=1)
        self.splice()

    def splice(self) -> None:
        """What comes next does not follow what came last."""
        self._sounding = False  # the last frame, whose levels (dB) and relative magnitudes are
        self._levels = self._magnitudes = np.zeros((1, MEL_BANDS), np.float32)
        self._traced = np.zeros((LAGS[-1], TRACED + 1), np.float32)  # of the last frames; 0 where silent

    def push(self, bands: Bands, counts: Counts | None = None) -> Sums:
        """The sums of the frames of each second, shape (seconds, WIDTH).

        counts: frames of each second; None: all are of one.
        The triangles of the bands add up to 1 and interpolate linearly, so the centroid is that of the bins.
        """
        counts = counts or (len(bands),)
        sums = np.zeros((len(counts), WIDTH))
        measured = bands @ self._ranges
        sounding = measured[:, 0] > SILENT_POWER
        if not len(bands):
            return sums
        total = np.where(sounding, measured[:, 0], np.float32(1.0))
        level = np.log(total)
        level *= DECIBELS
        levels = DECIBELS * np.log(bands + (FLOOR * total)[:, None])
        described = np.empty((len(bands), DESCRIPTORS + 1), np.float32)
        described[:, LEVEL] = level
        described[:, CENTROID] = np.log2(measured[:, 1] / total + np.float32(1.0))
        described[:, ROLLOFF_OCTAVE] = _rolloff(bands)
        described[:, LOW_SHARE : HIGH_SHARE + 1] = measured[:, 2:] / total[:, None]
        shapes = (levels - level[:, None]) @ self._shapes
        mean_power = measured[:, 0] / np.float32(MEL_BANDS) + FLOOR * total
        described[:, FLATNESS] = shapes[:, 0] + level - DECIBELS * np.log(mean_power)
        described[:, FIRST_GROUP:DESCRIPTORS] = shapes[:, 1:]
        self._note_changes(described, levels, bands, sounding)
        # all sums over frames as products: one call for what would be one for each second and power
        seconds = membership(counts) * sounding
        heard = described.astype(np.float64)
        squares = heard * heard
        cubes = squares[:, SKEWED] * heard[:, SKEWED]
        sums[:, 0] = seconds.sum(axis=1)
        sums[:, POWERS] = seconds @ np.concatenate(
            (heard[:, :-1], squares[:, :-1], cubes, heard[:, -1:]), axis=1
        )
        groups = shapes[:, 1 : 1 + GROUPS]
        sums[:, POWERS.stop :] = self._movement(level, groups, sounding, membership(counts))
        return sums

    def _note_changes(
        self,
        described: NDArray[np.float32],
        levels: NDArray[np.float32],
        bands: Bands,
        sounding: NDArray[np.bool_],
    ) -> None:
        """Fill in what compares a frame with the one before."""
        joined = np.concatenate((self._levels, levels))
        # a frame after silence has nothing to be compared with
        known = np.concatenate(((self._sounding,), sounding[:-1])) & sounding
        change = (joined[1:] - joined[:-1]) * known[:, None]
        size, described[:, FLUCTUATED] = (np.abs(change) @ self._changes).T
        gain = change @ self._share
        described[:, RISE] = 0.5 * (size + gain)
        described[:, FALL] = 0.5 * (size - gain)
        described[:, WIDTH_OF_RISE] = (change > SUDDEN).astype(np.float32) @ self._share
        magnitudes = np.sqrt(bands)
        magnitudes /= np.maximum(magnitudes @ self._ones, np.float32(1e-12))[:, None]
        between = np.concatenate((self._magnitudes, magnitudes))
        # the rises and the falls of a normalised spectrum are equally large, so half of both is the rise
        described[:, FLUX] = 0.5 * known * (np.abs(between[1:] - between[:-1]) @ self._ones)
        self._sounding = bool(sounding[-1])
        self._levels, self._magnitudes = joined[-1:], between[-1:]

    def _movement(
        self,
        level: NDArray[np.float32],
        groups: NDArray[np.float32],
        sounding: NDArray[np.bool_],
        seconds: Membership,
    ) -> Sums:
        """For each lag: summed squared change of level and of each group's level, and of how many frames."""
        new = np.empty((len(level), TRACED + 1), np.float32)
        new[:, 0] = level
        new[:, 1:TRACED] = groups + level[:, None]
        new[:, TRACED] = 1.0
        new *= sounding[:, None]
        traced = np.concatenate((self._traced, new))
        self._traced = traced[-LAGS[-1] :]
        before = traced.take(LAGS[-1] - np.array(LAGS)[:, None] + np.arange(len(new)), axis=0)
        both = before[:, :, TRACED:] * new[:, TRACED:]  # sounded
        change = (new - before) * both
        change[:, :, TRACED:] = both
        squares = np.square(change).astype(np.float64)
        return np.asarray((seconds @ squares).transpose(1, 0, 2).reshape(len(seconds), -1))


def read_timbre(sums: Sums) -> Timbre:
    """The descriptors that have a name of their own."""
    count = sums[0]
    if count == 0.0:
        return Timbre()
    mean = sums[1 : 1 + DESCRIPTORS] / count
    return Timbre(
        centroid=Hertz(2.0 ** float(mean[CENTROID])),
        flux=float(mean[FLUX]),
        flatness=float(10.0 ** (mean[FLATNESS] / 10.0)),
        rolloff=Hertz(2.0 ** float(mean[ROLLOFF_OCTAVE])),
        low=float(mean[LOW_SHARE]),
        mid=float(mean[MID_SHARE]),
        high=float(mean[HIGH_SHARE]),
        fluctuation=float(sums[FLUCTUATION_SUM] / count),
    )


def describe(sums: Sums) -> Signal:
    """Everything in the sums as numbers that do not depend on how long was heard, NaN where unknown.

    Means and deviations of the descriptors, skewness of some, log₂ of the mean squared movement for each lag.
    The mean level is left out: it belongs to loudness.
    """
    count = sums[0]
    if count < LAGS[-1]:
        return np.full(len(NAMES), np.nan, np.float32)
    mean, square = (sums[1 : CUBES.start] / count).reshape(2, DESCRIPTORS)
    variance = np.maximum(square - mean**2, 0.0)
    deviation = np.sqrt(variance)
    around, spread = mean[[*SKEWED]], variance[[*SKEWED]]
    third = sums[CUBES] / count - 3.0 * around * square[[*SKEWED]] + 2.0 * around**3
    skewness = np.where(spread > 1e-9, third / np.maximum(spread, 1e-9) ** 1.5, 0.0)
    movement = sums[POWERS.stop :].reshape(len(LAGS), TRACED + 1)
    moved = np.log2(movement[:, :TRACED] / np.maximum(movement[:, TRACED:], 1.0) + 0.01)
    return np.concatenate((mean[1:], deviation, skewness, moved.reshape(-1))).astype(np.float32)


_DESCRIPTOR_NAMES: Final = [
    *("level", "centroid", "flatness", "rolloff", "rise", "fall", "width_of_rise", "flux"),
    *("low", "mid", "high"),
    *(f"group_{i}" for i in range(GROUPS)),
    *(f"cepstrum_{i + 1}" for i in range(CEPSTRA)),
]
NAMES: Final = (
    *(f"{name}_mean" for name in _DESCRIPTOR_NAMES[1:]),
    *(f"{name}_deviation" for name in _DESCRIPTOR_NAMES),
    *(f"{_DESCRIPTOR_NAMES[i]}_skewness" for i in SKEWED),
    *(f"{name}_moved_{lag}" for lag in LAGS for name in ("level", *(f"group_{i}" for i in range(GROUPS)))),
)


def _shapes() -> NDArray[np.float32]:
    """From the levels of a frame to their mean, the means of groups and the cepstrum, one linear map."""
    mean = np.full((MEL_BANDS, 1), 1.0 / MEL_BANDS)
    groups = np.repeat(np.eye(GROUPS), GROUP, axis=0) / GROUP
    band = np.arange(MEL_BANDS) + 0.5
    cosines = np.cos(np.pi / MEL_BANDS * np.outer(band, np.arange(1, CEPSTRA + 1)))
    return np.concatenate((mean, groups, cosines * np.sqrt(2.0) / MEL_BANDS), axis=1).astype(np.float32)


def _rolloff(bands: Bands) -> NDArray[np.float32]:
    """log₂ of the frequency below which 85 % of the energy lies, interpolated between band centres."""
    cumulated = bands @ UP_TO  # a third of the time of np.cumsum
    goal = ROLLOFF * cumulated[:, -1:]
    above = (cumulated >= goal).argmax(axis=1)
    rows = np.arange(len(bands))
    upper = cumulated[rows, above]
    lower = np.where(above > 0, cumulated[rows, np.maximum(above - 1, 0)], np.float32(0.0))
    part = (goal[:, 0] - lower) / np.maximum(upper - lower, 1e-20)
    below = OCTAVES[np.maximum(above - 1, 0)]
    return np.asarray(below + part * (OCTAVES[above] - below), dtype=np.float32)
