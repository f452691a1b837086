"""What a track is like where: a curve of affect, and the parts that feel alike."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from msgspec import Struct

from player.analysis.affect import LEAST_HEARD, AffectModel
from player.analysis.regression import Matrix
from player.analysis.summary import Row, loudness
from player.analysis.timeline import Stretch
from player.model import Affect, Section
from player.units import Seconds

WINDOW: Final = 1  # neighbours on either side that a point of the curve takes in: 15 s of blocks of 5 s
ALIKE: Final = 0.2  # arousal by which neighbouring sections differ at least; a tuning constant
MOST: Final = 12  # sections of a track

Describe = Callable[[Sequence[Row]], Matrix]


class Point(Struct, frozen=True):
    """Affect around a moment, from this block and its neighbours."""

    begin: Seconds
    end: Seconds
    affect: Affect


def windows(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Each block that sounded, with the sums of its neighbours added."""
    heard = [stretch for stretch in stretches if stretch.row[0] > 0]
    found = []
    for i, stretch in enumerate(heard):
        near = [each for each in heard[max(0, i - WINDOW) : i + WINDOW + 1] if _adjoin(each, stretch)]
        found.append(Stretch(stretch.begin, stretch.end, np.sum([each.row for each in near], axis=0)))
    return found


def curve(stretches: Sequence[Stretch], describe: Describe, model: AffectModel) -> list[Point]:
    """A point for each block; those of silence, and of less than 3 s, are left out."""
    found = windows(stretches)
    if not found:
        return []
    lasted = Seconds(median(each.end - each.begin for each in found) * (2 * WINDOW + 1))
    if lasted < LEAST_HEARD:
        return []
    estimates = model.estimate(describe([each.row for each in found]), lasted)
    return [Point(each.begin, each.end, affect) for each, affect in zip(found, estimates, strict=True)]


def sections(stretches: Sequence[Stretch], describe: Describe, model: AffectModel) -> tuple[Section, ...]:
    """Neighbouring blocks joined as long as they differ in arousal by less than `ALIKE`, the nearest first.

    Bottom-up segmentation (Keogh 2001). Each section is then judged by all of its sound.
    """
    points = curve(stretches, describe, model)
    rows = {stretch.begin: stretch.row for stretch in stretches}
    parts = [(p.begin, p.end, rows[p.begin], p.affect.arousal) for p in points]
    while len(parts) > 1:
        steps = [abs(a[3] - b[3]) for a, b in pairwise(parts)]
        i = int(np.argmin(steps))
        if steps[i] >= ALIKE and len(parts) <= MOST:
            break
        (begin, middle, row, low), (_, end, further, high) = parts[i : i + 2]
        first = (middle - begin) / max(end - begin, 1e-9)
        parts[i : i + 2] = [(begin, end, row + further, first * low + (1.0 - first) * high)]
    if not parts:
        return ()
    lasted = Seconds(float(np.mean([end - begin for begin, end, _, _ in parts])))
    estimates = model.estimate(describe([row for _, _, row, _ in parts]), lasted)
    return tuple(
        Section(begin=begin, end=end, loudness=loudness(row), affect=affect)
        for (begin, end, row, _), affect in zip(parts, estimates, strict=True)
    )


def _adjoin(a: Stretch, b: Stretch) -> bool:
    """Whether nothing was left out between them (a quick scan hears excerpts)."""
    longest = max(a.end - a.begin, b.end - b.begin)
    return a.begin - b.end <= 0.5 * longest and b.begin - a.end <= 0.5 * longest
