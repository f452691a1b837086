"""Any piece that may be played, each as likely: the yardstick that others must beat."""

from collections.abc import Sequence
from random import Random

from player.selection.context import Candidate, Choice, Scene
from player.selection.facts import Facts
from player.selection.policies.base import Ranking


class RandomApproved(Ranking):
    name = "random-approved/1"
    looks_at_all = True

    def promise(self, facts: Facts) -> float:  # noqa: ARG002
        return 0.0

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:  # noqa: ARG002
        return 0.0

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice:  # noqa: ARG002
        chosen = candidates[random.randrange(len(candidates))]
        return Choice(candidate=chosen, propensity=1.0 / len(candidates), expected=0.0)
