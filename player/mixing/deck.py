"""One ring and its gains: what a deck gives to the programme."""

from typing import Final

import numpy as np

from player.mixing.gain import Gain, Ramp, SwapGain, amplitude
from player.mixing.ring import Ring
from player.ports.audio import Pcm
from player.units import CHANNELS, Decibels, Frames

LOUDEST_SAMPLE: Final = np.float32(4.0)  # +12 dBFS: no decoder of sound music gives more
MEND: Final = 240  # frames, 5 ms, tuning: how long a break in the stream is smoothed

_DECAY: Final = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, MEND + 1) / (MEND + 1))).astype(np.float32)[:, None]


class Deck:
    """A ring being played. Used by the render thread alone."""

    def __init__(self, ring: Ring, gain: Decibels) -> None:
        self.ring = ring
        self.track_gain = Ramp.steady(gain)  # dB
        self.swap: SwapGain | None = None  # None: silent
        self.position = Frames(0)  # frames consumed
        self.underruns = 0
        self.faults = 0  # samples that were NaN or infinite
        self._dry = False  # the last frame was not from the ring
        self._last: Pcm = np.zeros(CHANNELS, np.float32)
        self._residue: Pcm = np.zeros(CHANNELS, np.float32)
        self._mended = MEND  # frames since the last break

    @property
    def exhausted(self) -> bool:
        """The source has ended, all of it was heard, and its last sample has decayed."""
        return self.ring.drained and self._dry and self._mended >= MEND

    def level(self, frame: int) -> float:
        """Swap gain of the last frame rendered, 0-1."""
        return self.swap.at(frame) if self.swap is not None else 0.0

    def gain(self, frame: int, count: int) -> Gain:
        """Track gain times swap gain of an audible deck, linear."""
        swap = self.swap.over(frame, count) if self.swap is not None else 0.0
        return swap * amplitude(self.track_gain.over(frame, count))

    def pull(self, count: int) -> tuple[Pcm, bool]:
        """The next `count` frames, and whether the ring ran short of them before its end.

        Missing frames are silence. Where the stream breaks off or returns, the jump is spread over
        5 ms by a decaying offset, so neither edge clicks.
        """
        ended = self.ring.ended  # before reading: a ring that ends meanwhile has not run short
        block = self.ring.read(count)
        taken = len(block)
        self.position = Frames(self.position + taken)
        self._clean(block)
        if taken < count:
            block = np.concatenate((block, np.zeros((count - taken, CHANNELS), np.float32)))
        self._mend(block[:taken], dry=False)
        self._mend(block[taken:], dry=True)
        short = taken < count and not ended
        return block, short

    def _clean(self, block: Pcm) -> None:
        """NaN and infinity become 0, absurd samples are clipped, so that no sum can overflow."""
        if len(block) and not (block.max() <= LOUDEST_SAMPLE and block.min() >= -LOUDEST_SAMPLE):
            finite = np.isfinite(block)
            self.faults += block.size - int(np.count_nonzero(finite))
            block[~finite] = 0.0
            np.clip(block, -LOUDEST_SAMPLE, LOUDEST_SAMPLE, out=block)

    def _mend(self, run: Pcm, *, dry: bool) -> None:
        if not len(run):
            return
        if dry != self._dry:
            self._dry, self._mended = dry, 0
            self._residue = self._last - run[0]
        left = min(MEND - self._mended, len(run))
        if left:
            run[:left] += self._residue * _DECAY[self._mended : self._mended + left]
            self._mended += left
        self._last = run[-1].copy()
