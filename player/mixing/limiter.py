"""Look-ahead true-peak limiter, the last stage before the sound card."""

import math
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Dbtp, Decibels, Frames, db_to_amplitude

CEILING_DBTP: Final = Dbtp(-1.0)  # EBU R 128, maximum true peak
CEILING: Final = np.float32(db_to_amplitude(CEILING_DBTP))
MARGIN: Final = Decibels(0.3)  # tuning: what a moving gain and a finite interpolator may miss near 20 kHz
AIM: Final = db_to_amplitude(CEILING_DBTP - MARGIN)

HOP: Final = 48  # frames, 1 ms: one gain value per hop, linear between
ATTACK: Final = 5  # hops: the gain reaches what a peak needs over this time, before the peak
RELEASE: Final = math.exp(-HOP / (0.3 * SAMPLE_RATE))  # per hop; time constant 0.3 s, tuning
AT_REST: Final = 1e-5  # reduction that is as good as none

OVERSAMPLING: Final = 8  # BS.1770-4 asks for at least 4; 8 reads a peak at most 0.17 dB too low
REACH: Final = 12  # samples that the interpolator uses on each side
SPAN: Final = HOP + 2 * REACH - 1  # samples that the peaks between the frames of a hop depend on

_WEIGHTS: Final = np.hanning(ATTACK + 2)[1:-1] / np.hanning(ATTACK + 2).sum()
_WITHIN_HOP: Final = np.arange(HOP) / HOP


def _interpolator() -> NDArray[np.float32]:
    """From a hop's samples to the points between them, shape (SPAN, HOP · (OVERSAMPLING - 1)).

    Kaiser-windowed sinc; β = 4.55 gives 50 dB and a passband to 21 kHz with 24 taps (Kaiser 1974).
    """
    taps = np.arange(2 * REACH)
    matrix = np.zeros((SPAN, HOP, OVERSAMPLING - 1), np.float32)
    for phase in range(1, OVERSAMPLING):
        distance = taps - (REACH - 1) - phase / OVERSAMPLING
        response = np.sinc(distance) * np.i0(4.55 * np.sqrt(1.0 - (distance / REACH) ** 2))
        response /= response.sum()
        for frame in range(HOP):
            matrix[frame : frame + 2 * REACH, frame, phase - 1] = response
    return matrix.reshape(SPAN, -1)


_INTERPOLATOR: Final = _interpolator()
OVERSHOOT: Final = float(np.abs(_INTERPOLATOR).sum(axis=0).max())  # largest true peak of samples within ±1


class Limiter:
    """Keeps the true peak at `CEILING`; the output is the input `latency` frames later, times a gain ≤ 1.

    For hop k with true peak P_k the reduction is r_k = 1 - min(1, `AIM` / P_k). The gain at a hop's
    boundary is one minus a Hann-weighted mean of the last `ATTACK` values of e, where e holds the
    largest r within reach of the look-ahead and decays exponentially. Every e in that mean is at
    least r_k, and so is the mean. Hops lie at absolute frames: blocks of any size give the same.

    The sample peak is strict; the true peak of content up to 20 kHz passes the ceiling by at most 0.1 dB.
    """

    latency: Final = Frames(HOP * (ATTACK + 1) + REACH)

    def __init__(self) -> None:
        self._ahead: Pcm = np.zeros((self.latency, CHANNELS), np.float32)
        self._frame = 0  # of the next output frame; `_ahead` begins there
        self._reductions = np.zeros(ATTACK)  # r of the hops after that frame's, oldest first
        self._held = np.zeros(ATTACK + 1)  # e, up to the boundary after that frame's hop

    def process(self, block: Pcm) -> Pcm:
        """`block`, shape (frames, 2) and finite, to as many frames with |x| ≤ `CEILING`."""
        count = len(block)
        samples = np.concatenate((self._ahead, block))
        reductions = np.concatenate((self._reductions, self._detect(samples, count)))
        output = samples[:count]
        if reductions.any() or self._held.any():
            held = self._hold(reductions)
            output *= self._gains(held, count)[:, None]
            np.clip(output, -CEILING, CEILING, out=output)  # strict, whatever the margin
            self._held = held[-(ATTACK + 1) :]
        self._reductions = reductions[-ATTACK:]
        self._ahead = samples[count:].copy()
        self._frame += count
        return output

    def _detect(self, samples: Pcm, count: int) -> NDArray[np.float64]:
        """r of the hops that `count` more frames complete.

        Points between samples are computed only for hops in which they could pass the ceiling:
        for the others r is 0 in any case.
        """
        first = self._frame // HOP + ATTACK + 1
        hops = (self._frame + count) // HOP + ATTACK + 1 - first
        reductions = np.zeros(hops)
        if not hops:
            return reductions
        start = first * HOP - (REACH - 1) - self._frame
        support = samples[start : start + (hops - 1) * HOP + SPAN]
        harmless = AIM / OVERSHOOT
        if support.max() <= harmless and support.min() >= -harmless:
            return reductions
        windows = sliding_window_view(support, SPAN, axis=0)[::HOP]  # (hops, 2, SPAN)
        loud = np.abs(windows).max(axis=(1, 2)) > harmless
        between = np.abs(windows[loud] @ _INTERPOLATOR).max(axis=(1, 2))
        at_samples = np.abs(windows[loud, :, REACH - 1 : REACH - 1 + HOP]).max(axis=(1, 2))
        peaks = np.maximum(between, at_samples).astype(np.float64)
        reductions[loud] = 1.0 - np.minimum(1.0, AIM / peaks)
        return reductions

    def _hold(self, reductions: NDArray[np.float64]) -> NDArray[np.float64]:
        """e: what is kept of it, and one more value for each hop that `reductions` has gained."""
        needs, held = reductions.tolist(), self._held.tolist()
        for hop in range(len(needs) - ATTACK):
            decayed = held[-1] * RELEASE
            held.append(max(*needs[hop : hop + ATTACK + 1], decayed if decayed > AT_REST else 0.0))
        return np.array(held)

    def _gains(self, held: NDArray[np.float64], count: int) -> NDArray[np.float32]:
        """Gain of each of the next `count` frames, shape (count,)."""
        boundaries = 1.0 - np.convolve(held, _WEIGHTS, mode="valid")
        begin, end = boundaries[:-1, None], boundaries[1:, None]
        offset = self._frame % HOP
        gains: NDArray[np.float64] = (begin + (end - begin) * _WITHIN_HOP).ravel()[offset : offset + count]
        return gains.astype(np.float32)
