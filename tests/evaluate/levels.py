"""Fits the weights of `player.analysis.tempo` to labelled beats, and judges them.

`python -m tests.evaluate.levels --data DIR`, as for `tests.evaluate.rhythm` and with the same pieces. Each is
judged by weights fitted without it and, if it has several performances, without the others; each corpus also
by those fitted to the other one alone.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.beats import BeatTracker
from player.analysis.onset import OnsetDetector
from player.analysis.spectrum import SpectrumAnalyzer
from player.analysis.tempo import (
    CONFIDENCE_WEIGHTS,
    LEVEL_WEIGHTS,
    Periodicity,
    TempoHistogram,
    confidence_features,
    weigh,
)
from tests.evaluate import logit
from tests.evaluate.logit import Floats
from tests.evaluate.rhythm import FACTORS, HEARD, asap, mono, parser, pop909, same
from tests.evaluate.statistics import interval, mean

AFTER: Final = (10, 20, HEARD)  # s: when confidence is asked for
NEAR: Final = 0.08  # of log tempo: a level so near is the labelled one, if played with rubato
RIDGE: Final = 0.003
FOLDS: Final = 10
NOISES: Final = 20  # of each colour
CORPORA: Final = (("POP909", pop909), ("ASAP", asap))


class Choice(Struct, frozen=True):
    """What is known of one piece after some seconds."""

    corpus: str
    composition: str
    after: int  # s
    true: float  # BPM, 0: none
    tempi: Floats  # BPM, one for each of LEVELS
    levels: Floats  # (levels, features)
    confidence: Floats  # (features,)

    @property
    def right(self) -> int | None:
        """The level nearest to the labelled tempo."""
        off = np.abs(np.log(self.tempi / self.true)) if self.true else np.array([np.inf])
        return int(off.argmin()) if off.min() < NEAR else None

    def found(self, weights: Floats) -> float:
        """BPM."""
        return float(self.tempi[int((self.levels @ weights).argmax())])


def choices(
    corpus: str, composition: str, true: float, sound: NDArray[np.float32], rate: int
) -> list[Choice]:
    spectrum = SpectrumAnalyzer(rate)
    frame_rate = rate / spectrum.hop
    detector, tracker = OnsetDetector(), BeatTracker(frame_rate)
    periodicity = Periodicity(frame_rate, tracker.periods)
    settled, onsets, made = [], [], []
    for second in range(1, len(sound) // rate + 1):
        new = detector.push(spectrum.push(sound[(second - 1) * rate : second * rate]))
        onsets.append(new)
        tracker.push(new, periodicity.push(new[:, 0]))
        if second % 4 == 0:
            settled += tracker.settle()
        pulses = [*settled, *tracker.pending()]
        evidence = weigh(pulses, np.concatenate(onsets), 0, frame_rate) if second in AFTER else None
        if evidence:
            tempi = TempoHistogram()
            tempi.add(evidence)
            surety = confidence_features(pulses, np.array([pulse.frame for pulse in pulses]))
            made.append(Choice(corpus, composition, second, true, *tempi.levels(), surety))
    return made


def noises() -> list[Choice]:
    """White and brown noise, which has no tempo to be right about."""
    made = []
    for seed in range(NOISES):
        white = np.random.default_rng(seed).normal(0.0, 0.1, HEARD * 44_100).astype(np.float32)
        brown = np.cumsum(white - white.mean()).astype(np.float32)
        brown /= 10.0 * np.float32(brown.std())
        made += choices("noise", f"white {seed}", 0.0, white, 44_100)
        made += choices("noise", f"brown {seed}", 0.0, brown, 44_100)
    return made


def importance(of: Sequence[Choice]) -> Floats:
    """Every corpus weighs the same."""
    counts = {name: sum(each.corpus == name for each in of) for name in {each.corpus for each in of}}
    return np.array([1.0 / counts[each.corpus] for each in of])


def fit_levels(of: Sequence[Choice]) -> Floats:
    """The weights with which the labelled level is the likeliest."""
    known = [(each, each.right) for each in of if each.after == HEARD and each.right is not None]
    inputs = np.stack([each.levels for each, _ in known])
    right = np.array([index for _, index in known])
    return logit.fit(inputs, right, importance([each for each, _ in known]), penalty(inputs))


def penalty(inputs: Floats) -> Floats:
    """The same for every feature, measured by its spread; none for a constant."""
    return np.asarray(2.0 * RIDGE * inputs.reshape(-1, inputs.shape[-1]).var(axis=0))


def fit_confidence(of: Sequence[Choice], levels: Floats) -> Floats:
    """Logistic regression: is what `levels` chooses the labelled tempo, its octave or third?"""
    inputs = np.stack([np.stack((np.zeros_like(each.confidence), each.confidence)) for each in of])
    right = np.array([int(correct(each, levels, FACTORS)) for each in of])
    return logit.fit(inputs, right, importance(of), penalty(inputs[:, 1]))


def correct(choice: Choice, weights: Floats, factors: Sequence[float] = (1.0,)) -> bool:
    return bool(choice.true) and same(choice.found(weights), choice.true, factors)


def judge(name: str, of: Sequence[Choice], weights: Callable[[Choice], Floats]) -> None:
    whole = [each for each in of if each.after == HEARD]
    for corpus in sorted({each.corpus for each in whole}):
        group = [each for each in whole if each.corpus == corpus]
        of_one = np.array([each.composition for each in group])
        acc1, acc2 = (
            interval(mean, np.array([correct(each, weights(each), by) for each in group]), groups=of_one)
            for by in ((1.0,), FACTORS)
        )
        print(f"  {name:<17}{corpus:<8}acc1 {acc1}  acc2 {acc2}  {len(group)} pieces")


def calibration(of: Sequence[Choice], weights: Callable[[Choice], tuple[Floats, Floats]]) -> None:
    """weights: of the levels and of the confidence."""
    logits = np.array([each.confidence @ weights(each)[1] for each in of])
    stated = 1.0 / (1.0 + np.exp(-logits))
    right = np.array([correct(each, weights(each)[0], FACTORS) for each in of])
    of_one = np.array([each.composition for each in of])
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        group = (low <= stated) & (stated < high)
        if group.any():
            rate = interval(mean, right[group], groups=of_one[group])
            print(f"  {stated[group].mean():.2f}  {rate}  {group.sum()}")


def main() -> None:
    chosen = parser(__doc__).parse_args()
    music = [
        each
        for corpus, pieces in CORPORA
        for piece in pieces(chosen.data)[: chosen.limit]
        for each in choices(corpus, piece.composition, piece.tempo, *mono(piece.wave))
    ]
    everything = [*music, *noises()]
    print("Level and tempo within 4 % (acc2: or an octave or third of it), first minute")
    judge("shipped, fitted", music, lambda _: LEVEL_WEIGHTS)
    names = sorted({each.composition for each in everything})
    folds = dict(zip(names, np.random.default_rng(1).permutation(len(names)) % FOLDS, strict=True))
    left_out = [[each for each in everything if folds[each.composition] != fold] for fold in range(FOLDS)]
    levels = [fit_levels(each) for each in left_out]
    judge("left out", music, lambda each: levels[folds[each.composition]])
    other = {name: fit_levels([each for each in music if each.corpus != name]) for name, _ in CORPORA}
    judge("other corpus", music, lambda each: other[each.corpus])
    fitted = fit_levels(music)
    judge("fitted anew", music, lambda _: fitted)
    print(f"LEVEL_WEIGHTS: Final = np.array({np.round(fitted, 2).tolist()})")
    surety = [fit_confidence(each, by) for each, by in zip(left_out, levels, strict=True)]

    def shipped(_: Choice) -> tuple[Floats, Floats]:
        return LEVEL_WEIGHTS, CONFIDENCE_WEIGHTS

    def crossed(each: Choice) -> tuple[Floats, Floats]:
        return levels[folds[each.composition]], surety[folds[each.composition]]

    for name, weights in (("as shipped, fitted to these", shipped), ("left out", crossed)):
        print(f"Confidence, {name}: stated, right within 4 % or at an octave or third of it, examples")
        calibration(everything, weights)
    final = fit_confidence(everything, fitted)
    print(f"CONFIDENCE_WEIGHTS: Final = np.array({np.round(final, 2).tolist()})")


if __name__ == "__main__":
    main()
