"""Logged decisions of a policy that explores, as a target policy and a model of the reward see them."""

from random import Random

from msgspec import Struct

from player.selection.policies import POLICIES
from player.selection.policies.base import Policy
from player.selection.reward import Credit
from player.settings import PolicySettings
from player.simulation.off_policy import Logged
from player.simulation.parameters import World
from player.simulation.trials import Trials


class Log(Struct, frozen=True):
    """true: mean reward, without noise, of what the target would have chosen at each logged moment."""

    records: list[Logged]
    true: float


def logged(world: World, seed: int, residents: int, choices: int, *, policy: str, target: str) -> Log:
    """Choices of `policy`. The target must choose without chance; the model of the reward is that of `learn`.

    The model is asked before it has seen the reward that it predicts.
    """
    records: list[Logged] = []
    total = 0.0
    for resident in range(residents):
        trials, random = Trials(world, seed, resident), Random(f"{seed} {resident}")
        logging, judged, model = (_make(name) for name in (policy, target, "learn"))
        for _ in range(choices):
            scene = trials.scene
            choice = logging.choose(trials.candidates, scene, random)
            wished = judged.choose(trials.candidates, scene, random)
            chosen, other = choice.candidate, wished.candidate
            predicted, expected = (model.predict_one(c, scene) for c in (chosen, other))
            total += trials.true_reward(other.track.id)
            basis = trials.named_basis(chosen)
            shown = trials.choose(chosen.track.id)
            credit = Credit(track_id=chosen.track.id, reward=shown.reward, weight=1.0, basis=basis)
            for learner in (logging, judged, model):
                learner.learn_one(credit, scene.context.at)
            records.append(
                Logged(
                    propensity=choice.propensity,
                    reward=shown.reward,
                    target=1.0 if other is chosen else 0.0,
                    predicted=predicted,
                    expected=expected,
                )
            )
    return Log(records, total / max(len(records), 1))


def _make(name: str) -> Policy:
    return POLICIES[name](PolicySettings(name=name), None)
