"""Fits the affect model and judges it: `python -m tests.evaluate.affect --data DIR [--fit]`.

DIR holds emotify/ and vgmidi/ (README, "Judging it"). Every figure is cross-validated: by artist on Emotify,
by series on VGMIDI. The kernels were chosen by the same cross-validation among three of each.
"""

import argparse
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

import player.analysis
from player.analysis.affect import MODEL, SCORE_STEP, Description, Excerpt, TargetModel, normal_share
from player.analysis.regression import GaussianProcess, Kernel, Ranks
from player.model import FEATURES_VERSION
from tests.evaluate.data import lines, rendered, rows
from tests.evaluate.statistics import auc, correlation, interval, rank_correlation

Array = NDArray[Any]
KERNELS: Final = {
    "arousal": Kernel(linear=1.0, radial=1.0, length=0.5),
    "valence": Kernel(linear=1.0, radial=1.0, length=1.0),
    "calmness": Kernel(linear=1.0, radial=1.0, length=0.5),
}
NOISE: Final = 0.3  # variance of a label, of all labels 1: reliability of both sets 0.77-0.94
LISTENER: Final = 6.0  # variance added by having asked only n listeners: this / n
KNOTS: Final = 41
HEARD: Final = (5, 10, 20, 30)  # seconds at which the estimate is compared with the final one


def analyse(path: Path) -> tuple[Array, list[Array], list[tuple[float, float, Array]]]:
    """Features of a file: of the whole, after each of `HEARD`, and of 15 s around each block."""
    from adapters.decode import open_source
    from player.analysis.stream import StreamAnalyzer

    with open_source(str(path), rate=None, channels=None) as source:
        analyser, early, pushed = StreamAnalyzer(source.rate, source.channels), [], 0
        while (block := source.read()) is not None:
            for at in (second * source.rate for second in HEARD):
                if pushed < at <= pushed + len(block):
                    analyser.push(block[: at - pushed])
                    early.append(analyser.describe())
                    block, pushed = block[at - pushed :], at
            analyser.push(block)
            pushed += len(block)
        analyser.flush()  # not `finish`, which needs a model that was fitted to this version
        windows = [(float(p.begin), float(p.end), features) for p, features in analyser.windows()]
        return np.asarray(analyser.describe()), early, windows


def cached(paths: dict[str, Path], store: Path) -> dict[str, Any]:
    """The features of all files, kept until the version of the analysis changes."""
    if store.exists():
        with np.load(store, allow_pickle=True) as kept:
            return dict(kept["features"].item())
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(paths, pool.map(analyse, paths.values(), chunksize=4), strict=True))
    np.savez(store, features=np.array(found, dtype=object))
    return found


class Corpus:
    """features: (n, f). groups: what may not be split. labels: standardised, by emotion. noise: of each."""

    def __init__(self, features: Array, groups: Array, labels: dict[str, Array], noise: Array) -> None:
        self.features, self.groups, self.labels, self.noise = features, groups, labels, noise

    def __len__(self) -> int:
        return len(self.features)


def emotify(data: Path) -> tuple[Corpus, Array, list[Any]]:
    """The corpus, the genre of each track, and what was found in each."""
    table = rows("emotify_dev.csv")
    found = cached(
        {row["track_id"]: data / "emotify" / row["file"] for row in table},
        data / f"emotify-{FEATURES_VERSION}.npz",
    )
    share = {name: np.array([float(row[name]) for row in table]) for name in table[0] if name in NINE}
    z = {name: standard(values) for name, values in share.items()}
    labels = {
        # felt emotions at the ends of each axis: Zentner 2008 maps them so
        "arousal": standard(z["power"] + z["joyful_activation"] - z["calmness"] - z["tenderness"]),
        "valence": standard(z["joyful_activation"] + z["amazement"] - z["sadness"] - z["tension"]),
        "calmness": normal_scores(share["calmness"]),
        "share": share["calmness"],
    }
    everything = [found[row["track_id"]] for row in table]
    corpus = Corpus(
        np.array([each[0] for each in everything]),
        np.array([row["artist_group"] for row in table]),
        labels,
        NOISE + LISTENER / np.array([float(row["ratings"]) for row in table]),
    )
    return corpus, np.array([row["genre"] for row in table]), everything


