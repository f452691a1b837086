"""Soothe with the calmest of what is familiar; otherwise what is familiar and not lately heard, by lot."""

from collections.abc import Callable, Sequence
from random import Random

from player.selection.basis import comfort
from player.selection.context import Candidate, Choice, Scene
from player.selection.facts import Facts
from player.selection.policies.base import Ranking, by_lot


def by_appetite(
    candidates: Sequence[Candidate],
    scene: Scene,
    random: Random,
    factor: Callable[[Candidate], float] | None = None,
) -> Choice:
    """For ordinary playing: familiar and not lately heard, by lot; the best of all when it is severe.

    factor: on the chance of each.
    """
    weights = [candidate.familiarity**2 * (0.05 + candidate.recovery) for candidate in candidates]
    if factor is not None:
        weights = [w * factor(c) for w, c in zip(weights, candidates, strict=True)]
    if scene.context.situation.restless:
        weights = [w * c.facts.calmness for w, c in zip(weights, candidates, strict=True)]
    if scene.context.situation.severe:
        index, propensity = max(range(len(weights)), key=lambda k: (weights[k], candidates[k].track.id)), 1.0
    else:
        index, propensity = by_lot(candidates, weights, random)
    return Choice(candidate=candidates[index], propensity=propensity, expected=weights[index])


class CalmestFamiliar(Ranking):
    name = "calmest-familiar/2"

    def promise(self, facts: Facts) -> float:
        return comfort(facts.calmness, facts.familiarity)

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:  # noqa: ARG002
        return comfort(candidate.facts.calmness, candidate.familiarity, candidate.recovery)

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice:
        if scene.context.soothe:
            return super().choose(candidates, scene, random)
        return by_appetite(candidates, scene, random)
