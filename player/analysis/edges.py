"""Where the music of a track begins and ends, and how it fades: cue points from its loudness alone."""

from typing import Final

import numpy as np
from msgspec import Struct

from player.analysis.loudness import ABSOLUTE_GATE, LOUDEST, OFFSET_DB, STEPS_PER_SECOND, Powers
from player.units import Lu, Lufs, Seconds

SILENT: Final = Lufs(-60.0)
AUDIBLE: Final = Lu(
    -40.0
)  # relative to the loudness of the track: a soft introduction is music; a tuning constant
KEPT_STEPS: Final = 600  # of the first and of the last minute: what lies between cannot be an edge
LASTING_STEPS: Final = 5  # music is audible in most of half a second; a click is not music
FADED: Final = Lu(15.0)  # the least way down (or up) that is called a fade; a tuning constant
EXPLAINED: Final = 0.6  # the least share of the variance that a fade explains; a tuning constant
FADE_STEPS: Final = 400  # a fade and the level that it leads to; what takes over 30 s is a crescendo
SHORTEST_FADE_STEPS: Final = 5
GAP: Final = Lu(15.0)  # what comes softer and steadily after a gap this deep is applause or noise
TAIL_STEPS: Final = 30  # and lasts 3 s
STEADY: Final = Lu(1.5)  # deviation of 100-ms steps from a straight line; applause has about 0.8
SLOW: Final = Lu(3.0)  # fall per second: a chord that rings on falls faster


class Edges(Struct, frozen=True, kw_only=True):
    """Seconds from the beginning of the recording. None: nothing audible, or the end has not come yet."""

    silence: float | None  # share of 100-ms steps below −60 LUFS
    cue_in: Seconds | None
    cue_out: Seconds | None
    fade_in: Seconds | None  # length after the cue-in; 0: begins at its level
    fade_out: Seconds | None  # length before the cue-out


class EdgesMeter:
    """Takes the 100-ms mean squares of `LoudnessMeter.push`; keeps the first and the last minute of them."""

    def __init__(self) -> None:
        self._head: Powers = np.empty(0)
        self._tail: Powers = np.empty(0)
        self._position = 0  # steps since the beginning of the recording
        self._heard = 0
        self._silent = 0
        levels = round(LOUDEST - ABSOLUTE_GATE) + 1
        self._counts = np.zeros(levels, dtype=np.int64)
        self._powers = np.zeros(levels)

    def push(self, steps: Powers) -> None:
        if not len(steps):
            return
        if self._position == self._heard and len(self._head) < KEPT_STEPS:
            self._head = np.concatenate((self._head, steps))[:KEPT_STEPS]
        self._tail = np.concatenate((self._tail, steps))[-KEPT_STEPS:]
        self._position += len(steps)
        self._heard += len(steps)
        levels = _levels(steps)
        self._silent += int(np.count_nonzero(levels < SILENT))
        bins = np.clip(levels - ABSOLUTE_GATE, 0, len(self._counts) - 1).astype(np.intp)
        self._counts += np.bincount(bins, minlength=len(self._counts))
        self._powers += np.bincount(bins, weights=steps, minlength=len(self._counts))

    def splice(self, skipped: Seconds) -> None:
        """`skipped` seconds of the recording were left out: what follows is later by as much."""
        self._position += round(skipped * STEPS_PER_SECOND)
        self._tail = np.empty(0)

    def read(self) -> Edges:
        """While the end has not come."""
        return self._edges(ended=False)

    def finish(self) -> Edges:
        """After the last step."""
        return self._edges(ended=True)

    def _edges(self, *, ended: bool) -> Edges:
        silence = self._silent / self._heard if self._heard else None
        threshold = self._threshold()
        first = None if threshold is None else _first_audible(_levels(self._head), threshold)
        if threshold is None or first is None:
            return Edges(silence=silence, cue_in=None, cue_out=None, fade_in=None, fade_out=None)
        half = self._position // 2  # a short track has its other edge in the same minute
        fade_in = _fade(_levels(self._head[:half])[first:], threshold)
        cue_out = fade_out = None
        backward = _levels(self._tail)[::-1]
        last = _first_audible(backward, threshold) if ended else None
        if last is not None:
            last += _applause(backward[last:], threshold)
            cue_out = _seconds(self._position - last)
            fade_out = _seconds(_fade(backward[:half][last:], threshold))
        return Edges(
            silence=silence,
            cue_in=_seconds(first),
            cue_out=cue_out,
            fade_in=_seconds(fade_in),
            fade_out=fade_out,
        )

    def _threshold(self) -> float | None:
        """Audible beside the loudness of the track (gated as in BS.1770-4, in bins of 1 LU)."""
        counts, powers = self._counts[1:], self._powers[1:]  # bin 0: below the absolute gate
        if not counts.any():
            return None
        gate = powers.sum() / counts.sum() / 10.0
        loud = powers >= gate * counts
        own = OFFSET_DB + 10.0 * float(np.log10(powers[loud].sum() / counts[loud].sum()))
        return max(float(SILENT), own + AUDIBLE)


