"""Tempo: periodicity of onset strength, and the choice among metrical levels."""

from collections.abc import Sequence
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

BINS: Final = 36  # of the tempo histogram, per octave: 2 %
LOWEST: Final = 8.0  # BPM
OCTAVES: Final = 7
SAME: Final = 0.04  # relative: the tolerance within which two tempi are one


class Level(Struct, frozen=True):
    """A metrical level, as a multiple of the tracked tempo."""

    multiple: float
    steps: int  # of the grid, between its beats


LEVELS: Final = tuple(Level(GRID / steps, steps) for steps in (36, 24, 18, 12, 8, 6, 4))

# Both fitted by tests/evaluate/levels.py to labelled beats in the first minute of 299 POP909 and 60 ASAP
# pieces, both corpora weighing the same; it prints these numbers, and how they do on pieces left out.
# Conditional logit over LEVELS of `level_features`.
LEVEL_WEIGHTS: Final = np.array((1.41, -0.54, 2.31, 3.68, 0.42))
# Logistic regression of `confidence_features` on "within 4 % of the label, an octave or a third aside", after
# 10, 20 and 60 s, and on noise, which has no tempo to be right about.
CONFIDENCE_WEIGHTS: Final = np.array((-7.3, -54.0, 2.1, 1.09))


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


class Evidence(Struct, frozen=True):
    """What one stretch of tracked beats says."""

    tempi: NDArray[np.float64]  # BPM, one for each of LEVELS
    probabilities: NDArray[np.float64]
    confidence: float  # that one of them, at the octave or a third, is right
    weight: float  # s


def weigh(pulses: Sequence[Pulse], onsets: NDArray[np.float32], first: int, rate: float) -> Evidence | None:
    """The tempo of `pulses` and of its metrical levels; None for too few.

    onsets: shape (frames, 2), strength and bass, from frame `first` on.
    """
    if len(pulses) < FEWEST:
        return None
    frames = np.array([pulse.frame for pulse in pulses])
    beat = usual_period(frames)
    tempi = 60.0 * rate / beat * np.array([level.multiple for level in LEVELS])
    logits = level_features(frames, onsets, first, tempi) @ LEVEL_WEIGHTS
    probabilities = np.exp(logits - logits.max())
    seconds = float(frames[-1] - frames[0]) / rate
    surety = float(confidence_features(pulses, frames) @ CONFIDENCE_WEIGHTS)
    confidence = 1.0 / (1.0 + float(np.exp(-surety)))
    return Evidence(tempi, probabilities / probabilities.sum(), confidence, seconds)


def usual_period(frames: NDArray[np.float64]) -> float:
    """The period of a beat, frames, that holds for most of the time: the highest density of log periods, each
    over four beats and as heavy as it is long, so that a stretch at twice the level does not count double.
    """
    span = min(SPAN, len(frames) // 2)
    periods = (frames[span:] - frames[:-span]) / span
    octaves = np.log2(periods)
    at = np.arange(octaves.min(), octaves.max() + DENSITY, DENSITY / 12.0)
    return float(2.0 ** at[(np.exp(-0.5 * np.square((at[:, None] - octaves) / DENSITY)) @ periods).argmax()])


def level_features(
    frames: NDArray[np.float64], onsets: NDArray[np.float32], first: int, tempi: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What speaks for each level, shape (levels, 5).

    Log tempo and its square; of the bass, on a grid that bends with the beats: autocorrelation at the
    period, strength of its best phase, and what taking only every second of its beats gains.
    """
    at = np.interp(np.arange(0.0, len(frames) - 1.0, 1.0 / GRID), np.arange(len(frames)), frames)
    centres = np.arange(len(onsets)) + first + CENTRE
    bass = np.convolve(onsets[:, 1], (0.25, 0.5, 0.25), mode="same")
    grid = np.interp(at, centres, bass)
    octaves = np.log2(tempi / REFERENCE)
    centred = grid - grid.mean()
    variance = float(np.square(centred).mean())
    rows = []
    for level, octave in zip(LEVELS, octaves, strict=True):
        pulse = phase_strength(grid, level.steps)
        rows.append(
            (
                octave,
                octave**2,
                correlation_at(centred, variance, level.steps),
                pulse,
                phase_strength(grid, 2 * level.steps) - pulse,
            )
        )
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
    """Mean of every `period`-th sample, for the best phase."""
    whole = len(signal) // period * period
    return float(signal[:whole].reshape(-1, period).mean(axis=0).max()) if whole else 0.0


class TempoHistogram:
    """Tempo evidence of a whole track in bounded space: seconds at each tempo."""

    def __init__(self) -> None:
        self._mass = np.zeros(BINS * OCTAVES)
        self._log = np.zeros(BINS * OCTAVES)  # mass times log2 of tempo
        self._confidence = self._weight = 0.0

    def copy(self) -> "TempoHistogram":
        other = TempoHistogram()
        other._mass, other._log = self._mass.copy(), self._log.copy()
        other._confidence, other._weight = self._confidence, self._weight
        return other

    def add(self, evidence: Evidence) -> None:
        octaves = np.log2(evidence.tempi / LOWEST)
        index = np.clip((octaves * BINS).astype(int), 0, BINS * OCTAVES - 1)
        mass = evidence.probabilities * evidence.weight
        np.add.at(self._mass, index, mass)
        np.add.at(self._log, index, mass * octaves)
        self._confidence += evidence.confidence * evidence.weight
        self._weight += evidence.weight

    def tempo(self) -> float | None:
        """The tempo that held longest, BPM."""
        if self._weight == 0.0:
            return None
        mode = int(np.convolve(self._mass, np.ones(3), mode="same").argmax())
        near = slice(max(0, mode - 1), mode + 2)
        return LOWEST * float(2.0 ** (self._log[near].sum() / self._mass[near].sum()))

    def share(self, tempo: float) -> float:
        """Share of the evidence (0-1) within 4 % of `tempo`."""
        if self._weight == 0.0:
            return 0.0
        held = self._mass > 0.0
        octaves = self._log[held] / self._mass[held]
        near = np.abs(octaves - np.log2(tempo / LOWEST)) <= np.log2(1.0 + SAME)
        return float(self._mass[held][near].sum() / self._weight)

    def confidence(self) -> float:
        return self._confidence / self._weight if self._weight else 0.0
