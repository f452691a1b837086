"""The bounded iso path: begin where the music is, never above the cap, and lead down in small steps.

Evidence for the iso principle is thin and no step size is validated; the constraint "nothing arousing for
someone restless" therefore wins (SCIENCE, "Delivery"). Arousal is that of the music, in [−1, 1].
"""

import math

from player.selection.context import Candidate, Context, Person
from player.selection.facts import Facts, Flag

STEP = 0.4  # standard deviations of the person's own music that each piece is calmer, 0.3-0.5
STEPS = 4  # whole tracks of a path, 3-5; then it holds
WIDTH = 0.5  # standard deviations: how far from the path a piece still fits; a tuning constant
FAST_FIT = 0.5  # factor for a felt pulse above 120 BPM; own judgement
LEAST_DEVIATION = 0.1  # of a library in which all music is alike


def matching(context: Context, person: Person) -> bool:
    """Whether the state may be matched at all: not when severe, nor at high risk."""
    return context.soothe and not context.situation.severe and not person.high_risk


def deviation(person: Person) -> float:
    return max(person.arousal_deviation, LEAST_DEVIATION)


def target(context: Context, person: Person, present: float | None) -> float:
    """Arousal that the next piece should have; present: of what is heard, None for silence or unknown."""
    cap = person.arousal_quantile
    if present is None:
        return cap
    step = STEP * deviation(person) if 0 < context.step < STEPS else 0.0
    return min(present, cap) - step


def aim(context: Context, person: Person, present: Facts | None) -> float | None:
    """`target` while soothing by matching; None when nothing is to be matched."""
    if not matching(context, person):
        return None
    known = present is not None and not present.flags & Flag.UNKNOWN
    return target(context, person, present.arousal if present is not None and known else None)


def path(start: float | None, person: Person) -> list[float]:
    """The whole path if every piece were found exactly: `STEPS` targets."""
    levels: list[float] = []
    present = start
    for step in range(STEPS):
        present = target(Context(soothe=True, step=step), person, present)
        levels.append(present)
    return levels


def fit(candidate: Candidate, towards: float, person: Person) -> float:
    """How well a piece lies on the path, 0-1: Gaussian in its distance, less for a fast pulse."""
    if candidate.facts.flags & Flag.UNKNOWN:
        return 0.0
    distance = (candidate.facts.arousal - towards) / (WIDTH * deviation(person))
    close = math.exp(-0.5 * min(distance * distance, 100.0))
    return close * FAST_FIT if candidate.facts.flags & Flag.FAST else close