def _levels(steps: Powers) -> Powers:
    """LUFS, at least the absolute gate."""
    lowest = 10.0 ** ((ABSOLUTE_GATE - OFFSET_DB) / 10.0)
    return np.asarray(OFFSET_DB + 10.0 * np.log10(np.maximum(steps, lowest)))


def _seconds(steps: int) -> Seconds:
    return Seconds(steps / STEPS_PER_SECOND)


def _first_audible(levels: Powers, threshold: float) -> int | None:
    audible = levels >= threshold
    if len(audible) < LASTING_STEPS:
        return None
    lasting = np.convolve(audible, np.ones(LASTING_STEPS), mode="valid") > LASTING_STEPS / 2
    begins = np.flatnonzero(lasting & audible[: len(lasting)])
    return int(begins[0]) if len(begins) else None


def _applause(backward: Powers, threshold: float) -> int:
    """Steps at the end that are no music: steady, softer than what was before, and set off by a gap."""
    length = min(len(backward) - TAIL_STEPS, KEPT_STEPS // 2)
    for end in range(TAIL_STEPS, length):
        before, tail = backward[end : end + TAIL_STEPS], backward[:end]
        gap = float(before[:LASTING_STEPS].max())
        if float(tail[-LASTING_STEPS:].mean()) - gap < GAP or float(before.max()) - gap < GAP:
            continue
        at = np.arange(end)
        slope, offset = np.polyfit(at, tail, 1)
        steady = float(np.std(tail - slope * at - offset)) <= STEADY
        if steady and slope * STEPS_PER_SECOND < SLOW and tail.mean() < before.max():
            rest = _first_audible(backward[end:], threshold)
            return end + rest if rest is not None else 0
    return 0


def _fade(levels: Powers, threshold: float) -> int:
    """Steps until the music has come up to its level, by regression; of reversed levels: while it went down.

    A level that rises until a corner and stays there is fitted for every corner, with a rise that is straight
    in decibels and with one that is straight in amplitude; the smallest squared error decides.
    """
    count = min(len(levels), FADE_STEPS) // 2
    if count < 2 * SHORTEST_FADE_STEPS:
        return 0
    levels = np.maximum(levels[: 2 * count], threshold).reshape(-1, 2).mean(axis=1)
    at = np.arange(count) + 0.5
    corners = np.arange(SHORTEST_FADE_STEPS // 2, 3 * count // 4 + 1)
    share = np.minimum(at / corners[:, None], 1.0)
    shapes = np.stack((share - 1.0, np.maximum(20.0 * np.log10(share), AUDIBLE)))
    shapes -= shapes.mean(axis=2, keepdims=True)
    centred = levels - levels.mean()
    along = shapes @ centred
    squares = np.square(shapes).sum(axis=2)
    explained = np.where(along > 0.0, np.square(along) / squares, 0.0)
    shape, corner = np.unravel_index(int(explained.argmax()), explained.shape)
    best = int(corners[corner])
    rise = float(along[shape, corner] / squares[shape, corner])
    if shape == 1:
        rise *= min(20.0 * float(np.log10(2.0 * best)), -AUDIBLE)
    if (
        best == corners[-1]
        or rise < FADED
        or float(explained[shape, corner]) < EXPLAINED * float(np.square(centred).sum())
    ):
        return 0
    return 2 * best
