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

from player.room.frames import BLOCK, BLOCKS, CHUNK, RATE, Mono, Power, mean_squares, powers
from player.units import Seconds

Spectrum = NDArray[np.complex64]  # shape (bins,), or (partitions, bins)
Bins = NDArray[np.float32]  # shape (bins,)

FRAME: Final = 640  # samples, 40 ms: of the filter alone, which costs less the longer they are; tuning
FRAMES: Final = CHUNK // FRAME
FRAME_S: Final = Seconds(FRAME / RATE)
BINS: Final = FRAME + 1
PARTITIONS: Final = 7  # 280 ms of the room; tuning
TINY: Final = np.float32(1e-10)  # power of a bin: far below any microphone's noise
LEAST_LEAK: Final = 0.005  # Valin 2007
FASTEST_LEAK: Final = 0.5 * FRAME_S  # the same
LEAK_PACE: Final = 2.0 * FRAME_S  # the same
MOST_STEP: Final = 0.5  # the same
FLAT: Final = 1e-3  # of the mean power is added to each bin: no step where nothing was played; tuning
OVER: Final = 2.0  # how much more than the estimated rest of the echo is taken away; tuning
HOLD: Final = 0.85  # per block: so long an estimated echo stays, as rooms do; tuning
WORSE: Final = 8  # frames, a third of a second


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One chunk without the player's part; the last five of shape (BLOCKS,), a number for each block."""

    residual: Mono  # time domain, after the filter alone
    power: Power  # after both stages, mean square of each bin
    before: NDArray[np.float32]  # mean square of the microphone's block
    after: NDArray[np.float32]  # of the residual
    echo: NDArray[np.float32]  # of the echo that was found, before it was taken away
    purity: NDArray[
        np.float32
    ]  # 0-1: share of the residual's power that is not an estimated rest of the echo


def untouched(heard: Mono) -> Cleaned:
    """Where there is nothing to take away."""
    loud = mean_squares(heard)
    none = np.zeros(BLOCKS, np.float32)
    power = powers(heard) / np.float32(BLOCK)
    return Cleaned(heard, power, before=loud, after=loud, echo=none, purity=none + np.float32(1.0))


