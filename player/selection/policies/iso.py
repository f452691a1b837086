"""Soothe along the bounded iso path; without matching when severe or at high risk."""

from collections.abc import Sequence
from random import Random

from player.selection import iso
from player.selection.basis import comfort
from player.selection.context import Candidate, Choice, Scene
from player.selection.facts import Facts
from player.selection.policies.base import Ranking
from player.selection.policies.calmest_familiar import by_appetite


class Iso(Ranking):
    name = "iso/1"

    def promise(self, facts: Facts) -> float:
        return comfort(facts.calmness, facts.familiarity)

    def aim(self, scene: Scene) -> float | None:
        return iso.aim(scene.context, scene.person, scene.present)

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:
        worth = comfort(candidate.facts.calmness, candidate.familiarity, candidate.recovery)
        aim = self.aim(scene)
        return worth if aim is None else worth * iso.fit(candidate, aim, scene.person)

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice:
        if scene.context.soothe:
            return super().choose(candidates, scene, random)
        return by_appetite(candidates, scene, random)
