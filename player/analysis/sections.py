"""What a track is like where: a curve of affect, and the parts that feel alike."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from msgspec import Struct, structs

from player.analysis.affect import LEAST_HEARD, AffectModel
from player.analysis.regression import Matrix
from player.analysis.summary import Row, loudness
from player.analysis.timeline import Stretch, joined
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
    """Each block that sounded, with the sums of its neighbours; where they were long enough to be judged."""
    heard = [stretch for stretch in stretches if stretch.row[0] > 0]
    found = []
    for i, stretch in enumerate(heard):
        near = [each for each in heard[max(0, i - WINDOW) : i + WINDOW + 1] if _adjoin(each, stretch)]
        if sum(each.heard for each in near) >= LEAST_HEARD:
            found.append(structs.replace(joined(*near), begin=stretch.begin, end=stretch.end))
    return found


def curve(stretches: Sequence[Stretch], describe: Describe, model: AffectModel) -> list[Point]:
    """A point for each block; those of silence, and of less than 3 s, are left out."""
    found = windows(stretches)
    if not found:
        return []
    estimates = model.estimate(describe([each.row for each in found]), [each.heard for each in found])
    return [Point(each.begin, each.end, affect) for each, affect in zip(found, estimates, strict=True)]


def sections(stretches: Sequence[Stretch], describe: Describe, model: AffectModel) -> tuple[Section, ...]:
    """Neighbouring blocks joined as long as they differ in arousal by less than `ALIKE`, the nearest first.

    Bottom-up segmentation (Keogh 2001). Each section is then judged by all of its sound.
    """
    points = curve(stretches, describe, model)
    blocks = {stretch.begin: stretch for stretch in stretches}
    parts = [(blocks[p.begin], p.affect.arousal) for p in points]
    while len(parts) > 1:
        i = int(np.argmin([_step(*pair) for pair in pairwise(parts)]))
        (a, low), (b, high) = parts[i : i + 2]
        if _step(*parts[i : i + 2]) >= ALIKE and len(parts) <= MOST:
            break
        first = a.heard / max(a.heard + b.heard, 1e-9)
        parts[i : i + 2] = [(joined(a, b), first * low + (1.0 - first) * high)]
    if not parts:
        return ()
    found = [part for part, _ in parts]
    estimates = model.estimate(describe([part.row for part in found]), [part.heard for part in found])
    return tuple(
        Section(begin=part.begin, end=part.end, loudness=loudness(part.row), affect=affect)
        for part, affect in zip(found, estimates, strict=True)
    )


def _step(a: tuple[Stretch, float], b: tuple[Stretch, float]) -> float:
    """By how much two neighbours differ in arousal; what is too short to be judged differs from nothing."""
    if min(a[0].heard, b[0].heard) < LEAST_HEARD:
        return 0.0
    return abs(a[1] - b[1])


def _adjoin(a: Stretch, b: Stretch) -> bool:
    """Whether nothing was left out between them (a quick scan hears excerpts)."""
    longest = max(a.end - a.begin, b.end - b.begin)
    return a.begin - b.end <= 0.5 * longest and b.begin - a.end <= 0.5 * longest