NINE: Final = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness"),
    *("power", "joyful_activation", "tension", "sadness"),
)


def vgmidi(data: Path) -> tuple[Corpus, dict[str, tuple[float, float]], list[Any]]:
    """The corpus, mean and deviation of the labels as given, and what was found in each with its curves."""
    annotated = annotations(data / "vgmidi" / "labelled" / "annotations")
    names = [name for name in lines("vgmidi_dev.txt") if Path(name).name in annotated]
    paths = {name: rendered(data / "vgmidi" / name, data / "wav", data) for name in names}
    found = cached(paths, data / f"vgmidi-{FEATURES_VERSION}.npz")
    curves = [annotated[Path(name).name] for name in names]
    raw = {axis: np.array([curve[axis].mean() for curve in curves]) for axis in ("arousal", "valence")}
    corpus = Corpus(
        np.array([found[name][0] for name in names]),
        np.array([Path(name).name.split("_")[0] for name in names]),
        {axis: standard(values) for axis, values in raw.items()},
        np.full(len(names), NOISE),
    )
    scale = {axis: (float(values.mean()), float(values.std())) for axis, values in raw.items()}
    return corpus, scale, [(found[name], curve) for name, curve in zip(names, curves, strict=True)]


def annotations(folder: Path) -> dict[str, dict[str, Array]]:
    """For each piece the mean of its listeners in every bar, and the bars' length in seconds."""
    pieces = {}
    for file in sorted(folder.glob("*.json")):
        stored = json.loads(file.read_text())
        for key, piece in stored["pieces"].items():
            given = [one for name, one in stored["annotations"].items() if name.split("_")[0] == key]
            bars = min(len(one["arousal"]) for one in given)
            pieces[Path(piece["midi"]).name] = {
                "arousal": np.mean([one["arousal"][:bars] for one in given], axis=0),
                "valence": np.mean([one["valence"][:bars] for one in given], axis=0),
                "bar": np.array(piece["duration"] / piece["measures"]),
            }
    return pieces


def standard(values: Array) -> Array:
    return np.asarray((values - values.mean()) / values.std())


def normal_scores(values: Array) -> Array:
    """Of the ranks (ties by order): what the calmness of 0-1 turns back into a share of the corpus."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / len(values)
    odds = np.log(ranks / (1.0 - ranks))
    return np.asarray(odds / 1.702)


def knots_of(features: Array) -> Array:
    return np.asarray(np.nanquantile(features, np.linspace(0.0, 1.0, KNOTS), axis=0))


def train(
    kernel: Kernel, features: Array, labels: Array, noise: Array
) -> Callable[[Array], tuple[Array, Array]]:
    ranks = Ranks(knots_of(features))
    process = GaussianProcess(kernel, ranks(features), labels, noise)
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
        features, labels, noise = corpus.features[known], corpus.labels[name][known], corpus.noise[known]
        if other is not None and name in other.labels:
            features = np.concatenate((features, other.features))
            labels = np.concatenate((labels, other.labels[name]))
            noise = np.concatenate((noise, other.noise))
        means[asked], doubts[asked] = train(KERNELS[name], features, labels, noise)(corpus.features[asked])
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
        there = train(KERNELS[name], e.features, e.labels[name], e.noise)(v.features)[0]
        back = train(KERNELS[name], v.features, v.labels[name], v.noise)(e.features)[0]
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
        features = np.concatenate((v.features[known], e.features))
        labels = np.concatenate((v.labels[name][known], e.labels[name]))
        predict = train(KERNELS[name], features, labels, np.concatenate((v.noise[known], e.noise)))
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
            predict = train(
                KERNELS["calmness"], e.features[known], e.labels["calmness"][known], e.noise[known]
            )
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
    features = np.concatenate((e.features, v.features))
    knots = knots_of(features)
    stored: dict[str, Array] = {
        "description": np.frombuffer(msgspec.json.encode(description), np.uint8),
        "knots": knots.astype(np.float32),
        "inputs": np.rint(Ranks(knots)(features) / SCORE_STEP).astype(np.int8),
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
