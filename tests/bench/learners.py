"""Our learner beside one of Vowpal Wabbit, on the same choices: `python -m tests.bench.learners`.

Each learner meets the same virtual residents, days and noise, sees the same features of the same pieces
and gets its own rewards. Vowpal Wabbit is not installed with Lull: `pip install vowpalwabbit`.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any, Protocol

import numpy as np

from player.selection.basis import BASIS
from player.selection.policies import POLICIES
from player.selection.reward import Credit
from player.settings import PolicySettings
from player.simulation.parameters import World
from player.simulation.trials import Trials

RESIDENTS, CHOICES = 60, 360  # 60 days of six choices
SCALE = 10.0  # rewards are small numbers, and the other learner expects costs near 1


class Chooser(Protocol):
    def choose(self, trials: Trials) -> int:
        """The index of a candidate."""
        ...

    def learn(self, reward: float) -> None: ...


class Ours:
    """A policy of Lull's own, as the selector would ask it."""

    def __init__(self, name: str, seed: int) -> None:
        self._policy = POLICIES[name](PolicySettings(name=name), None)
        self._random = Random(seed)
        self._last: Any = None

    def choose(self, trials: Trials) -> int:
        choice = self._policy.choose(trials.candidates, trials.scene, self._random)
        track_id = choice.candidate.track.id
        self._last = (track_id, trials.named_basis(choice.candidate), trials.scene.context.at)
        return next(k for k, c in enumerate(trials.candidates) if c.track.id == track_id)

    def learn(self, reward: float) -> None:
        track_id, basis, at = self._last
        self._policy.learn_one(Credit(track_id=track_id, reward=reward, weight=1.0, basis=basis), at)


class VowpalWabbit:
    """cb_explore_adf: the features that ours sees, and the piece itself as one feature."""

    def __init__(self, options: str, seed: int) -> None:
        untyped: Any = import_module("vowpalwabbit")
        self._work = untyped.Workspace(
            f"--cb_explore_adf {options} --quiet --noconstant --random_seed {seed}", enable_logging=False
        )
        self._random = Random(seed)
        self._last: tuple[list[str], int, float] = ([], 0, 1.0)

    def choose(self, trials: Trials) -> int:
        lines = []
        for candidate in trials.candidates:
            values = zip(BASIS, trials.basis(candidate), strict=True)
            shared = " ".join(f"{name}:{value:.4f}" for name, value in values)
            lines.append(f"|b {shared} |t id={candidate.track.id[-6:]}")
        chances = self._work.predict(lines)
        index = self._random.choices(range(len(chances)), chances)[0]
        self._last = (lines, index, chances[index])
        return index

    def learn(self, reward: float) -> None:
        lines, index, chance = self._last
        told = [
            f"0:{-SCALE * reward:.4f}:{chance:.4f} {line}" if k == index else line
            for k, line in enumerate(lines)
        ]
        self._work.learn(told)


def run(make: Callable[[int], Chooser], residents: int, choices: int, seed: int) -> np.ndarray[Any, Any]:
    """True reward of each choice less nothing: residents × choices × (true, best)."""
    answer = np.empty((residents, choices, 2))
    for resident in range(residents):
        trials, learner = Trials(World(), seed, resident), make(resident)
        for number in range(choices):
            shown = trials.choose(trials.candidates[learner.choose(trials)].track.id)
            learner.learn(shown.reward)
            answer[resident, number] = shown.true, shown.best
    return answer


def learners() -> dict[str, Callable[[int], Chooser]]:
    """Ours, the yardsticks, and several settings of the other: it shall not lose for want of tuning."""
    every: dict[str, Callable[[int], Chooser]] = {
        name: lambda seed, name=name: Ours(name, seed)  # type: ignore[misc]
        for name in ("learn", "calmest-familiar", "random-approved")
    }
    if find_spec("vowpalwabbit") is None:
        print("learners: Vowpal Wabbit is not installed (pip install vowpalwabbit): left out")
        return every
    for options in OPTIONS:
        every[f"vw {options}"] = lambda seed, options=options: VowpalWabbit(options, seed)  # type: ignore[misc]
    return every


OPTIONS = (
    "--squarecb",
    "--squarecb --gamma_scale 100",
    "--squarecb --cb_type mtr -l 0.1",
    "--epsilon 0.05 --cb_type mtr",
    "--epsilon 0.05 --cb_type mtr -l 0.05 --power_t 0",
    "--regcb",
    "--bag 5 --epsilon 0.02",
    "--softmax --lambda 10",
)


def measure(residents: int = RESIDENTS, choices: int = CHOICES, seed: int = 5) -> None:
    print("learners: mean reward of a choice in 1/1000 of agitation, with 95 % intervals over residents")
    picks = np.random.default_rng(1).integers(0, residents, (2000, residents))
    ours = None
    for name, make in learners().items():
        result = run(make, residents, choices, seed)
        each = result[:, :, 0].mean(axis=1)
        ours = each if ours is None else ours  # the first is ours
        low, high = np.quantile(each[picks].mean(axis=1), (0.025, 0.975))
        less, more = np.quantile((each - ours)[picks].mean(axis=1), (0.025, 0.975))
        late = result[:, choices // 2 :, 0].mean()
        share = result[:, :, 0].sum() / result[:, :, 1].sum()
        print(
            f"learners: {name:50} reward {1000 * each.mean():6.2f} "
            f"[{1000 * low:.2f}, {1000 * high:.2f}], later {1000 * late:6.2f}, {share:4.0%} of the best; "
            f"less ours {1000 * (each - ours).mean():+.2f} [{1000 * less:+.2f}, {1000 * more:+.2f}]",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.learners", description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--choices", type=int, default=CHOICES)
    parser.add_argument("--seed", type=int, default=5)
    chosen = parser.parse_args()
    measure(chosen.residents, chosen.choices, chosen.seed)
