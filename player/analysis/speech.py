"""Is it spoken word or music? From how levels move, which telephone and studio share."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER
from player.analysis.spectrum import MEL_BANDS, Bands, mel_edges
from player.units import Hertz, Seconds

LOW: Final = Hertz(200.0)  # what a telephone passes, so that bandwidth says nothing
MIDDLE: Final = Hertz(1_200.0)  # above it fricatives, below it vowels
HIGH: Final = Hertz(3_600.0)
WINDOW: Final = 64  # frames, 1.5 s: several syllables
FLOOR: Final = 1e-4  # of a window's mean power: what is softer is background; a tuning constant
GAP_DB: Final = 15.0  # below the mean of the window: between words; a tuning constant
BATCH: Final = 16  # windows
LAG: Final = 8  # frames, 186 ms: a syllable has passed, most notes have not
MODULATION: Final = (1, 3, 5, 9, 15, 32)  # bins of 0.67 Hz: bounds of the modulation bands
BEAT: Final = slice(9, 33)  # frames, 0.2-0.75 s: a beat comes back after as long
RECENT: Final = Seconds(10.0)
LIMIT: Final = 3.0  # deviations beyond which a statistic counts no more: a broken recording
HALF_SURE: Final = Seconds(3.0)  # heard for a confidence of one half; a tuning constant

Statistics = NDArray[np.float64]  # shape (windows, STATISTICS)
STATISTICS: Final = 19


def _centred() -> tuple[slice, slice]:
    centres = mel_edges()[1:-1]
    low, middle, high = np.searchsorted(centres, (LOW, MIDDLE, HIGH)).tolist()
    return slice(low, middle), slice(middle, high)


VOWELS, FRICATIVES = _centred()
SPEECH: Final = slice(VOWELS.start, FRICATIVES.stop)
NOTHING: Final = np.empty((0, MEL_BANDS), dtype=np.float32)
HANN: Final = np.hanning(WINDOW + 1)[:WINDOW].astype(np.float32)


def statistics(windows: Bands) -> Statistics:
    """What tells speech from music in windows of shape (n, WINDOW, MEL_BANDS); independent of level.

    Scheirer and Slaney 1997: share of soft frames, energy of the modulation around 4 Hz, variance of the
    spectral flux. Besides: how deep and how often the level falls, whether vowels and fricatives take turns,
    whether the spectrum has changed after a syllable, and whether the level repeats itself as a beat does.
    """
    bands = windows[:, :, SPEECH]
    power = bands.sum(axis=2)
    mean = power.mean(axis=1, keepdims=True)
    level = _decibels(power, mean)
    vowels = _decibels(windows[:, :, VOWELS].sum(axis=2), mean)
    fricatives = _decibels(windows[:, :, FRICATIVES].sum(axis=2), mean)
    each = _decibels(bands, mean[:, :, None] / bands.shape[2])
    ordered = np.sort(level, axis=1)
    p10, p50, p90 = ordered[:, 6], ordered[:, 32], ordered[:, 57]
    gaps = level < -GAP_DB
    tilt = fricatives - vowels
    change = np.abs(each[:, 1:] - each[:, :-1]).mean(axis=2)
    later = np.abs(each[:, LAG:] - each[:, :-LAG]).mean(axis=2)
    moving = (level - level.mean(axis=1, keepdims=True)) * HANN
    spectra = np.abs(np.fft.rfft(moving, 2 * WINDOW, axis=1)) ** 2
    echo = np.fft.irfft(spectra, axis=1)
    beat = echo[:, BEAT].max(axis=1) / (echo[:, 0] + 1.0)
    spectra = spectra[:, 2::2]  # as without the padding
    modulation = np.add.reduceat(spectra, np.array(MODULATION[:-1]) - 1, axis=1)
    modulation = np.log10(modulation / (modulation.sum(axis=1, keepdims=True) + 1e-3) + 1e-3)
    apart = vowels - vowels.mean(axis=1, keepdims=True)
    against = fricatives - fricatives.mean(axis=1, keepdims=True)
    together = (apart * against).mean(axis=1)
    single = (
        level.std(axis=1),
        (power < 0.25 * mean).mean(axis=1),
        p90 - p50,
        p50 - p10,
        gaps.mean(axis=1),
        (gaps[:, 1:] != gaps[:, :-1]).mean(axis=1),
        tilt.std(axis=1),
        np.abs(tilt[:, 1:] - tilt[:, :-1]).mean(axis=1),
        together / (apart.std(axis=1) * against.std(axis=1) + 1.0),
        change.mean(axis=1),
        change.std(axis=1),
        later.mean(axis=1),
        later.std(axis=1),
        beat,
    )
    return np.concatenate((np.stack(single, axis=1), modulation), axis=1, dtype=np.float64)


def _decibels(power: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(10.0 * np.log10(power / mean + np.float32(FLOOR)))


# Fitted by `python -m tests.evaluate.speech --fit`, version 1: logistic regression on means over 10 s of
# seven recorded voices in five languages (213 minutes, some at two bandwidths), 20 languages of espeak-ng
# and the 320 recordings of Emotify's development part, each also band-limited to 4 kHz, with noise, and
# compressed. By voice and genre left out: AUC 0.991 on 10 s.
# fmt: off
CENTRE: Final = np.array([
    7.4038, 0.2656, 6.554, 12.6214, 0.1344, 0.0607, 6.193, 3.045, 0.5292, 4.0587,
    2.624, 8.8671, 4.0211, 0.2409, -0.6255, -0.8679, -0.7671, -1.0049, -1.1364,
])
SCALE: Final = np.array([
    4.7433, 0.1957, 4.0612, 9.3632, 0.1487, 0.0655, 2.8648, 1.3236, 0.2433, 1.7036,
    1.6544, 4.1703, 2.4232, 0.0692, 0.2608, 0.1929, 0.2128, 0.2455, 0.2731,
])
WEIGHTS: Final = np.array([
    1.1745, -0.0847, -0.2752, 1.7965, 0.5189, 0.1946, 0.9777, 0.7949, 0.2624, 0.7194,
    -0.7578, 0.9253, -0.9603, -0.7524, -0.0424, -0.3634, 0.6225, -0.5283, -0.2304,
])
# fmt: on
BIAS: Final = -1.7459


def probability(mean: NDArray[np.float64]) -> float:
    """From the mean of the statistics over the windows heard."""
    logit = float(np.clip((mean - CENTRE) / SCALE, -LIMIT, LIMIT) @ WEIGHTS) + BIAS
    return float(1.0 / (1.0 + np.exp(-logit)))


class SpeechMeter:
    """Takes bands as `SpectrumAnalyzer` makes them, in any number of frames at once."""

    def __init__(self, frame_rate: float) -> None:
        """frame_rate: Hz, about 43."""
        self._seconds = WINDOW / frame_rate
        self._sum = np.zeros(STATISTICS)
        self._count = 0
        self._recent: deque[NDArray[np.float64]] = deque(maxlen=max(1, round(RECENT / self._seconds)))
        self._rest: Bands = NOTHING
        self._waiting: list[Bands] = []

    def push(self, bands: Bands) -> None:
        """bands: shape (frames, MEL_BANDS), mean squares."""
        joined = np.concatenate((self._rest, bands))
        count = len(joined) // WINDOW
        self._rest = joined[count * WINDOW :]
        windows = joined[: count * WINDOW].reshape(count, WINDOW, MEL_BANDS)
        sounding = windows[:, :, SPEECH].sum(axis=2).mean(axis=1) > SILENT_POWER
        self._waiting += list(windows[sounding])
        if len(self._waiting) >= BATCH:
            self._measure()

    def _measure(self) -> None:
        """Windows are measured by the batch, which costs a third, or when somebody asks."""
        if self._waiting:
            for row in statistics(np.stack(self._waiting)):
                self._sum += row
                self._recent.append(row)
                self._count += 1
            self._waiting.clear()

    def splice(self) -> None:
        """What follows did not follow in the recording: no window reaches across."""
        self._rest = NOTHING

    def read(self) -> tuple[float | None, float]:
        """Probability that it is spoken word, not music, and how sure that is (0-1); None: nothing heard."""
        self._measure()
        if not self._count:
            return None, 0.0
        return probability(self._sum / self._count), self._sure(self._count)

    def recent(self, lasting: Seconds = RECENT) -> tuple[float | None, float]:
        """The same of the last seconds, at most ten, that were not silent: an advert in a stream of music."""
        self._measure()
        rows = list(self._recent)[-max(1, round(lasting / self._seconds)) :]
        if not rows:
            return None, 0.0
        return probability(np.mean(rows, axis=0)), self._sure(len(rows))

    def _sure(self, windows: int) -> float:
        heard = windows * self._seconds
        return heard / (heard + HALF_SURE)
