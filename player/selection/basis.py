"""What a track is to a choice, in a few numbers: what learning may build on, logged with every choice."""

import math

from player.selection import iso
from player.selection.context import Candidate, Scene
from player.selection.familiarity import freshness

BASIS = ("one", "comfort", "path", "familiarity", "calmness", "recovery", "rest", "evening")
EVENING = 18 * 60  # minute of the day at which “evening” is 1; own judgement
DAY = 1440  # minutes


def comfort(calmness: float, familiarity: float, recovery: float = 1.0) -> float:
    """Familiarity first, acoustics order what is familiar with these weights: own judgement."""
    return calmness * (0.5 + 0.5 * familiarity) * (0.7 + 0.3 * recovery)


def basis(candidate: Candidate, scene: Scene, aim: float | None) -> list[float]:
    """Values of `BASIS`, each 0-1. aim: arousal of the iso path, None when nothing is matched.

    What is good about a piece counts as far as it is fresh (Wang 2014: content × recovery).
    """
    minute, fresh = scene.context.situation.minute, freshness(candidate.worn)
    calm = candidate.facts.calmness * fresh
    worth = comfort(candidate.facts.calmness, candidate.familiarity, candidate.recovery) * fresh
    evening = 0.0 if minute is None else math.cos(2.0 * math.pi * (minute - EVENING) / DAY)
    return [
        1.0,
        worth,
        worth * iso.fit(candidate, aim, scene.person) if aim is not None else 0.0,
        candidate.familiarity * fresh,
        calm,
        candidate.recovery,
        fresh,
        max(evening, 0.0) * calm,
    ]
