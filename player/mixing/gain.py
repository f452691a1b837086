"""Every gain that changes with time, as a closed form of the frame number.

So any partition into blocks gives the same gains, and a change that interrupts another one starts
from the value that is heard.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.errors import MixingError
from player.units import (
    SAMPLE_RATE,
    SILENCE_DB,
    Decibels,
    Frames,
    Seconds,
    db_to_amplitude,
    seconds_to_frames,
)

Gain = float | NDArray[np.float64]  # one for all frames of a span, or one for each, shape (frames,)

SHORTEST_FADE: Final = Frames(480)  # 10 ms, tuning: a fade asked for as 0 s still makes no click
LONGEST_FADE: Final = Seconds(60.0)
RISE: Final = 2.0  # dB/s, DESIGN 5: what a volume may rise while it is heard
FALL: Final = 40.0  # dB/s, tuning: quick, and still without a click
FLOOR_DB: Final = Decibels(-60.0)  # tuning: programme gain below which nothing is heard in a room
FULLY_IN: Final = math.pi / 2
NEARLY_IN: Final = 1e-5  # cos θ below which a swap is as good as over (-100 dB)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Piecewise linear in the number of frames rendered: `values` at `frames`, constant outside.

    The first frame of a span that starts at n has the value of n + 1: a change is in the very next
    frame, and the last frame of a ramp has exactly its final value.
    """

    frames: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def steady(cls, value: float) -> "Ramp":
        return cls((0,), (value,))

    @classmethod
    def line(cls, start: int, begin: float, end: float, length: int) -> "Ramp":
        return cls((start, start + length), (begin, end))

    def at(self, frame: int) -> float:
        """The value of the frame before `frame`, the last one rendered."""
        return float(np.interp(frame, self.frames, self.values))

    def over(self, start: int, count: int) -> Gain:
        """Values of the `count` frames from `start`; the span must not pass the end of the ramp."""
        if self.left(start) == 0:
            return self.values[-1]
        values: NDArray[np.float64] = np.interp(
            np.arange(start + 1, start + count + 1), self.frames, self.values
        )
        return values

    def left(self, frame: int) -> int:
        """Frames until the ramp is over, 0 when it is."""
        return max(self.frames[-1] - frame, 0)


@dataclass(frozen=True, slots=True)
class SwapGain:
    """One deck's part of an equal-power swap; `angle` θ goes from θ0 to π/2.

    The entering deck has sin θ. A leaving deck has `scale` · cos θ with scale = g0 / cos θ0. With
    sin θ0 the entering deck's gain at the start, Σ g² = 1 stays 1 (sin² + cos² = 1), however often
    a swap is interrupted.
    """

    angle: Ramp
    entering: bool
    scale: float = 1.0

    def at(self, frame: int) -> float:
        angle = self.angle.at(frame)
        return math.sin(angle) if self.entering else self.scale * math.cos(angle)

    def over(self, start: int, count: int) -> Gain:
        angle = self.angle.over(start, count)
        if isinstance(angle, float):
            return math.sin(angle) if self.entering else self.scale * math.cos(angle)
        shape: NDArray[np.float64] = np.sin(angle) if self.entering else self.scale * np.cos(angle)
        return shape


def fade_frames(fade: Seconds) -> int:
    """Frames of a fade. Raises `MixingError` unless 0 ≤ fade ≤ 60 s."""
    if not 0.0 <= fade <= LONGEST_FADE:
        raise MixingError(f"a fade lasts 0 to {LONGEST_FADE:.0f} s, not {fade} s")
    return max(seconds_to_frames(fade), SHORTEST_FADE)


def slew(start: int, present: float, target: float, rise: float = RISE, fall: float = FALL) -> Ramp:
    """Level in dB from `present` to `target`: down with `fall`, up with `rise` (dB/s).

    Below `FLOOR_DB` a rise is as quick as a fall: it cannot be heard, and 30 s of nothing after a
    mute would be taken for a fault.
    """
    frames, values = [start], [present]
    if target > present:
        steps = [(min(max(present, FLOOR_DB), target), fall), (target, rise)]
    else:
        steps = [(target, fall)]
    for level, rate in steps:
        length = math.ceil(abs(level - values[-1]) / rate * SAMPLE_RATE)
        if length > 0:
            frames.append(frames[-1] + length)
            values.append(level)
    return Ramp(tuple(frames), tuple(values))


def raised_cosine(phase: Gain) -> Gain:
    """Gate phase 0-1 to gain 0-1: ½ (1 - cos π p), no corner where the sound begins or ends."""
    if isinstance(phase, float):
        return 0.5 - 0.5 * math.cos(math.pi * phase)
    shape: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * phase)
    return shape


def amplitude(level: Gain) -> Gain:
    """dB to linear gain; `SILENCE_DB` and below is exactly 0."""
    if isinstance(level, float):
        return db_to_amplitude(level)
    linear: NDArray[np.float64] = np.where(level <= SILENCE_DB, 0.0, np.exp(level * (math.log(10.0) / 20.0)))
    return linear
