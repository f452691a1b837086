"""Fits the affect model and judges it: `python -m tests.evaluate.affect --data DIR [--fit]`.

DIR holds emotify/ and vgmidi/ (README, "Judging it"). Every figure is cross-validated: by artist on Emotify,
by series on VGMIDI. Kernels, the exponent of steadiness and the features left out were chosen by the same
cross-validation, among some twenty of each.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

import player.analysis
from player.analysis.affect import MODEL, SCORE_STEP, Description, Excerpt, TargetModel, normal_share
from player.analysis.regression import GaussianProcess, Kernel, Ranks
from player.model import FEATURES_VERSION
from tests.evaluate.emotions import HEARD, Array, Corpus, Examples, emotify, vgmidi
from tests.evaluate.statistics import auc, correlation, interval, rank_correlation

KERNELS: Final = {
    "arousal": Kernel(linear=1.0, radial=1.0, length=0.35),
    "valence": Kernel(linear=1.0, radial=1.0, length=0.35),
    "calmness": Kernel(linear=0.3, radial=0.6, length=0.4),
}
STEADY: Final = 2.0  # exponent of a feature's steadiness in its weight
KNOTS: Final = 41


def knots_of(features: Array) -> Array:
    return np.asarray(np.nanquantile(features, np.linspace(0.0, 1.0, KNOTS), axis=0))


def steadiness(of: Examples) -> Array:
    """The weight of each feature, their mean square 1."""
    ranks = Ranks(knots_of(of.features))
    early, whole = ranks(of.early), ranks(of.features)
    alike = [
        correlation(a, b) if a.std() * b.std() > 0.0 else 0.0 for a, b in zip(early.T, whole.T, strict=True)
    ]
    weights = np.maximum(alike, 0.0) ** STEADY
    return np.asarray(weights / np.sqrt((weights**2).mean()))


def train(name: str, of: Examples) -> Callable[[Array], tuple[Array, Array]]:
    ranks = Ranks(knots_of(of.features), steadiness(of))
    process = GaussianProcess(KERNELS[name], ranks(of.features), of.labels, of.noise)
    return lambda others: process.predict(ranks(others))


def folds(groups: Array, most: int = 10) -> Iterator[tuple[Array, Array]]:
    """Train and test masks; whole groups, the largest first into the smallest fold."""
    names, sizes = np.unique(groups, return_counts=True)
    parts = np.zeros(min(most, len(names)))
    fold = {}
    for i in np.argsort(-sizes, kind="stable"):
        fold[names[i]] = int(parts.argmin())
        parts[parts.argmin()] += sizes[i]
    of = np.array([fold[group] for group in groups])
    for part in range(len(parts)):
        yield of != part, of == part


def cross_validated(
    name: str, corpus: Corpus, groups: Array, *, other: Corpus | None = None
) -> tuple[Array, Array]:
    """Mean and doubt for every track, predicted without its group; `other` always helps to train."""
    means, doubts = np.zeros(len(corpus)), np.zeros(len(corpus))
    for known, asked in folds(groups):
        examples = corpus.examples(name, known)
        if other is not None and name in other.labels:
            examples = examples.joined(other.examples(name))
        means[asked], doubts[asked] = train(name, examples)(corpus.features[asked])
    return means, doubts


def calibrated(name: str, corpus: Corpus, means: Array, doubts: Array) -> TargetModel:
    """The model's doubt, scaled, and a spread on top: as wide as the cross-validated errors were.

    The doubt always counts: it grows for music unlike any example. Two figures, found by trying: the shares
    within 1 and 1.96 standard errors come nearest to 68 and 95 %.
    """
    best, chosen = (
        math.inf,
        TargetModel(kernel=KERNELS[name], unit=1.0, offset=0.0, inflation=1.0, spread=1.0),
    )
    for inflation in np.linspace(0.3, 2.0, 35):
        for spread in np.linspace(0.0, 1.5, 76):
            target = msgspec.structs.replace(chosen, inflation=float(inflation), spread=float(spread))
            ratios = in_errors(name, corpus.labels[name], means, doubts, target)
            miss = abs((ratios < 1.0).mean() - 0.683) + 2.0 * abs((ratios < 1.96).mean() - 0.95)
            if miss < best - 1e-9:
                best, chosen = miss, target
    return chosen


def in_errors(name: str, labels: Array, means: Array, doubts: Array, target: TargetModel) -> Array:
    """How many of the standard errors that are told the label lies away; of calmness, as a rank of 0-1."""
    sizes = np.sqrt(target.inflation * doubts**2 + target.spread)
    if name != "calmness":
        return np.asarray(np.abs(labels - means) / sizes)
    share = np.vectorize(normal_share)
    return np.asarray(
        np.abs(share(labels) - share(means)) / (0.5 * (share(means + sizes) - share(means - sizes)))
    )


def judge(
    e: Corpus, genre: Array, v: Corpus, pieces: list[Any], scale: dict[str, tuple[float, float]]
) -> dict[str, TargetModel]:
    """Prints the table; returns how each emotion is to be read out."""
    targets = {}
    means, doubts = cross_validated("calmness", e, e.groups)
    shares = np.array([normal_share(float(mean)) for mean in means])
    print("Emotify, by artist: calmness r", interval(correlation, shares, e.labels["share"], groups=e.groups))
    targets["calmness"] = calibrated("calmness", e, means, doubts)
    print("  ", coverage("calmness", e, means, doubts, targets["calmness"]))
    means, _ = cross_validated("arousal", e, e.groups, other=v)
    print("Emotify, by artist: arousal r", interval(correlation, means, e.labels["arousal"], groups=e.groups))
    means, _ = cross_validated("valence", e, e.groups, other=v)
    print("Emotify, by artist: valence r", interval(correlation, means, e.labels["valence"], groups=e.groups))
    for name in ("calmness", "arousal"):
        means, _ = cross_validated(name, e, genre, other=v)
        print(
            f"Emotify, by genre: {name} r",
            interval(correlation, means, e.labels[name]),
            "AUC",
            interval(auc, means, e.labels[name]),
        )
    for name in ("arousal", "valence"):
        means, doubts = cross_validated(name, v, v.groups, other=e)
        print(f"VGMIDI, by series: {name} r", interval(correlation, means, v.labels[name]))
        mean, unit = scale[name]
        targets[name] = msgspec.structs.replace(calibrated(name, v, means, doubts), unit=unit, offset=mean)
        print("  ", coverage(name, v, means, doubts, targets[name]))
        print(f"VGMIDI, by series: {name} within a piece, r", within(name, v, e, pieces))
    for name in ("arousal", "valence"):
        there = train(name, e.examples(name))(v.features)[0]
        back = train(name, v.examples(name))(e.features)[0]
        print(
            f"Emotify → VGMIDI: {name} r",
            interval(correlation, there, v.labels[name]),
            "AUC",
            interval(auc, there, v.labels[name]),
        )
        print(
            f"VGMIDI → Emotify: {name} r",
            interval(correlation, back, e.labels[name]),
            "AUC",
            interval(auc, back, e.labels[name]),
        )
    return targets


def coverage(name: str, corpus: Corpus, means: Array, doubts: Array, target: TargetModel) -> str:
    """Share of labels within one and within 1.96 standard errors (68 and 95 % are right)."""
    errors = in_errors(name, corpus.labels[name], means, doubts, target)
    return f"within 1 SE {(errors < 1.0).mean():.3f}, within 1.96 SE {(errors < 1.96).mean():.3f}"


def within(name: str, v: Corpus, e: Corpus, pieces: list[Any]) -> str:
    """Mean over the pieces of r between the curve and the listeners' curve, bar by bar."""
    found = []
    for known, asked in folds(v.groups):
        predict = train(name, v.examples(name, known).joined(e.examples(name)))
        for i in np.flatnonzero(asked):
            (_, _, windows), curve = pieces[i]
            bars = (np.arange(len(curve[name])) + 0.5) * float(curve["bar"])
            if len(windows) < 3 or curve[name].std() < 1e-6:
                continue
            centres = [0.5 * (begin + end) for begin, end, _ in windows]
            estimate = np.interp(bars, centres, predict(np.array([row for *_, row in windows]))[0])
            if estimate.std() > 1e-9:
                found.append(correlation(estimate, curve[name]))
    return interval(lambda column: float(column.mean()), np.array(found)) + f" ({len(found)} pieces)"


