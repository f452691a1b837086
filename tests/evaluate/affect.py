"""Fits the affect model and judges it: `python -m tests.evaluate.affect --data DIR [--fit]`.

DIR holds emotify/, vgmidi/, pop909/ and asap/ (README, "Judging it"). What is said of a corpus is
cross-validated, by artist on Emotify, by series on VGMIDI; between corpora one trains, the other is judged;
long pieces, which have no labels, are judged by the model that is shipped. Kernels, the exponent of
steadiness and the features left out were chosen by the same cross-validation, among some twenty of each.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct

import player.analysis
from player.analysis.affect import MODEL, SCORE_STEP, Description, Excerpt, TargetModel, normal_share
from player.analysis.regression import GaussianProcess, Kernel, Ranks
from player.model import FEATURES_VERSION
from tests.evaluate.emotions import HEARD, Array, Corpus, Examples, Journey, emotify, journeys, vgmidi
from tests.evaluate.statistics import auc, correlation, interval, mean, rank_correlation

KERNELS: Final = {
    "arousal": Kernel(linear=1.0, radial=1.0, length=0.35),
    "valence": Kernel(linear=1.0, radial=1.0, length=0.35),
    "calmness": Kernel(linear=0.3, radial=0.6, length=0.4),
}
EMOTIONS: Final = tuple(KERNELS)
STEADY: Final = 2.0  # exponent of a feature's steadiness in its weight
KNOTS: Final = 41


class Width(Struct, frozen=True):
    """How a model's doubt becomes a standard error, in labels' deviations: see `TargetModel`."""

    inflation: float
    spread: float

    def errors(self, doubts: Array) -> Array:
        return np.asarray(np.sqrt(self.inflation * doubts**2 + self.spread))


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


def train(name: str, of: Examples, seen: Examples | None = None) -> Callable[[Array], tuple[Array, Array]]:
    """seen: what ranks and weights are taken from, which need no label; None: the same."""
    seen = of if seen is None else seen
    ranks = Ranks(knots_of(seen.features), steadiness(seen))
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
    """Mean and doubt for every track, predicted without its group; `other` always helps to train, or where it
    has no such label at least to rank.
    """
    means, doubts = np.zeros(len(corpus)), np.zeros(len(corpus))
    for known, asked in folds(groups):
        predict = train(name, *shipped(name, corpus.examples(name, known), other))
        means[asked], doubts[asked] = predict(corpus.features[asked])
    return means, doubts


def shipped(name: str, of: Examples, other: Corpus | None) -> tuple[Examples, Examples]:
    """What the model that is shipped learns from, and what it ranks by."""
    if other is None:
        return of, of
    both = of.joined(other.examples(name if name in other.labels else "arousal"))
    return (both if name in other.labels else of), both


def calibrated(name: str, labels: Array, means: Array, doubts: Array) -> Width:
    """The model's doubt, scaled, and a spread on top: as wide as the cross-validated errors were.

    The doubt always counts: it grows for music unlike any example. Two figures, found by trying: the shares
    within 1 and 1.96 standard errors come nearest to 68 and 95 %.
    """
    best, chosen = math.inf, Width(1.0, 1.0)
    for inflation in np.linspace(0.3, 2.0, 18):
        for spread in np.linspace(0.0, 1.5, 51):
            width = Width(float(inflation), float(spread))
            ratios = in_errors(name, labels, means, width.errors(doubts))
            miss = abs((ratios < 1.0).mean() - 0.683) + 2.0 * abs((ratios < 1.96).mean() - 0.95)
            if miss < best - 1e-9:
                best, chosen = miss, width
    return chosen


def in_errors(name: str, labels: Array, means: Array, sizes: Array) -> Array:
    """How many of the standard errors that are told the label lies away; of calmness, as a rank of 0-1."""
    if name != "calmness":
        return np.asarray(np.abs(labels - means) / sizes)
    share = np.vectorize(normal_share)
    return np.asarray(
        np.abs(share(labels) - share(means)) / (0.5 * (share(means + sizes) - share(means - sizes)))
    )


def judge(e: Corpus, genre: Array, v: Corpus, pieces: list[Any]) -> dict[str, Width]:
    """Prints the table; returns how wide the errors of each emotion are."""
    widths = {}
    means, doubts = cross_validated("calmness", e, e.groups, other=v)
    shares = np.array([normal_share(float(mean)) for mean in means])
    print("Emotify, by artist: calmness r", interval(correlation, shares, e.labels["share"], groups=e.groups))
    print("  ", coverage("calmness", e, means, doubts))
    widths["calmness"] = calibrated("calmness", e.labels["calmness"], means, doubts)
    for name in ("arousal", "valence"):
        means, _ = cross_validated(name, e, e.groups, other=v)
        print(f"Emotify, by artist: {name}", agreement(means, name, e))
    for name in EMOTIONS:
        means, _ = cross_validated(name, e, genre, other=v)
        print(f"Emotify, by genre: {name}", agreement(means, name, e))
    for name in ("arousal", "valence"):
        means, doubts = cross_validated(name, v, v.groups, other=e)
        print(f"VGMIDI, by series: {name}", agreement(means, name, v))
        print("  ", coverage(name, v, means, doubts))
        widths[name] = calibrated(name, v.labels[name], means, doubts)
        print(f"VGMIDI, by series: {name} within a piece, r", within(name, v, e, pieces))
    for name in ("arousal", "valence"):
        print(f"Emotify → VGMIDI: {name}", agreement(train(name, e.examples(name))(v.features)[0], name, v))
        print(f"VGMIDI → Emotify: {name}", agreement(train(name, v.examples(name))(e.features)[0], name, e))
    return widths


def agreement(means: Array, name: str, corpus: Corpus) -> str:
    """Intervals over whole artists or series: there are eight series, so theirs are rough."""
    labels = corpus.labels[name]
    return (
        f"r {interval(correlation, means, labels, groups=corpus.groups)} "
        f"AUC {interval(auc, means, labels, groups=corpus.groups)}"
    )


def coverage(name: str, corpus: Corpus, means: Array, doubts: Array) -> str:
    """Share of labels within one and within 1.96 standard errors (68 and 95 % are right).

    The width of each track's error was found on the other groups.
    """
    labels, errors = corpus.labels[name], np.zeros(len(corpus))
    for known, asked in folds(corpus.groups):
        width = calibrated(name, labels[known], means[known], doubts[known])
        errors[asked] = in_errors(name, labels[asked], means[asked], width.errors(doubts[asked]))
    return ", ".join(
        f"within {size} SE {interval(mean, (errors < size).astype(float), groups=corpus.groups)}"
        for size in (1.0, 1.96)
    )


def within(name: str, v: Corpus, e: Corpus, pieces: list[Any]) -> str:
    """Mean over the pieces of r between the curve and the listeners' curve, bar by bar."""
    found, series = [], []
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
                series.append(v.groups[i])
    return interval(mean, np.array(found), groups=np.array(series)) + f" ({len(found)} pieces)"


