"""Key and mode, from the pitch classes and triads of what was heard so far."""

import cmath
import math
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.framing import Counts, membership
from player.analysis.partials import Partials
from player.model import Mode
from player.units import Hertz

Chroma = NDArray[
    np.float64
]  # shape (12,): weight of each pitch class from C, one frame's strongest partial is 1

Frames = NDArray[np.float64]  # shape (frames, …)

HIGHEST: Final = Hertz(2_500.0)  # above, partials say more of timbre than of notes; a tuning constant
OPENING: Final = 8  # seconds of sound from which a piece states its key; a tuning constant
IN_TUNE: Final = 5.0  # summed amplitude in favour of A4 = 440 Hz before anything is heard; a tuning constant
CLASSES: Final = 12
KINDS: Final = 4  # rows of `evidence`: pitch classes, major triads, minor triads, opening
FURTHEST: Final = 0.6  # semitones from 440 Hz before a note is called by its neighbour's name instead
SEMITONES_OF_1_HZ: Final = np.float32(69.0 - 12.0 * np.log2(440.0))  # MIDI numbers
MINOR_THIRD, MAJOR_THIRD, FIFTH = ((np.arange(CLASSES) + interval) % CLASSES for interval in (3, 4, 7))
FEWEST_TRIADS: Final = 0.06  # of the pitch classes' sum; music has more, the hiss of one tone makes no chord
PUREST: Final = 4.5  # evidence for the strongest pitch class in any music fitted to; one sine has 12
UPWARDS: Final = (np.arange(CLASSES)[:, None] + np.arange(CLASSES)) % CLASSES  # row t: the scale from tonic t

# Temperley, Music and Probability (2007), table 6.1: how often bars of 46 pieces have each degree
PROFILES: Final = np.array(
    [
        [0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400],
        [0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330],
    ]
)
MODES: Final = (Mode.MAJOR, Mode.MINOR)

# Scores from the degree of the tonic upwards; tests/evaluate/tonality.py --fit, version 1: POP909 and ASAP
WEIGHTS: Final = np.array(
    [
        [
            [
                0.56,
                -0.09,
                -0.38,
                0.49,
                0.08,
                0.10,
                -0.40,
                0.64,
                0.49,
                -0.36,
                -1.33,
                0.34,
            ],  # major: pitch classes
            [
                1.02,
                -0.17,
                -0.35,
                -0.13,
                -0.07,
                0.17,
                -0.25,
                1.16,
                0.02,
                -0.59,
                -0.92,
                0.24,
            ],  # major: major triads
            [
                -0.47,
                0.20,
                0.75,
                0.69,
                -0.30,
                -0.03,
                -0.05,
                -0.28,
                -0.07,
                0.50,
                -0.55,
                -0.26,
            ],  # major: minor triads
            [0.53, 0.06, 0.49, -1.34, 0.76, 0.08, -0.37, 0.91, -0.31, -0.04, -0.85, -0.40],  # major: opening
        ],
        [
            [
                0.22,
                -0.58,
                0.29,
                -0.15,
                -0.12,
                -0.12,
                0.13,
                0.26,
                0.21,
                -0.46,
                -0.05,
                0.25,
            ],  # minor: pitch classes
            [
                0.13,
                -0.75,
                -0.11,
                -0.10,
                -0.42,
                -0.22,
                -0.06,
                1.03,
                -0.24,
                -0.52,
                0.73,
                0.38,
            ],  # minor: major triads
            [
                1.77,
                -0.11,
                -0.13,
                0.03,
                -0.63,
                0.59,
                0.43,
                -0.04,
                -0.13,
                -0.85,
                -1.31,
                0.24,
            ],  # minor: minor triads
            [0.54, -0.67, 0.11, 0.81, -0.68, 0.07, 0.86, 0.77, -0.34, -0.58, -0.44, 0.03],  # minor: opening
        ],
    ]
)
BIAS: Final = np.array([0.14, -0.14])


class Tonality(Struct, frozen=True, kw_only=True):
    """None and empty before anything sounded.

    key: pitch class of the tonic, 0 = C. key_confidence: probability that key and mode are right, 0-1.
    key_clarity: correlation of the pitch classes with the profile of that key, −1 to 1.
    chroma: 12 shares from C that add up to 1.
    """

    key: int | None = None
    mode: Mode | None = None
    key_confidence: float = 0.0
    key_clarity: float | None = None
    chroma: tuple[float, ...] = ()


