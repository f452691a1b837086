"""From tracked pulses to beats and downbeats."""

from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.beats import Pulse
from player.units import Seconds

MULTIPLES: Final = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0, 3.0)  # of the tracked tempo
BARS: Final = (4, 3)  # beats
WALTZ: Final = 0.15  # by how much three must be clearer than four, which is commoner; a tuning constant
BASS_WEIGHT: Final = 1.0  # of a bass accent beside one of all bands; a tuning constant
BEATS_FOR_BARS: Final = 12


class Beat(Struct, frozen=True):
    at: Seconds  # since the first frame that was pushed
    downbeat: bool


def at_level(pulses: Sequence[Pulse], tempo: float | None, rate: float) -> tuple[Beat, ...]:
    """The beats of `tempo` (BPM) among, or between, the tracked pulses."""
    if tempo is None or len(pulses) < 2:
        return ()
    frames = np.array([pulse.frame for pulse in pulses])
    accents = np.array([pulse.strength + BASS_WEIGHT * pulse.bass for pulse in pulses])
    tracked = 60.0 * rate / median(np.diff(frames).tolist())
    multiple = min(MULTIPLES, key=lambda each: abs(np.log(each * tracked / tempo)))
    stride = 1.0 / multiple
    phase = _phase(accents, round(stride)) if stride > 1.0 and stride != 1.5 else 0
    index = np.arange(float(phase), len(frames) - 1 + 1e-6, stride)
    places = np.arange(len(frames))
    times = np.interp(index, places, frames) / rate
    downbeats = _downbeats(np.interp(index, places, accents))
    return tuple(Beat(Seconds(float(at)), bool(down)) for at, down in zip(times, downbeats, strict=True))


def _phase(accents: NDArray[np.float64], stride: int) -> int:
    return int(np.argmax([accents[start::stride].mean() for start in range(min(stride, len(accents)))]))


def _downbeats(accents: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the bar that is most regularly accented begins; none before a few bars are known."""
    found = np.zeros(len(accents), dtype=bool)
    if len(accents) < BEATS_FOR_BARS:
        return found
    best, bar, phase = -np.inf, 0, 0
    for length in BARS:
        for start in range(length):
            contrast = float(accents[start::length].mean() - accents.mean())
            contrast -= WALTZ if length == 3 else 0.0
            if contrast > best:
                best, bar, phase = contrast, length, start
    found[phase::bar] = True
    return found
