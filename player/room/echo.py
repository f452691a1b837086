"""The player's own music, taken out of what the microphone hears.

An adaptive filter in partitioned frequency-domain blocks (Soo & Pang 1990, "Multidelay block frequency
domain adaptive filter") with the step of Valin 2007 ("On adjusting the learning rate in frequency domain echo
cancellation with double-talk"), which holds still while somebody speaks. What it leaves is estimated, and
taken away in power, bin by bin.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.room.frames import BINS, BLOCK, BLOCK_S, Mono, Power

Spectrum = NDArray[np.complex64]

PARTITIONS: Final = 16  # 256 ms of the room; tuning
TINY: Final = np.float32(1e-10)  # power of a bin: far below any microphone's noise
LEAST_LEAK: Final = 0.005  # Valin 2007
FASTEST_LEAK: Final = 0.5 * BLOCK_S  # the same
LEAK_PACE: Final = 2.0 * BLOCK_S  # the same
MOST_STEP: Final = 0.5  # the same
FLAT: Final = 1e-3  # of the mean power is added to each bin: no step where nothing was played; tuning
OVER: Final = 2.0  # how much more than the estimated rest of the echo is taken away; tuning
HOLD: Final = 0.85  # per block: so long an estimated echo stays, as rooms do; tuning


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One block without the player's part."""

    residual: Mono  # time domain, after the filter alone
    power: Power  # after both stages, mean square of each bin
    before: float  # mean square of the microphone's block
    after: float  # of the residual
    echo: float  # of the echo that was found, before it was taken away
    purity: float  # 0-1: share of the residual's power that is not an estimated rest of the echo


class EchoFilter:
    """Takes pairs of aligned blocks: what was played, and what the microphone heard."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The room, or the delay, is another one."""
        self._weights: Spectrum = np.zeros((PARTITIONS, BINS), np.complex64)
        self._played: Spectrum = np.zeros((PARTITIONS, BINS), np.complex64)  # newest first
        self._last: Mono = np.zeros(BLOCK, np.float32)
        self._usual_error: Power = np.zeros(BINS, np.float32)
        self._usual_echo: Power = np.zeros(BINS, np.float32)
        self._cross, self._square = 1.0, 1.0
        self._learned, self._adapted = 0.0, False
        self._rest: Power = np.zeros(BINS, np.float32)
        self._worse = 0

    def process(self, played: Mono, heard: Mono) -> Cleaned:
        """Both of shape (BLOCK,)."""
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate((self._last, played)))
        self._last = played
        echo = np.fft.irfft((self._weights * self._played).sum(axis=0))[BLOCK:].astype(np.float32)
        error = heard - echo
        before, after, found = (float(np.mean(np.square(each))) for each in (heard, error, echo))
        self._watch(before, after)
        spectrum, errors = _padded(error)
        _, echoes = _padded(echo)
        leak = self._leak(errors, echoes)
        self._learn(spectrum, errors, echoes, leak, played)
        self._rest = np.maximum(np.float32(HOLD) * self._rest, np.float32(leak) * echoes)
        clean: Power = np.maximum(errors - np.float32(OVER) * self._rest, np.float32(0.0))
        purity = float(clean.sum() / (errors.sum() + TINY))
        return Cleaned(
            residual=error,
            power=clean / np.float32(BLOCK),
            before=before,
            after=after,
            echo=found,
            purity=purity,
        )

    def _watch(self, before: float, after: float) -> None:
        """A filter that makes it worse for a third of a second begins anew."""
        self._worse = self._worse + 1 if after > 2.0 * before + TINY else 0
        if self._worse >= 20:
            played, last = self._played, self._last
            self.reset()
            self._played, self._last = played, last

    def _leak(self, errors: Power, echoes: Power) -> float:
        """How much of the echo is left: regression of the changes of both powers (Valin 2007, eq. 16-18)."""
        error, echo = errors - self._usual_error, echoes - self._usual_echo
        pace = np.float32(BLOCK_S)
        self._usual_error += pace * error
        self._usual_echo += pace * echo
        square = float(np.sqrt(np.dot(echo, echo)))
        cross = float(np.dot(error, echo)) / (square + float(TINY))
        share = min(LEAK_PACE * float(echoes.sum()) / (float(errors.sum()) + float(TINY)), FASTEST_LEAK)
        if square > BINS * float(TINY):
            self._square += share * (square - self._square)
            self._cross += share * (cross - self._cross)
        self._square = max(self._square, float(TINY))
        self._cross = min(max(self._cross, LEAST_LEAK * self._square), self._square)
        return self._cross / self._square

    def _learn(self, spectrum: Spectrum, errors: Power, echoes: Power, leak: float, played: Mono) -> None:
        power: Power = np.square(np.abs(self._played)).sum(axis=0)
        power += np.float32(FLAT) * power.mean() + TINY
        total, echo, loud = float(errors.sum()), float(echoes.sum()), float(np.dot(played, played)) * BLOCK
        if loud <= BINS * float(TINY) or total <= 0.0:
            return
        if self._adapted:
            ratio = min((1e-4 * loud + 3.0 * leak * echo) / total, MOST_STEP)
            step = np.minimum(np.float32(leak) * echoes, np.float32(MOST_STEP) * errors)
            step = np.float32(0.7) * step + np.float32(0.3 * ratio) * errors
            step /= (errors + TINY) * power
        else:
            rate = min(0.25 * loud / total, 0.25)
            step = np.float32(rate) / power
            self._learned += rate
            self._adapted = self._learned > PARTITIONS and echo > 0.0
        response = np.fft.irfft(self._weights + step * np.conj(self._played) * spectrum, axis=1)
        response[:, BLOCK:] = 0.0
        self._weights = np.fft.rfft(response.astype(np.float32), axis=1).astype(np.complex64)


def _padded(block: Mono) -> tuple[Spectrum, Power]:
    spectrum = np.fft.rfft(np.concatenate((np.zeros(BLOCK, np.float32), block))).astype(np.complex64)
    power: Power = np.square(np.abs(spectrum)).astype(np.float32)
    return spectrum, power