class TonalityMeter:
    """A multinomial logistic model of 24 keys, the same for every tonic.

    Each frame's partials, relative to the strongest, are folded to pitch classes around the tuning heard so
    far (circular mean of their deviations; Dressler & Streich 2007), weighted by how near they are. Besides
    the pitch classes count the triads that sound together (geometric means), and the opening alone.
    """

    def __init__(self, *, from_start: bool = True) -> None:
        """from_start: what is pushed first is the beginning of the piece."""
        self._sums = np.zeros((KINDS, CLASSES))
        self._seconds = 0 if from_start else OPENING  # of sound
        self._deviation = complex(IN_TUNE)
        self._tuning = 0.0

    @property
    def tuning(self) -> float:
        """Semitones by which the music stands above A4 = 440 Hz, about ±0.5."""
        return self._tuning

    def push(self, partials: Partials, counts: Counts | None = None) -> NDArray[np.float64]:
        """Pitch classes, major triads and minor triads of each second, shape (seconds, 3, 12).

        counts: frames of each second; None: all are of one.
        """
        counts = counts or (len(partials.amplitudes),)
        amplitudes = partials.amplitudes * (partials.frequencies < HIGHEST)
        top = amplitudes.max(axis=1, initial=0.0)
        if not top.any():
            return np.zeros((len(counts), KINDS - 1, CLASSES))
        seconds = membership(counts)
        relative = amplitudes / np.maximum(top, np.float32(1e-9))[:, None]
        pitches = 12.0 * np.log2(partials.frequencies) + SEMITONES_OF_1_HZ
        turns = np.float32(2.0 * np.pi) * (pitches - np.rint(pitches))
        cosines, sines = relative * np.cos(turns), relative * np.sin(turns)
        tunings = self._tune(seconds @ cosines.sum(axis=1), seconds @ sines.sum(axis=1))
        tuning = np.repeat(tunings, counts)[:, None].astype(np.float32)
        angle = np.float32(2.0 * np.pi) * tuning
        # half of 1 + cos(turns − angle) follows: cos² of half the way off
        weights = np.maximum(0.5 * (relative + np.cos(angle) * cosines + np.sin(angle) * sines), 0.0)
        notes = np.rint(pitches - tuning).astype(np.int64)
        cells = notes % CLASSES + CLASSES * np.arange(len(notes))[:, None]
        folded: Frames = np.bincount(cells.ravel(), weights.ravel(), CLASSES * len(notes)).astype(np.float64)
        tones = (seconds @ _tones(folded.reshape(-1, CLASSES))).reshape(-1, KINDS - 1, CLASSES)
        self._sums[:3] += tones.sum(axis=0)
        opening = np.flatnonzero(seconds @ top)[: OPENING - self._seconds]
        self._seconds += len(opening)
        self._sums[3] += tones[opening, 0].sum(axis=0)
        return tones

    def evidence(self) -> NDArray[np.float64]:
        """What the model sees, shape (KINDS, CLASSES): each row has mean 1, less where little is known."""
        rows = self._sums.copy()
        rows[[0, 3]] = np.sqrt(rows[[0, 3]])  # a note twice as strong is not twice as important
        totals = rows.sum(axis=1, keepdims=True)
        totals[1:3] = np.maximum(totals[1:3], FEWEST_TRIADS * self._sums[0].sum())
        shares: NDArray[np.float64] = CLASSES * rows / np.where(totals > 0.0, totals, 1.0)
        return shares

    def probabilities(self) -> NDArray[np.float64]:
        """Of every mode and tonic, shape (2, 12)."""
        evidence = self.evidence()
        scores = np.einsum("mkd,ktd->mt", WEIGHTS, evidence[:, UPWARDS]) + BIAS[:, None]
        scores /= max(1.0, float(evidence[0].max()) / PUREST) ** 2  # unlike all that the model learned from
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())

    def read(self) -> Tonality:
        sums = self._sums[0]
        if not sums.any():
            return Tonality()
        probabilities = self.probabilities()
        mode, key = (int(i) for i in np.unravel_index(probabilities.argmax(), probabilities.shape))
        profile = PROFILES[mode] - PROFILES[mode].mean()
        heard = sums[UPWARDS[key]] - sums.mean()
        norm = float(np.linalg.norm(heard) * np.linalg.norm(profile))
        return Tonality(
            key=key,
            mode=MODES[mode],
            key_confidence=float(probabilities[mode, key]),
            key_clarity=float(heard @ profile) / norm if norm > 0.0 else 0.0,
            chroma=tuple((sums / sums.sum()).tolist()),
        )

    def _tune(self, cosines: NDArray[np.float64], sines: NDArray[np.float64]) -> list[float]:
        """Follow the circular mean, second by second.

        Without a jump by a semitone where two names fit alike.
        """
        tunings = []
        for cosine, sine in zip(cosines.tolist(), sines.tolist(), strict=True):
            self._deviation += complex(cosine, sine)
            heard = cmath.phase(self._deviation) / (2.0 * math.pi)
            nearest = heard + round(self._tuning - heard)
            self._tuning = nearest if abs(nearest) <= FURTHEST else heard
            tunings.append(self._tuning)
        return tunings


def _tones(folded: Frames) -> Frames:
    """Pitch classes of each frame, and how strongly the triads on each root sounded together.

    Shape (frames, 36): classes, major triads, minor triads; from classes of shape (frames, 12).
    """
    strongest = folded.max(axis=1, keepdims=True)
    root = np.cbrt(folded / np.where(strongest > 0.0, strongest, 1.0))
    open_fifth = root * root.take(FIFTH, axis=1)
    major, minor = (open_fifth * root.take(third, axis=1) for third in (MAJOR_THIRD, MINOR_THIRD))
    return np.concatenate((folded, major, minor), axis=1)
