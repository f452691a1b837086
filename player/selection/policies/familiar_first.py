"""The most familiar piece that is not tired of: shows how little a policy needs."""

from player.selection.context import Candidate, Scene
from player.selection.policies.base import Ranking


class FamiliarFirst(Ranking):
    name = "familiar-first/1"

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:  # noqa: ARG002
        return candidate.familiarity * candidate.recovery
