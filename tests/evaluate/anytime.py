"""How near each feature is to its final value after 5, 10, 20 and 60 s of listening.

`python -m tests.evaluate.anytime [FOLDER…] [--data DIR] [--plot OUT.png] [--table]`: real recordings, all in
full, and Emotify's development part below DIR; `--table` prints what `player/analysis/confidence.py` keeps.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.confidence import MEASURED
from player.model import TrackFeatures
from tests.evaluate.data import rows
from tests.evaluate.statistics import interval, rank_correlation

HEARD: Final = (5, 10, 20, 60)  # seconds
SHORTEST: Final = 55.0  # seconds: a shorter piece says nothing of what comes later
SUFFIXES: Final = (".mp3", ".ogg", ".opus", ".flac", ".m4a", ".wav")


def listen(path: Path) -> list[TrackFeatures] | None:
    """What was known after each of `HEARD` seconds, and at the end; None for a short or broken piece."""
    from adapters.decode import open_source
    from player.analysis.stream import StreamAnalyzer
    from player.errors import LullError

    try:
        with open_source(str(path), rate=None, channels=None) as source:
            analyser, found, pushed = StreamAnalyzer(source.rate, source.channels), [], 0
            while (block := source.read()) is not None:
                for at in (second * source.rate for second in HEARD):
                    if pushed < at <= pushed + len(block):
                        analyser.push(block[: at - pushed])
                        found.append(analyser.snapshot())
                        block, pushed = block[at - pushed :], at
                analyser.push(block)
                pushed += len(block)
            final = analyser.finish()
    except LullError:
        return None
    if final.heard < SHORTEST:
        return None
    return [*found, *[final] * (len(HEARD) - len(found)), final]


def value(features: TrackFeatures, name: str) -> float:
    """NaN where it is not known."""
    if name in ("calmness", "arousal", "valence"):
        return float("nan") if features.affect is None else float(getattr(features.affect, name))
    found = getattr(features, name)
    return float("nan") if found is None else float(found)


def ordered(early: NDArray[Any], final: NDArray[Any]) -> float:
    """Rank correlation of the early with the final value among pieces that went on, at least 0."""
    known = np.isfinite(early) & np.isfinite(final)
    return max(0.0, rank_correlation(early[known], final[known])) if known.sum() >= 3 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, help="holds emotify/")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    paths = sorted(p for folder in chosen.folders for p in folder.rglob("*") if p.suffix in SUFFIXES)
    if chosen.data is not None:
        paths += [chosen.data / "emotify" / row["file"] for row in rows("emotify_dev.csv")]
    with ProcessPoolExecutor(2) as pool:
        pieces = [found for found in pool.map(listen, paths) if found]
    # a piece that ends just then says nothing about how much was still to come
    long = [np.array([piece[-1].heard > 1.2 * at for piece in pieces]) for at in HEARD]
    print(
        "rank correlation with the final value after", *HEARD, "s, of", *(on.sum() for on in long), "pieces"
    )
    table = {}
    for name in MEASURED:
        values = np.array([[value(features, name) for features in piece] for piece in pieces])
        table[name] = [ordered(values[long[i], i], values[long[i], -1]) for i in range(len(HEARD))]
        error = [_median(np.abs(values[on, i] - values[on, -1])) for i, on in enumerate(long)]
        print(
            f"{name:22s}",
            *(f"{x:6.2f}" for x in table[name]),
            "  median error",
            *(f"{x:9.3g}" for x in error),
        )
    calm = np.array([[value(features, "calmness") for features in piece] for piece in pieces])
    for i, at in enumerate(HEARD):
        known = np.isfinite(calm[:, i]) & long[i]
        print(
            f"calmness after {at} s: rank correlation with the end",
            interval(rank_correlation, calm[known, i], calm[known, -1]),
        )
    for name in ("tempo", "key"):
        same = [
            np.mean([_same(name, piece[i], piece[-1]) for piece, on in zip(pieces, each, strict=True) if on])
            for i, each in enumerate(long)
        ]
        print(f"{name} as at the end:", *(f"{x:.2f}" for x in same))
    if chosen.table:
        for name, measured in table.items():
            # a minute of a long piece may say less than 20 s of a short one: never surer before than later
            row = [min(measured[i:]) for i in range(len(measured))]
            print(f'    "{name}": ({", ".join(f"{x:.2f}" for x in row)}),')
    if chosen.plot:
        draw(table, [int(on.sum()) for on in long], chosen.plot)


def _median(values: NDArray[Any]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _same(name: str, early: TrackFeatures, final: TrackFeatures) -> bool:
    if name == "key":
        return (early.key, early.mode) == (final.key, final.mode)
    if early.tempo is None or final.tempo is None:
        return early.tempo is final.tempo
    return abs(early.tempo / final.tempo - 1.0) <= 0.04


def draw(table: dict[str, list[float]], pieces: list[int], out: Path) -> None:
    """pieces: of how many each column tells; those of the last are longer, and others, than of the rest."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(10, 7), layout="constrained")
    for name, row in table.items():
        (line,) = ax.plot(HEARD[:-1], row[:-1], marker="o", lw=3 if name == "calmness" else 1, label=name)
        ax.plot(HEARD[-1], row[-1], marker="o", color=line.get_color())
    ax.set_xscale("log")
    ax.set_xticks(HEARD, [f"{at} s\n{count} pieces" for at, count in zip(HEARD, pieces, strict=True)])
    ax.minorticks_off()
    ax.set_xlabel("heard, and how many pieces went on")
    ax.set_ylabel("rank correlation with the value of the whole")
    ax.legend(fontsize=7, ncols=2)
    figure.savefig(out, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
