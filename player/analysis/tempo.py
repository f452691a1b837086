"""Tempo: periodicity of onset strength, and the choice among metrical levels."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.beats import CENTRE, Pulse
from player.analysis.onset import Strength

WINDOW: Final = 8.0  # s of onset strength whose periods are measured, again each second
CLEAREST: Final = (0.25, 2.0)  # s: periods that can be a pulse
LEAST: Final = 0.05  # variance of strength (1 when something is struck) beside which a swell is no pulse
ENOUGH: Final = 3.0  # s before a period is looked for

GRID: Final = 12  # steps per tracked beat: two, three and four parts are whole
FEWEST: Final = 6  # beats that have a tempo
SPAN: Final = 4  # beats over which a period is measured: evens out rubato and the grid of frames
DENSITY: Final = 0.1  # octaves: how far a played tempo bends (7 %)
REFERENCE: Final = 90.0  # BPM

PHRASE: Final = 16.0  # s whose metrical levels are measured at once; a tuning constant
DOUBT: Final = 0.5  # standard errors by which a beat's mean strength counts less: the best of many phases of
# few beats is strong by chance, in an excerpt more than in a phrase; a tuning constant

BINS: Final = 72  # of tracked periods and of levels, per octave: 1 %
LOWEST: Final = 8.0  # BPM
OCTAVES: Final = 7
NEAR: Final = 0.08  # octaves within which what was measured at a tempo says something of another
PEAK: Final = 2  # bins on both sides of the highest density that are averaged
SAME: Final = 0.04  # relative: the tolerance within which two tempi are one


class Level(Struct, frozen=True):
    """A metrical level, as a multiple of the tracked tempo."""

    multiple: float
    steps: int  # of the grid, between its beats


LEVELS: Final = tuple(Level(GRID / steps, steps) for steps in (36, 24, 18, 12, 8, 6, 4))
MULTIPLES: Final = np.array([level.multiple for level in LEVELS])
PULSES: Final = sorted({steps * level.steps for level in LEVELS for steps in (1, 2)})
KERNEL: Final = np.exp(-0.5 * np.square(np.arange(-21, 22) / (DENSITY * BINS)))  # three widths on both sides

# Both fitted by tests/evaluate/levels.py to labelled beats in the first minute of 299 POP909 and 60 ASAP
# pieces, both corpora weighing the same; it prints these numbers, and how they do on pieces left out.
# Conditional logit over LEVELS of `TempoHistogram.levels`.
LEVEL_WEIGHTS: Final = np.array((1.51, -0.66, 4.32, 3.09, 0.92))
# Logistic regression of `confidence_features` on "within 4 % of the label, an octave or a third aside", after
# 10, 20 and 60 s, and on noise, which has no tempo to be right about.
CONFIDENCE_WEIGHTS: Final = np.array((-8.11, -54.92, 2.25, 1.22))


class Periodicity:
    """Autocorrelation of onset strength over the last seconds."""

    def __init__(self, frame_rate: float, lags: NDArray[np.int_]) -> None:
        """lags: frames, at which it is wanted."""
        self._rate, self._lags = frame_rate, lags
        self._size = round(WINDOW * frame_rate)
        self._taper = np.linspace(0.3, 1.0, self._size)  # the newest counts most
        self._least = LEAST * float(np.square(self._taper).sum())
        self._pulse = slice(*(round(seconds * frame_rate) for seconds in CLEAREST))
        self._longest = max(int(lags[-1]), self._pulse.stop)
        self._heard = 0
        self._clarity = self._clarity_weight = 0.0
        self.splice()

    def splice(self) -> None:
        self._recent = np.zeros(self._size)
        self._filled = 0

    def push(self, strength: Strength) -> NDArray[np.float32]:
        """The autocorrelation at the lags, relative to lag 0."""
        self._recent = np.concatenate((self._recent, np.maximum(strength, -0.5)))[-self._size :]
        self._filled = min(self._filled + len(strength), self._size)
        known = self._recent[-self._filled :]
        signal = np.zeros(self._filled + self._longest)
        signal[: self._filled] = known = (known - known.mean()) * self._taper[-self._filled :]
        # directly: for so few lags in a third of the time of an FFT
        correlation = np.correlate(signal, known, "valid")
        correlation /= correlation[0] + self._least
        if self._filled >= ENOUGH * self._rate:
            self._clarity += max(0.0, float(correlation[self._pulse].max())) * len(strength)
            self._clarity_weight += len(strength)
        return correlation[self._lags].astype(np.float32)

    def clarity(self) -> float | None:
        """Highest autocorrelation of onset strength at a period of 0.25-2 s, mean over time, 0-1.

        Lartillot, Eerola, Toiviainen & Fornari, "Multi-feature modeling of pulse clarity", ISMIR 2008.
        """
        return min(1.0, self._clarity / self._clarity_weight) if self._clarity_weight else None


class Phrase(Struct, frozen=True):
    """Metrical levels of some seconds."""

    octaves: NDArray[np.float64]  # log2 BPM, one for each of LEVELS
    accents: NDArray[np.float64]  # shape (levels, 3)
    weight: float  # s


class Evidence(Struct, frozen=True):
    """What one stretch of tracked beats says."""

    octaves: NDArray[np.float64]  # log2 BPM of periods, each over `SPAN` beats
    periods: NDArray[np.float64]  # s
    phrases: tuple[Phrase, ...]
    confidence: float  # that the tempo, its octave or its third is right
    weight: float  # s


def weigh(pulses: Sequence[Pulse], onsets: NDArray[np.float32], first: int, rate: float) -> Evidence | None:
    """What `pulses` say of tempo and metrical levels; None for too few.

    onsets: shape (frames, 2), strength and bass, from frame `first` on.
    """
    if len(pulses) < FEWEST:
        return None
    frames = np.array([pulse.frame for pulse in pulses])
    periods = local_periods(frames) / rate
    seconds = float(frames[-1] - frames[0]) / rate
    surety = float(confidence_features(pulses, frames) @ CONFIDENCE_WEIGHTS)
    confidence = 1.0 / (1.0 + float(np.exp(-surety)))
    phrases = _phrases(frames, onsets, first, rate)
    return Evidence(np.log2(60.0 / periods), periods, phrases, confidence, seconds)


def _phrases(
    frames: NDArray[np.float64], onsets: NDArray[np.float32], first: int, rate: float
) -> tuple[Phrase, ...]:
    """On a grid that bends with the beats, so that a tempo may."""
    at = np.interp(np.arange(0.0, len(frames) - 1.0, 1.0 / GRID), np.arange(len(frames)), frames)
    centres = np.arange(len(onsets)) + first + CENTRE
    bass = np.convolve(onsets[:, 1], (0.25, 0.5, 0.25), mode="same")
    grid = np.interp(at, centres, bass)
    count = max(1, round(float(frames[-1] - frames[0]) / rate / PHRASE))
    edges = np.linspace(0, len(frames) - 1, count + 1).round().astype(int).tolist()
    found = []
    for start, stop in pairwise(edges):
        if stop - start + 1 >= FEWEST:
            part = frames[start : stop + 1]
            octaves = np.log2(60.0 * rate / usual_period(part) * MULTIPLES)
            accents = level_accents(grid[start * GRID : stop * GRID])
            found.append(Phrase(octaves, accents, float(part[-1] - part[0]) / rate))
    return tuple(found)


def local_periods(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frames, each over four beats."""
    span = min(SPAN, len(frames) // 2)
    return np.asarray((frames[span:] - frames[:-span]) / span)


def usual_period(frames: NDArray[np.float64]) -> float:
    """The period of a beat, frames, that holds for most of the time: the highest density of log periods, each
    as heavy as it is long, so that a passage at twice the level does not count double.
    """
    periods = local_periods(frames)
    octaves = np.log2(periods)
    at = np.arange(octaves.min(), octaves.max() + DENSITY, DENSITY / 12.0)
    return float(2.0 ** at[(np.exp(-0.5 * np.square((at[:, None] - octaves) / DENSITY)) @ periods).argmax()])


def level_accents(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the bass on a grid of tracked beats says of each level, shape (levels, 3).

    Autocorrelation at the period, strength of its best phase, and what taking only every second of its beats
    gains.
    """
    centred = grid - grid.mean()
    variance = float(centred @ centred) / len(centred)
    pulses = {steps: phase_strength(grid, steps) for steps in PULSES}
    rows = [
        (
            correlation_at(centred, variance, level.steps),
            pulses[level.steps],
            pulses[2 * level.steps] - pulses[level.steps],
        )
        for level in LEVELS
    ]
    return np.array(rows)


def confidence_features(pulses: Sequence[Pulse], frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, median change of the period from beat to beat (log, at most 0.3), mean strength, number of beats."""
    steps = np.diff(frames)
    change = median(np.abs(np.diff(np.log(steps))).tolist())  # numpy's own takes ten times as long
    strength = float(np.mean([pulse.strength for pulse in pulses]))
    return np.array((1.0, min(change, 0.3), min(strength, 4.0), min(np.log(len(frames)), 5.0)))


def correlation_at(centred: NDArray[np.float64], variance: float, lag: int) -> float:
    if len(centred) <= lag + GRID or variance <= 0.0:
        return 0.0
    return float(centred[lag:] @ centred[:-lag]) / ((len(centred) - lag) * variance)


def phase_strength(signal: NDArray[np.float64], period: int) -> float:
    """Mean of every `period`-th sample, for the best phase, less `DOUBT`; 0 where it comes only once."""
    count = len(signal) // period
    if count < 2:
        return 0.0
    phases = signal[: count * period].reshape(-1, period)
    sums = np.add.reduce(phases)
    best = int(sums.argmax())
    mean, heard = float(sums[best]) / count, phases[:, best]
    variance = max(0.0, float(heard @ heard) / count - mean * mean)
    return mean - DOUBT * math.sqrt(variance / (count - 1))


class TempoHistogram:
    """Tempo evidence of a whole track in bounded space: seconds at each tracked tempo, and what was measured
    of levels at each. The level is chosen once, by all that was heard: one chosen for each stretch changes
    with every excerpt.
    """

    def __init__(self) -> None:
        self._held = np.zeros((BINS * OCTAVES, 2))  # seconds, times log2 of tempo
        self._accents = np.zeros((BINS * OCTAVES, 4))  # of level_accents, times seconds; seconds
        self._confidence = self._weight = 0.0

    def copy(self) -> "TempoHistogram":
        other = TempoHistogram()
        other._held, other._accents = self._held.copy(), self._accents.copy()
        other._confidence, other._weight = self._confidence, self._weight
        return other

    def add(self, evidence: Evidence) -> None:
        held = np.stack((evidence.periods, evidence.periods * evidence.octaves), axis=1)
        np.add.at(self._held, _bins(evidence.octaves), held)
        for phrase in evidence.phrases:
            seen = np.concatenate((phrase.accents, np.ones((len(LEVELS), 1))), axis=1)
            np.add.at(self._accents, _bins(phrase.octaves), phrase.weight * seen)
        self._confidence += evidence.confidence * evidence.weight
        self._weight += evidence.weight

    def levels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tempi in BPM, one for each of LEVELS, and what speaks for them, shape (levels, 5): log tempo, its
        square, and `level_accents`. Only once something was added.
        """
        density = np.convolve(self._held[:, 0], KERNEL, mode="same")
        mode = int(density.argmax())
        near = self._held[max(0, mode - PEAK) : mode + PEAK + 1].sum(axis=0)
        tracked = near[1] / near[0] if near[0] else np.log2(LOWEST) + (mode + 0.5) / BINS
        octaves = tracked + np.log2(MULTIPLES)
        sums = self._near(octaves)
        accents = sums[:, :3] / (sums[:, 3:] + 1e-9)
        centred = octaves - np.log2(REFERENCE)
        return 2.0**octaves, np.column_stack((centred, np.square(centred), accents))

    def tempo(self) -> float | None:
        """BPM, at the likeliest level of the tracked tempo that held longest."""
        if self._weight == 0.0:
            return None
        tempi, features = self.levels()
        return float(tempi[(features @ LEVEL_WEIGHTS).argmax()])

    def shares(self, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each tempo (BPM) the probability (0-1) of the level within 4 % of it, times the share of time
        that had one.
        """
        if self._weight == 0.0:
            return np.zeros(len(wanted))
        tempi, features = self.levels()
        logits = features @ LEVEL_WEIGHTS
        odds = np.exp(logits - logits.max())
        same = np.abs(np.log(wanted[:, None] / tempi)) <= np.log(1.0 + SAME)
        every = float(self._accents[:, 3].sum()) / len(LEVELS)
        heard = self._near(np.log2(wanted))[:, 3] / (every + 1e-9)
        return np.asarray(same @ odds / odds.sum() * np.minimum(1.0, heard))

    def confidence(self) -> float:
        return self._confidence / self._weight if self._weight else 0.0

    def _near(self, octaves: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of accents about each tempo (log2 BPM), shape (tempi, 4)."""
        centres = np.log2(LOWEST) + (np.arange(BINS * OCTAVES) + 0.5) / BINS
        return np.asarray(np.exp(-0.5 * np.square((octaves[:, None] - centres) / NEAR)) @ self._accents)


def _bins(octaves: NDArray[np.float64]) -> NDArray[np.int_]:
    return np.asarray(np.clip(((octaves - np.log2(LOWEST)) * BINS).astype(int), 0, BINS * OCTAVES - 1))
