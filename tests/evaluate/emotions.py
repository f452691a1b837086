"""The two corpora with labelled emotions, as the analysis hears them."""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.model import FEATURES_VERSION, ScanMode
from player.units import Seconds
from tests.evaluate.data import lines, rendered, rows

Array = NDArray[Any]
NOISE: Final = 0.3  # variance of a label, of all labels 1: reliability of both sets 0.77-0.94
LISTENER: Final = 6.0  # variance added by having asked only n listeners: this / n
HEARD: Final = (5, 10, 20, 30, 60, 120)  # seconds at which the estimate is compared with the final one
LONG: Final = 150.0  # seconds: recordings that go on
SOME: Final = 60  # of the pop songs: as many as there are of the others
STEADY_AFTER: Final = 20  # seconds, one of `HEARD`, after which a feature should be what it stays


class Journey(Struct, frozen=True):
    """Features of a long piece after each of `HEARD` seconds, of a quick scan, and of the whole."""

    early: list[Array]
    quick: Array
    whole: Array


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


def journey(path: Path) -> Journey | None:
    """None for what is too short to go on."""
    from adapters.decode import open_source
    from adapters.library.excerpts import LENGTH, excerpts
    from player.analysis.stream import StreamAnalyzer

    with open_source(str(path), rate=None, channels=None) as source:
        rate, channels = source.rate, source.channels
        blocks = []
        while (block := source.read()) is not None:
            blocks.append(block)
    sound = np.concatenate(blocks)
    duration = Seconds(len(sound) / rate)
    if duration < LONG:
        return None
    whole, quick = (StreamAnalyzer(rate, channels, scan_mode=mode) for mode in ScanMode)
    early, pushed = [], 0
    for at in (second * rate for second in HEARD):
        whole.push(sound[pushed:at])
        early.append(whole.describe())
        pushed = at
    whole.push(sound[pushed:])
    whole.flush()
    for place in excerpts(duration):
        quick.splice(place)
        quick.push(sound[round(place * rate) : round((place + LENGTH) * rate)])
    quick.flush()
    return Journey(early, quick.describe(), whole.describe())


def journeys(data: Path) -> list[Journey]:
    """Of Debian's game music, pop songs and piano: nobody labelled them, but they go on."""
    from tests.bench.songs import recordings

    pop = [data / "pop909" / "POP909" / name / f"{name}.mid" for name in lines("pop909_dev.txt")]
    midi = [*pop[:: len(pop) // SOME], *(data / "asap" / name for name in lines("asap_dev.txt"))]
    paths = [*recordings(), *(rendered(each, data / "wav", data) for each in midi)]
    found = cached({str(path): path for path in paths}, data / f"journeys-{FEATURES_VERSION}.npz", journey)
    return [each for each in found.values() if each]


def cached(paths: dict[str, Path], store: Path, job: Callable[[Path], Any] = analyse) -> dict[str, Any]:
    """What `job` made of all files, kept until the version of the analysis changes."""
    if store.exists():
        with np.load(store, allow_pickle=True) as kept:
            return dict(kept["features"].item())
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(paths, pool.map(job, paths.values(), chunksize=4), strict=True))
    np.savez(store, features=np.array(found, dtype=object))
    return found


class Examples(Struct, frozen=True):
    """features, and those after `STEADY_AFTER` seconds: (n, f). labels, and their variance: (n,)."""

    features: Array
    early: Array
    labels: Array
    noise: Array

    def joined(self, other: "Examples") -> "Examples":
        return Examples(
            *(np.concatenate((getattr(self, name), getattr(other, name))) for name in self.__struct_fields__)
        )


class Corpus(Struct, frozen=True):
    """groups: what may not be split. labels: standardised, by emotion. The rest as in `Examples`."""

    features: Array
    early: Array
    groups: Array
    labels: dict[str, Array]
    noise: Array

    def __len__(self) -> int:
        return len(self.features)

    def examples(self, name: str, known: Array | None = None) -> Examples:
        """Those with a true `known`; None: all."""
        chosen = np.ones(len(self), dtype=bool) if known is None else known
        return Examples(
            self.features[chosen], self.early[chosen], self.labels[name][chosen], self.noise[chosen]
        )


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
        "arousal": standard(
            z["power"]
            + z["joyful_activation"]
            + 0.5 * z["tension"]
            - z["calmness"]
            - z["tenderness"]
            - 0.5 * z["sadness"]
        ),
        "valence": standard(z["joyful_activation"] + z["amazement"] - z["sadness"] - z["tension"]),
        "calmness": normal_scores(share["calmness"]),
        "share": share["calmness"],
    }
    everything = [found[row["track_id"]] for row in table]
    corpus = Corpus(
        np.array([each[0] for each in everything]),
        np.array([after_a_while(each) for each in everything]),
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
        np.array([after_a_while(found[name]) for name in names]),
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


def after_a_while(found: Any) -> Array:
    """Features after `STEADY_AFTER` seconds; of a shorter piece those of the whole."""
    whole, early, _ = found
    at = HEARD.index(STEADY_AFTER)
    return np.asarray(early[at] if len(early) > at else whole)
