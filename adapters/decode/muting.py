"""Silence where a decoder lost its way."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import Seconds

LOUDEST: Final = 4.0  # +12 dBFS, where a deck clips: no decoder of sound music gives more
# samples on both sides, two frames of the longest codec: of some loud frames only the worst is absurd
AROUND: Final = 4_096
RAMP: Final = 256  # samples from silence to sound: a hole with hard edges clicks
ENOUGH: Final = Seconds(10.0)  # after which a file can be told that is absurd more often than not
ABSURD: Final = "is absurdly loud more often than not (beyond +12 dBFS): convert it anew, or replace it."


def muted(blocks: Iterable[Pcm], uri: str, rate: int) -> Iterator[Pcm]:
    """The blocks, with silence for what is no number and around what is absurdly loud, wherever they are cut.

    Each waits for the next one. Raises `DecodeError` when most of it is absurd, and what `blocks` raises.
    """
    held: Pcm | None = None
    wild = _NOWHERE
    since = math.inf  # samples from the newest absurd one before `held` to its first
    heard = silenced = 0

    def passed(block: Pcm, ahead: float) -> Pcm:
        nonlocal heard, silenced
        given, count = _mute(block, wild, since, len(block) + ahead)
        heard, silenced = heard + len(block), silenced + count
        if silenced > 0.5 * heard and heard >= ENOUGH * rate:
            raise DecodeError(uri, ABSURD)
        return given

    try:
        for block in blocks:
            numbers, found = _examined(block)
            if held is not None:
                yield passed(held, float(found[0]) if len(found) else math.inf)
                since = len(held) - float(wild[-1]) if len(wild) else since + len(held)
            held, wild = numbers, found
    except DecodeError:
        if held is not None:  # music up to the break
            yield passed(held, math.inf)
        raise
    if held is not None:
        last = passed(held, math.inf)
        if silenced > 0.5 * heard:
            raise DecodeError(uri, ABSURD)
        yield last


_NOWHERE: Final = np.empty(0, np.intp)


def _examined(block: Pcm) -> tuple[Pcm, NDArray[np.intp]]:
    """The block in numbers, and where it is absurd."""
    if not len(block) or (block.max() <= LOUDEST and block.min() >= -LOUDEST):  # False for NaN
        return block, _NOWHERE
    numbers = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
    return numbers, np.flatnonzero((np.abs(numbers) > LOUDEST).any(axis=1))


def _mute(block: Pcm, wild: NDArray[np.intp], since: float, ahead: float) -> tuple[Pcm, int]:
    """The block, and how many of its samples are softer; since, ahead: see `muted`."""
    reach = AROUND + RAMP
    if not len(wild) and since > reach and ahead - len(block) > reach:
        return block, 0
    marks = np.concatenate(((-since,), wild, (ahead,)))
    at = np.arange(len(block))
    after = np.searchsorted(marks, at, side="right")
    nearest = np.minimum(at - marks[after - 1], marks[np.minimum(after, len(marks) - 1)] - at)
    gain = np.clip((nearest - AROUND) / RAMP, 0.0, 1.0).astype(np.float32)
    return np.asarray(block * gain[:, None], dtype=np.float32), int(np.count_nonzero(gain < 1.0))
