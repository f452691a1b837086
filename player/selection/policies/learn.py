"""Thompson sampling from what is believed to help this person, within bounds.

Tried out is only what is expected to be nearly as good as the best; nothing is, when agitation is severe or
the risk high: then the best is taken.
"""

import math
from collections.abc import Sequence
from random import Random

from player.model import TrackId
from player.selection import iso
from player.selection.bandit import Learned, Learner, Posterior, Prior, thompson
from player.selection.basis import BASIS, basis, comfort
from player.selection.context import Candidate, Choice, Scene
from player.selection.facts import Facts
from player.selection.familiarity import freshness
from player.selection.policies.base import Ranking, by_lot
from player.selection.policies.calmest_familiar import by_appetite
from player.selection.reward import NOISE, Credit
from player.settings import PolicySettings
from player.units import Seconds

# Prior mean and deviation of each shared weight, in agitation per response window: effects are modest,
# familiarity comes first, acoustics order what is familiar, effects fade (SCIENCE). Sizes: own judgement.
WEIGHTS = {
    "one": (0.0, 0.05),
    "comfort": (0.05, 0.04),
    "path": (0.01, 0.02),
    "familiarity": (0.04, 0.03),
    "calmness": (0.0, 0.03),
    "recovery": (0.01, 0.02),
    "rest": (0.02, 0.02),
    "evening": (0.0, 0.02),
}
TRACK_DEVIATION = 0.04  # how far tracks differ from what their features say; own judgement
UPSETTING, UPSET = (
    0.04,
    0.2,
)  # share of pieces that upset a person, and agitation that one costs; own judgement
AVOIDED = 0.02  # agitation: a piece believed to be so much worse than its kind is played e times less often
AT_MOST = 12  # pieces between which a draw decides; a tuning constant
DAY = 86_400.0


class Learn(Ranking):
    name = "learn/3"

    def __init__(self, settings: PolicySettings, learned: Learned | None = None) -> None:
        self._margin = settings.explore_margin
        prior = Prior(
            mean=tuple(WEIGHTS[name][0] for name in BASIS),
            deviation=tuple(WEIGHTS[name][1] for name in BASIS),
            track_deviation=TRACK_DEVIATION,
            noise=NOISE,
            upsetting=UPSETTING,
            upset=UPSET,
            half_life=Seconds(settings.half_life_days * DAY),
        )
        self.learner = Learner(prior, learned)

    def promise(self, facts: Facts) -> float:
        return comfort(facts.calmness, facts.familiarity)

    def aim(self, scene: Scene) -> float | None:
        return iso.aim(scene.context, scene.person, scene.present)

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:
        believed = self.learner.posterior(scene.context.at)
        return believed.mean(candidate.track.id, basis(candidate, scene, self.aim(scene)))

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice:
        believed, aim = self.learner.posterior(scene.context.at), self.aim(scene)
        if not scene.context.soothe:
            return by_appetite(candidates, scene, random, lambda c: _appetite(believed, c))
        ranked = sorted(
            ((believed.mean(c.track.id, x), x, c) for c in candidates for x in (basis(c, scene, aim),)),
            key=lambda item: (-item[0], item[2].track.id),
        )
        best = ranked[0][0]
        bold = self._margin > 0 and not (scene.context.situation.severe or scene.person.high_risk)
        open_to_trial = [item for item in ranked[:AT_MOST] if item[0] >= best - self._margin]
        if not bold or len(open_to_trial) == 1:
            return _choice(*ranked[0], propensity=1.0, because="expected to help most")
        chances = thompson(believed, [(c.track.id, x) for _, x, c in open_to_trial])
        index, propensity = by_lot([c for _, _, c in open_to_trial], chances, random)
        tried = (
            "expected to help most"
            if index == 0
            else "expected to help nearly as much as the best, tried out"
        )
        return _choice(*open_to_trial[index], propensity=propensity, because=tried)

    def surest(self, candidates: Sequence[Candidate], scene: Scene) -> Choice:
        """The best lower bound, one standard deviation below what is expected."""
        believed, aim = self.learner.posterior(scene.context.at), self.aim(scene)
        bounds = []
        for candidate in candidates:
            track_id, x = candidate.track.id, basis(candidate, scene, aim)
            expected = believed.mean(track_id, x)
            bounds.append((believed.deviation(track_id, x) - expected, track_id, expected, candidate))
        _, _, expected, best = min(bounds, key=lambda bound: bound[:2])
        return Choice(candidate=best, propensity=1.0, expected=expected, because="the most proven one")

    def learn_one(self, credit: Credit, at: Seconds) -> None:
        if credit.basis:
            x = [credit.basis.get(name, 0.0) for name in BASIS]
            self.learner.learn_one(credit.track_id, x, credit.reward, credit.weight, at, harm=credit.harm)

    def learned(self) -> Learned | None:
        return self.learner.snapshot()

    def remembers(self) -> Sequence[TrackId]:
        return tuple(self.learner.learned.tracks)


def _appetite(believed: Posterior, candidate: Candidate) -> float:
    """Factor on the chance of a piece in ordinary playing, 0-1: little for what is believed to harm, and for
    what was heard again and again, so that it still helps when it is needed."""
    track_id = candidate.track.id
    worse = math.exp(min(believed.own(track_id), 0.0) / AVOIDED)
    return worse * (1.0 - believed.upsets(track_id)) ** 2 * freshness(candidate.worn)


def _choice(
    expected: float, _: Sequence[float], candidate: Candidate, *, propensity: float, because: str
) -> Choice:
    return Choice(candidate=candidate, propensity=propensity, expected=expected, because=because)
