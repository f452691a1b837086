"""Arousal, valence and calmness from what was heard, with honest standard errors.

Fitted by `python -m tests.evaluate.affect --fit`, which also judges it by cross-validation: Emotify
(Aljanaki 2015: 320 recordings, felt calmness and eight other emotions) and VGMIDI (Ferreira 2019: rendered
piano pieces, arousal and valence). Absolute loudness is not used: it helped neither between genres nor
between corpora, and a copy at another level is the same music. Each feature weighs as much as it is steady:
the square of the correlation that its value after 20 s has with that of the whole (told without labels).
"""

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from player.analysis.regression import GaussianProcess, Kernel, Matrix, Ranks, Vector
from player.model import FEATURES_VERSION, Affect
from player.units import Seconds

MODEL: Final = "affect_model.npz"  # part of the program, like a table of coefficients in its code
LEAST_HEARD: Final = Seconds(3.0)
EVERYTHING: Final = Seconds(math.inf)  # heard, where nothing of a track is missing
SCORE_STEP: Final = 1.0 / 32.0  # of the ranks as stored in a byte
TARGETS: Final = ("arousal", "valence", "calmness")


class Excerpt(Struct, frozen=True, kw_only=True):
    """How far the estimate after `heard` seconds lies from that of the whole: in labels' deviations."""

    heard: float
    deviation: float


class TargetModel(Struct, frozen=True, kw_only=True):
    """How one emotion is read out of the normal scores of the features."""

    kernel: Kernel
    unit: float  # of the emotion's own scale for one standard deviation of the labels
    offset: float
    # Variance that a single track shows around its prediction beyond the model's own doubt: what listeners
    # disagree on and no feature tells; scaled so that the intervals cover (cross-validated).
    spread: float
    inflation: float
    excerpts: list[Excerpt]  # from the beginning on
    places: float  # the deviation of a quick scan, which hears excerpts from everywhere

    def part_variance(self, heard: float, everywhere: bool) -> float:
        """Interpolated over log time; beyond the table it falls as 1 / time."""
        if everywhere:
            return self.places**2
        last = self.excerpts[-1]
        deviation = np.interp(
            math.log(min(max(heard, 1.0), last.heard)),
            [math.log(row.heard) for row in self.excerpts],
            [row.deviation for row in self.excerpts],
        )
        return float(deviation) ** 2 * min(1.0, last.heard / max(heard, 1.0))


class Description(Struct, frozen=True, kw_only=True):
    version: int
    provenance: str
    targets: dict[str, TargetModel]


class AffectModel:
    def __init__(
        self, description: Description, ranks: Ranks, inputs: Matrix, fits: dict[str, tuple[Vector, Vector]]
    ) -> None:
        """inputs: what `ranks` gave, shape (examples, features). fits: for each target, targets and noise.

        An example without a label for a target has infinite noise there.
        """
        self.description = description
        self.ranks = ranks
        self._processes = {}
        for name, (targets, noise) in fits.items():
            known = np.isfinite(noise)
            self._processes[name] = GaussianProcess(
                description.targets[name].kernel, inputs[known], targets[known], noise[known]
            )

    def estimate(
        self, features: Matrix, heard: Sequence[Seconds], *, everywhere: bool = False
    ) -> list[Affect]:
        """One estimate for each row of features.

        heard: how much of the track each row comes from; what speaks of a section alone is told as doubtful
        as a beginning of that length, which is too modest. everywhere: in excerpts all over the track.
        """
        scores = self.ranks(features)
        read = {}
        for name in TARGETS:
            target = self.description.targets[name]
            mean, doubt = self._processes[name].predict(scores)
            part = np.array([target.part_variance(seconds, everywhere) for seconds in heard])
            read[name] = mean, np.sqrt(target.inflation * doubt**2 + part + target.spread)
        return [
            self._affect({name: (m[i], d[i]) for name, (m, d) in read.items()}) for i in range(len(scores))
        ]

    def _affect(self, read: dict[str, tuple[float, float]]) -> Affect:
        values = {}
        for name in ("arousal", "valence"):
            target = self.description.targets[name]
            mean, deviation = read[name]
            values[name] = max(-1.0, min(1.0, target.offset + target.unit * float(mean)))
            values[f"{name}_se"] = target.unit * float(deviation)
        mean, deviation = (float(value) for value in read["calmness"])
        low, high = normal_share(mean - deviation), normal_share(mean + deviation)
        return Affect(**values, calmness=normal_share(mean), calmness_se=0.5 * (high - low))


def normal_share(score: float) -> float:
    """Share of the normal distribution below `score`: 0.5 is the median of the reference corpus."""
    return 0.5 * (1.0 + math.erf(score / math.sqrt(2.0)))


@cache
def affect_model() -> AffectModel:
    """The model that comes with this version of the analysis."""
    with (files("player.analysis") / MODEL).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        description = msgspec.json.decode(stored["description"].tobytes(), type=Description)
        if description.version != FEATURES_VERSION:
            raise RuntimeError(
                f"{MODEL} was fitted for features version {description.version}: fit it again."
            )
        fits = {
            name: (stored[f"{name}_targets"].astype(np.float64), stored[f"{name}_noise"].astype(np.float64))
            for name in TARGETS
        }
        ranks = Ranks(stored["knots"].astype(np.float64), stored["weights"].astype(np.float64))
        inputs = stored["inputs"].astype(np.float64) * SCORE_STEP * ranks.weights
        return AffectModel(description, ranks, inputs, fits)