class EchoFilter:
    """Takes pairs of aligned chunks: what was played, and what the microphone heard."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The room, or the delay, is another one."""
        self._spectra: Spectrum = np.zeros((PARTITIONS - 1 + FRAMES, BINS), np.complex64)  # oldest first
        self._last: Mono = np.zeros(FRAME, np.float32)
        self._rest: Bins = np.zeros(BLOCK + 1, np.float32)
        self._forget()

    def _forget(self) -> None:
        self._weights: Spectrum = np.zeros((PARTITIONS, BINS), np.complex64)  # of the oldest first
        self._usual_error: Bins = np.zeros(BINS, np.float32)
        self._usual_echo: Bins = np.zeros(BINS, np.float32)
        self._cross, self._square = 1.0, 1.0
        self._learned, self._adapted = 0.0, False
        self._worse, self._turn = 0, 0

    def process(self, played: Mono, heard: Mono) -> Cleaned:
        """Both of shape (CHUNK,)."""
        self._remember(played)
        loud = mean_squares(played, FRAME) * np.float32(FRAME * FRAME)
        power = self._power()
        residual, echo = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
        leaks = np.empty(CHUNK, np.float32)
        for frame in range(FRAMES):
            part = slice(frame * FRAME, (frame + 1) * FRAME)
            spectra = self._spectra[frame : frame + PARTITIONS]
            echo[part] = np.fft.irfft(np.einsum("pb,pb->b", self._weights, spectra))[FRAME:]
            residual[part] = heard[part] - echo[part]
            leaks[part] = self._adapt(spectra, power[frame], residual[part], echo[part], float(loud[frame]))
            self._watch(heard[part], residual[part])
        errors, echoes = powers(residual), powers(echo)
        rest = self._rests(leaks[BLOCK // 2 :: BLOCK, None] * echoes)
        clean: Power = np.maximum(errors - np.float32(OVER) * rest, np.float32(0.0))
        return Cleaned(
            residual=residual,
            power=clean / np.float32(BLOCK),
            before=mean_squares(heard),
            after=mean_squares(residual),
            echo=mean_squares(echo),
            purity=clean.sum(axis=1) / (errors.sum(axis=1) + TINY),
        )

    # --- inside -----------------------------------------------------------------------------------------

    def _remember(self, played: Mono) -> None:
        parts = np.concatenate((self._last, played))
        self._last = played[-FRAME:]
        pairs = np.lib.stride_tricks.sliding_window_view(parts, 2 * FRAME)[::FRAME]
        self._spectra[: PARTITIONS - 1] = self._spectra[FRAMES:].copy()
        self._spectra[PARTITIONS - 1 :] = np.fft.rfft(pairs)

    def _power(self) -> NDArray[np.float32]:
        """What each frame's step is divided by: the power played in all partitions, shape (FRAMES, BINS)."""
        each = np.square(self._spectra.real) + np.square(self._spectra.imag)
        running = np.cumsum(each, axis=0, dtype=np.float64)
        running[PARTITIONS:] -= running[:-PARTITIONS].copy()
        summed = running[PARTITIONS - 1 :].astype(np.float32)
        # An error leaks from a loud bin into its quiet neighbours: no great step there.
        smooth = summed.copy()
        smooth[:, 1:-1] += summed[:, :-2] + summed[:, 2:]
        smooth[:, 1:-1] /= np.float32(3.0)
        np.maximum(summed, smooth, out=smooth)
        smooth += np.float32(FLAT) * summed.mean(axis=1, keepdims=True) + TINY
        return smooth

    def _rests(self, found: Power) -> Power:
        """What each block's echo leaves, with the tail of those before."""
        rest = self._rest
        for block in found:
            rest = np.maximum(np.float32(HOLD) * rest, block, out=block)
        self._rest = rest.copy()
        return found

    def _watch(self, heard: Mono, residual: Mono) -> None:
        """A filter that makes it worse for a third of a second begins anew."""
        worse = np.dot(residual, residual) > 2.0 * np.dot(heard, heard) + TINY * FRAME
        self._worse = self._worse + 1 if worse else 0
        if self._worse >= WORSE:
            self._forget()

    def _adapt(self, spectra: Spectrum, power: Bins, residual: Mono, echo: Mono, loud: float) -> float:
        """Learn from one frame; the share of the echo that is left in it, as far as is known."""
        padded = np.zeros((2, 2 * FRAME), np.float32)
        padded[0, FRAME:], padded[1, FRAME:] = residual, echo
        both = np.fft.rfft(padded)
        errors, echoes = np.square(both.real) + np.square(both.imag)
        total, found = float(errors.sum()), float(echoes.sum())
        leak = self._leak(errors, echoes, total, found)
        if loud <= BINS * TINY or total <= 0.0:
            return leak
        if self._adapted:
            ratio = min((1e-4 * loud + 3.0 * leak * found) / total, MOST_STEP)
            step = np.minimum(np.float32(leak) * echoes, np.float32(MOST_STEP) * errors)
            step *= np.float32(0.7)
            step += np.float32(0.3 * ratio) * errors
            step /= (errors + TINY) * power
        else:
            rate = min(0.25 * loud / total, 0.25)
            step = np.float32(rate) / power
            self._learned += rate
            self._adapted = self._learned > PARTITIONS and found > 0.0
        self._weights += np.conj(spectra) * (step * both[0])
        self._constrain()
        return leak

    def _constrain(self) -> None:
        """A response is as long as its partition: one of the older in turn each frame, the newest always.

        The alternate constraint of Soo & Pang 1990: what is left of the others wraps around for some frames.
        """
        self._turn = (self._turn + 1) % (PARTITIONS - 1)
        some = [self._turn, PARTITIONS - 1]
        response = np.fft.irfft(self._weights[some])
        response[:, FRAME:] = 0.0
        self._weights[some] = np.fft.rfft(response)

    def _leak(self, errors: Bins, echoes: Bins, total: float, found: float) -> float:
        """How much of the echo is left: regression of the changes of both powers (Valin 2007, eq. 16-18)."""
        error, echo = errors - self._usual_error, echoes - self._usual_echo
        self._usual_error += np.float32(FRAME_S) * error
        self._usual_echo += np.float32(FRAME_S) * echo
        square = float(np.dot(echo, echo)) ** 0.5
        cross = float(np.dot(error, echo)) / (square + float(TINY))
        share = min(LEAK_PACE * found / (total + float(TINY)), FASTEST_LEAK)
        if square > BINS * float(TINY):
            self._square += share * (square - self._square)
            self._cross += share * (cross - self._cross)
        self._square = max(self._square, float(TINY))
        self._cross = min(max(self._cross, LEAST_LEAK * self._square), self._square)
        return self._cross / self._square
