"""One after the other as staff listed them, then in the order in which the music came, then anew."""

from player.selection.context import Candidate, Scene
from player.selection.facts import Facts
from player.selection.policies.base import Ranking

LONG_AGO = 1e12  # s, before anything that is remembered


class StaffOrder(Ranking):
    name = "staff-order/1"

    def promise(self, facts: Facts) -> float:
        return LONG_AGO - facts.place

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:  # noqa: ARG002
        """What was not heard yet comes in its order, before what was heard longest ago."""
        if candidate.since_play is None:
            return LONG_AGO - candidate.facts.place
        return candidate.since_play
