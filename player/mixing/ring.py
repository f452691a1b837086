"""Decoded audio between one decoder thread and the render thread."""

import numpy as np

from player.errors import MixingError
from player.ports.audio import Pcm
from player.units import CHANNELS, Frames


class Ring:
    """Bounded queue of 48 kHz stereo float32 for one producer and one consumer; neither ever waits.

    Each side advances a counter of its own, and only after the samples were copied, so a torn block
    cannot be seen (Lamport, "Proving the Correctness of Multiprocess Programs", 1977).
    Full policy: `write` takes what fits and says how much; the producer keeps the rest.
    """

    def __init__(self, capacity: Frames) -> None:
        if capacity < 1:
            raise MixingError(f"a ring needs room for at least one frame, not {capacity}")
        self.capacity = capacity
        self._samples: Pcm = np.zeros((capacity, CHANNELS), np.float32)
        self._written = 0  # frames ever; advanced by the producer alone
        self._consumed = 0  # frames ever; advanced by the consumer alone
        self._ended = False

    @property
    def level(self) -> int:
        """Frames that can be read."""
        return self._written - self._consumed

    @property
    def consumed(self) -> int:
        """Frames ever read."""
        return self._consumed

    @property
    def space(self) -> int:
        """Frames that can be written."""
        return self.capacity - self.level

    @property
    def ended(self) -> bool:
        """Nothing more will be written."""
        return self._ended

    @property
    def drained(self) -> bool:
        """The source has ended and everything was read."""
        return self._ended and self.level == 0  # in this order: what precedes `end` is seen

    def write(self, block: Pcm) -> int:
        """Producer: take as many frames of `block`, shape (frames, 2), as fit; returns how many."""
        if block.ndim != 2 or block.shape[1] != CHANNELS:
            raise MixingError(f"a ring takes blocks of shape (frames, {CHANNELS}), not {block.shape}")
        if self._ended:
            raise MixingError("nothing can be written to a ring after its end; attach a new ring")
        count = min(len(block), self.space)
        start = self._written % self.capacity
        first = min(count, self.capacity - start)
        self._samples[start : start + first] = block[:first]
        self._samples[: count - first] = block[first:count]
        self._written += count
        return count

    def read(self, frames: int) -> Pcm:
        """Consumer: up to `frames` frames, as a copy of shape (≤ frames, 2)."""
        block = self.peek(frames)
        self._consumed += len(block)
        return block

    def peek(self, frames: int) -> Pcm:
        """Consumer: what `read` would give, left where it is."""
        count = max(min(frames, self.level), 0)
        start = self._consumed % self.capacity
        first = min(count, self.capacity - start)
        block: Pcm = np.empty((count, CHANNELS), np.float32)
        block[:first] = self._samples[start : start + first]
        block[first:] = self._samples[: count - first]
        return block

    def end(self) -> None:
        """Producer: nothing more will come. Idempotent."""
        self._ended = True