def early(e: Corpus, v: Corpus, everything: list[Any]) -> None:
    """How well calmness after some seconds orders Emotify as after its minute; by artist, as everything."""
    for i, at in enumerate(at for at in HEARD if at < 60):
        part, whole = np.full(len(e), np.nan), np.full(len(e), np.nan)
        for known, asked in folds(e.groups):
            predict = train("calmness", *shipped("calmness", e.examples("calmness", known), v))
            for j in np.flatnonzero(asked):
                if len(everything[j][1]) > i:
                    part[j], whole[j] = predict(np.stack((everything[j][1][i], e.features[j])))[0]
        known = np.isfinite(part)
        if known.sum() > 0.5 * len(e):
            told = interval(rank_correlation, part[known], whole[known], groups=e.groups[known])
            print(f"calmness after {at} s: rank correlation with the whole", told)


def parts(name: str, e: Corpus, v: Corpus, long: Sequence[Journey]) -> tuple[list[Excerpt], float]:
    """How far the estimate after some seconds, and that of a quick scan, lie from that of the whole."""
    predict = train(name, *shipped(name, e.examples(name), v))
    whole = predict(np.array([each.whole for each in long]))[0]

    def off(features: list[Array]) -> float:
        return float(np.sqrt(np.square(predict(np.array(features))[0] - whole).mean()))

    found = [off([each.early[i] for each in long]) for i in range(len(HEARD))]
    # by chance more may seem to say less
    table = [Excerpt(heard=at, deviation=max(found[i:])) for i, at in enumerate(HEARD)]
    quick = off([each.quick for each in long])
    after = ", ".join(f"{row.heard:.0f} s {row.deviation:.2f}" for row in table)
    print(f"{name}, {len(long)} long pieces, deviation from the whole after {after}; quick scan {quick:.2f}")
    for at, features in ((20, [each.early[HEARD.index(20)] for each in long]), (0, [q.quick for q in long])):
        ranks = interval(rank_correlation, predict(np.array(features))[0], whole)
        print(f"    rank correlation with the whole, {f'after {at} s' if at else 'quick scan'}: {ranks}")
    return table, quick


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
    widths = judge(e, genre, v, pieces)
    early(e, v, everything)
    long = journeys(chosen.data)
    targets = {}
    for name, width in widths.items():
        table, quick = parts(name, e, v, long)
        offset, unit = scale.get(name, (0.0, 1.0))
        targets[name] = TargetModel(
            kernel=KERNELS[name],
            unit=unit,
            offset=offset,
            inflation=width.inflation,
            spread=width.spread,
            excerpts=table,
            places=quick,
        )
    if chosen.fit:
        provenance = (
            f"Emotify ({len(e)} recordings, Aljanaki 2015) and VGMIDI ({len(v)} pieces, Ferreira 2019)"
        )
        description = Description(version=FEATURES_VERSION, provenance=provenance, targets=targets)
        save(e, v, description, Path(player.analysis.__path__[0]) / MODEL)


if __name__ == "__main__":
    main()