def early(e: Corpus, everything: list[Any]) -> list[Excerpt]:
    """How far the estimate of calmness lies from that of the whole minute; by artist, as everything else."""
    table = []
    for i, at in enumerate(HEARD):
        part, whole = np.full(len(e), np.nan), np.full(len(e), np.nan)
        for known, asked in folds(e.groups):
            predict = train("calmness", e.examples("calmness", known))
            for j in np.flatnonzero(asked):
                if len(everything[j][1]) > i:
                    part[j], whole[j] = predict(np.stack((everything[j][1][i], e.features[j])))[0]
        part, whole = part[np.isfinite(part)], whole[np.isfinite(part)]
        print(
            f"calmness after {at} s: rank correlation with the whole", interval(rank_correlation, part, whole)
        )
        table.append(Excerpt(heard=at, deviation=float(np.sqrt(((part - whole) ** 2).mean()))))
    return [*table, Excerpt(heard=60.0, deviation=0.0)]


def save(e: Corpus, v: Corpus, description: Description, path: Path) -> None:
    everything = e.examples("arousal").joined(v.examples("arousal"))
    knots = knots_of(everything.features)
    stored: dict[str, Array] = {
        "description": np.frombuffer(msgspec.json.encode(description), np.uint8),
        "knots": knots.astype(np.float32),
        "weights": steadiness(everything).astype(np.float32),
        "inputs": np.rint(Ranks(knots)(everything.features) / SCORE_STEP).astype(np.int8),
    }
    for name in KERNELS:
        stored[f"{name}_targets"] = np.concatenate(
            [corpus.labels.get(name, np.zeros(len(corpus))) for corpus in (e, v)]
        ).astype(np.float16)
        stored[f"{name}_noise"] = np.concatenate(
            [corpus.noise if name in corpus.labels else np.full(len(corpus), math.inf) for corpus in (e, v)]
        ).astype(np.float16)
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fit", action="store_true", help="write the model that the player uses")
    chosen = parser.parse_args()
    e, genre, everything = emotify(chosen.data)
    v, scale, pieces = vgmidi(chosen.data)
    targets = judge(e, genre, v, pieces, scale)
    excerpts = early(e, everything)
    if chosen.fit:
        provenance = (
            f"Emotify ({len(e)} recordings, Aljanaki 2015) and VGMIDI ({len(v)} pieces, Ferreira 2019)"
        )
        description = Description(
            version=FEATURES_VERSION, provenance=provenance, targets=targets, excerpts=excerpts
        )
        save(e, v, description, Path(player.analysis.__path__[0]) / MODEL)


if __name__ == "__main__":
    main()
