"""The programme for one person's ears: mono, balance, a little more treble; never louder."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.errors import MixingError
from player.model import Shape
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Decibels, Frames, Hertz

Kernel = NDArray[np.float32]  # shape (out, in, TAPS)

MOST_TREBLE: Final = Decibels(6.0)
# Hearing falls with age, and falls the more the higher the frequency, most of all from 2 kHz on (ISO
# 7029:2000); a hearing aid gives back about half of a loss (Lybarger 1944). This stays far below that.
SHELF_HZ: Final = Hertz(2_000.0)  # half of the lift (dB) is reached here; tuning
SHELF_Q: Final = 0.7  # tuning: about the steepest without an overshoot
TAPS: Final = 128  # the response of the shelf has fallen below -100 dB
BLEND: Final = Frames(SAMPLE_RATE // 2)  # tuning: from one shape to another


class Hearing:
    """Linear and without delay: y = Σ kernel · x. Blocks of any size give the same frames.

    At no frequency does the kernel amplify: treble is lifted by lowering the rest, mono is the mean of both
    sides, balance lowers one side. So loudness never grows, and the ceiling of the volume stays one. A
    new shape blends in over `BLEND`, from whatever is heard then: a mean of two kernels, which is one again.
    """

    def __init__(self) -> None:
        self._before = self._after = kernel(Shape())
        self._left = 0  # frames of the blend
        self._past: Pcm = np.zeros((TAPS - 1, CHANNELS), np.float32)

    def shape(self, shape: Shape, *, heard: bool) -> None:
        """From the next frame on; at once while nothing is heard. Raises `MixingError`."""
        after = kernel(shape)
        if self._left:
            share = np.float32(self._left / BLEND)
            self._before = share * self._before + (np.float32(1.0) - share) * self._after
        else:
            self._before = self._after
        self._after = after
        self._left = int(BLEND) if heard and not np.array_equal(self._before, after) else 0

    def process(self, block: Pcm) -> Pcm:
        """Shape (frames, 2), finite, to the same shape; the block itself where nothing is to be done."""
        if not len(block):
            return block
        heard = np.concatenate((self._past, block))
        self._past = heard[-(TAPS - 1) :].copy()
        blended = min(self._left, len(block))
        self._left -= blended
        output = _apply(self._after, heard, block)
        if blended:
            first = heard[: TAPS - 1 + blended]
            left = np.arange(self._left + blended - 1, self._left - 1, -1, dtype=np.float32)[:, None]
            share = left / np.float32(BLEND)
            before = _apply(self._before, first, block[:blended])
            mixed = share * before + (np.float32(1.0) - share) * output[:blended]
            output = np.concatenate((mixed, output[blended:]))
        return output


def kernel(shape: Shape) -> Kernel:
    """Raises `MixingError` for what is not a shape."""
    if not (-1.0 <= shape.balance <= 1.0 and 0.0 <= shape.treble <= MOST_TREBLE):
        raise MixingError(f"{shape}: balance is -1 to 1, treble 0 to {MOST_TREBLE:.0f} dB")
    sides = np.full((2, 2), 0.5) if shape.mono else np.eye(2)
    kept = np.array([min(1.0, 1.0 - shape.balance), min(1.0, 1.0 + shape.balance)])
    shaped: Kernel = ((kept[:, None] * sides)[:, :, None] * _shelf(shape.treble)).astype(np.float32)
    return shaped


def _shelf(treble: Decibels) -> NDArray[np.float64]:
    """Impulse response of a high shelf (Bristow-Johnson, Audio EQ Cookbook), its largest gain made 1."""
    response = np.zeros(TAPS)
    if not treble:
        response[0] = 1.0
        return response
    a, w = 10.0 ** (treble / 40.0), 2.0 * math.pi * SHELF_HZ / SAMPLE_RATE
    cos, alpha = math.cos(w), math.sin(w) / (2.0 * SHELF_Q)
    root = 2.0 * math.sqrt(a) * alpha
    b = (
        a * (a + 1 + (a - 1) * cos + root),
        -2 * a * (a - 1 + (a + 1) * cos),
        a * (a + 1 + (a - 1) * cos - root),
    )
    a0, a1, a2 = a + 1 - (a - 1) * cos + root, 2 * (a - 1 - (a + 1) * cos), a + 1 - (a - 1) * cos - root
    for n in range(TAPS):
        x = b[n] if n < 3 else 0.0
        response[n] = (
            x - a1 * (response[n - 1] if n else 0.0) - a2 * (response[n - 2] if n > 1 else 0.0)
        ) / a0
    response /= np.abs(np.fft.rfft(response, 64 * TAPS)).max()
    return response


def _apply(kernels: Kernel, heard: Pcm, block: Pcm) -> Pcm:
    """heard: the block with `TAPS` − 1 frames before it."""
    if not kernels[:, :, 1:].any():  # no treble: gains alone
        gains = kernels[:, :, 0]
        if np.array_equal(gains, np.eye(2, dtype=np.float32)):
            return block
        return np.stack([block[:, 0] * left + block[:, 1] * right for left, right in gains], axis=1)
    output = np.zeros_like(block)
    for out, row in enumerate(kernels):
        for side, taps in enumerate(row):
            if taps.any():
                output[:, out] += np.convolve(heard[:, side], taps, mode="valid")
    return output
