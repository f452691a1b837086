"""The partials of the sound: peaks of a long-window spectrum, shared by roughness and tonality."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER, Framer, Signal, fft_friendly, spectra
from player.units import Hertz, Seconds

WINDOW: Final = Seconds(0.186)  # tells partials 11 Hz apart; shorter ones would leave beating unresolved
SPARSE: Final = 2  # one frame in so many is measured: roughness stays within 1 % (median), keys the same
STRONGEST: Final = 32  # partials kept of a frame; a tuning constant
LOWEST: Final = Hertz(50.0)
HIGHEST: Final = Hertz(5_000.0)
ENOUGH: Final = Hertz(16_000.0)  # rates of at least twice this are halved: what folds below HIGHEST is weak
HALF_BAND: Final = (0.5, 9.0 / 32.0, -1.0 / 32.0)  # taps 0, ±1, ±3 (maximally flat): −28 dB at 17 of 44.1 kHz
REACH: Final = 3  # samples on either side of a tap
NEIGHBOURS: Final = np.arange(3)[:, None, None]
FAINTEST: Final = np.float32(1e-30)  # keeps logarithms and quotients finite


Powers = NDArray[np.float32]  # shape (frames, bins)


class Partials(Struct, frozen=True):
    """Both of shape (sounding frames, STRONGEST); the stronger half of a frame stands last.

    frequencies: Hz. amplitudes: a full-scale sine has 1; 0 where a frame has fewer partials.
    """

    frequencies: NDArray[np.float32]
    amplitudes: NDArray[np.float32]


NOTHING: Final = Partials(np.empty((0, STRONGEST), np.float32), np.empty((0, STRONGEST), np.float32))


class PartialsAnalyzer:
    """Spectral peaks of one frame of 186 ms in every 372 ms, by the parabola through three logarithms.

    Smith & Serra 1987 (PARSHL). Frames without sound (below −70 dBFS) give none.
    """

    def __init__(self, rate: int) -> None:
        """rate: Hz, from 8,000."""
        self._halvings = 0
        while rate / 2 ** (self._halvings + 1) >= ENOUGH:
            self._halvings += 1
        reduced = rate / 2**self._halvings
        size = fft_friendly(WINDOW * reduced)
        span = size
        for _ in range(self._halvings):
            span = 2 * span + 2 * REACH
        self._span = span  # native samples of a frame
        self.splice()
        window = np.hanning(size + 1)[:size]
        self._window = (window * (2.0 * size / window.sum())).astype(np.float32)
        frequencies = np.fft.rfftfreq(size, 1.0 / reduced)
        first, end = (int(i) for i in np.searchsorted(frequencies, (LOWEST, HIGHEST)))
        # a bin more on either side, to see its peaks
        self._band = slice(first - 1, min(end + 1, len(frequencies)))
        self._first = first
        self._spacing = reduced / size
        self._silent = 2.0 * SILENT_POWER * float((self._window**2).sum()) / (4.0 * size)

    def push(self, signal: Signal) -> Partials:
        """signal: mono, shape (samples,). The partials of the frames that it completed."""
        return self.peaks(self.spectra(signal))

    def spectra(self, signal: Signal) -> Powers:
        """The powers around `LOWEST` to `HIGHEST` of the frames that it completed and that sound."""
        frames = self._framer.push(signal)[:, : self._span]
        if not len(frames):
            return np.empty((0, self._band.stop - self._band.start), np.float32)
        for _ in range(self._halvings):
            frames = _halved(frames)
        used = spectra(frames * self._window)[:, self._band]
        powers: Powers = used.real**2 + used.imag**2
        sounding = powers.sum(axis=1) > self._silent
        return powers if sounding.all() else powers[sounding]

    def splice(self) -> None:
        """What comes next does not continue what came before: no frame spans both."""
        self._framer = Framer(SPARSE * self._span, SPARSE * self._span)

    def peaks(self, powers: Powers) -> Partials:
        """Of the spectra of any number of frames: for those of two seconds at once it is twice as fast."""
        if not len(powers):
            return NOTHING
        rising = powers[:, 1:] > powers[:, :-1]
        heights = powers[:, 1:-1] * (rising[:, :-1] & ~rising[:, 1:])
        strongest = np.argpartition(heights, (-STRONGEST, -STRONGEST // 2), axis=1)[:, -STRONGEST:]
        places = strongest + np.arange(0, powers.size, powers.shape[1])[:, None]
        near = np.log(powers.ravel().take(places + NEIGHBOURS) + FAINTEST)
        left, top, right = near
        slope, curvature = right - left, 2.0 * top - left - right
        shift = 0.5 * slope / np.maximum(curvature, FAINTEST)
        shift = np.minimum(np.maximum(shift, np.float32(-0.5)), np.float32(0.5))
        amplitudes = np.exp(0.5 * top + 0.125 * slope * shift)
        rows = np.arange(0, heights.size, heights.shape[1])[:, None]
        amplitudes *= heights.ravel().take(strongest + rows) > 0.0
        frequencies = (strongest + shift + self._first) * self._spacing
        return Partials(frequencies.astype(np.float32), amplitudes)


def _halved(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every second sample behind a half-band filter: of n in a row, n / 2 − REACH."""
    even, odd = frames[:, 0::2], frames[:, 1::2]
    middle, near, far = (np.float32(tap) for tap in HALF_BAND)
    halved: NDArray[np.float32] = (
        middle * odd[:, 1:-2] + near * (even[:, 1:-2] + even[:, 2:-1]) + far * (even[:, :-3] + even[:, 3:])
    )
    return halved
