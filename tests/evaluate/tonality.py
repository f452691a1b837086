"""How often the key is right, how robustly, and whether its confidence is one; `--fit` makes the model anew.

The model is fitted to POP909 and ASAP, where every setting was chosen by five-fold cross-validation with all
performances of a composition in one fold. The Well-Tempered Clavier takes no part in either.
"""

import argparse
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from player.analysis import tonality
from player.analysis.framing import Signal
from player.analysis.partials import PartialsAnalyzer
from player.analysis.tonality import UPWARDS, TonalityMeter
from tests.evaluate import logit
from tests.evaluate.data import RATE, lines, rendered, rows
from tests.evaluate.statistics import interval, mean

PENALTY: Final = 6.0  # of squared weights, chosen by cross-validation
FOLDS: Final = 5
SHARE: Final = {"whole": 1.0, "first 30 s": 1.0, "first 60 s": 0.5, "first 10 s": 0.5, "middle": 0.5}
TONICS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# Keys by title or catalogue, lower case for minor; pieces of no one key are left out
ASAP: Final = dict(
    line.split()
    for line in """
Balakirev/Islamey Db
Beethoven/Piano_Sonatas/11-2 Eb
Beethoven/Piano_Sonatas/13-4 Eb
Beethoven/Piano_Sonatas/15-1 D
Beethoven/Piano_Sonatas/16-1 G
Beethoven/Piano_Sonatas/17-1 d
Beethoven/Piano_Sonatas/18-1 Eb
Beethoven/Piano_Sonatas/2-1 A
Beethoven/Piano_Sonatas/21-1 C
Beethoven/Piano_Sonatas/22-1 F
Beethoven/Piano_Sonatas/23-1 f
Beethoven/Piano_Sonatas/24-1 F#
Beethoven/Piano_Sonatas/27-1 e
Beethoven/Piano_Sonatas/28-1 A
Beethoven/Piano_Sonatas/29-2 Bb
Beethoven/Piano_Sonatas/29-4 Bb
Beethoven/Piano_Sonatas/3-1 C
Beethoven/Piano_Sonatas/3-2 E
Beethoven/Piano_Sonatas/30-1 E
Beethoven/Piano_Sonatas/31-1 Ab
Beethoven/Piano_Sonatas/31-2 f
Beethoven/Piano_Sonatas/32-1 c
Beethoven/Piano_Sonatas/4-1 Eb
Beethoven/Piano_Sonatas/7-1 D
Beethoven/Piano_Sonatas/8-1 c
Liszt/Ballade_2 b
Liszt/Concert_Etude_S145/1 Db
Liszt/Concert_Etude_S145/2 f#
Liszt/Gran_Etudes_de_Paganini/2_La_campanella g#
Liszt/Mephisto_Waltz A
Liszt/Sonata b
Liszt/Transcendental_Etudes/10 f
Liszt/Transcendental_Etudes/5 Bb
Mozart/Piano_Sonatas/12-3 F
Mozart/Piano_Sonatas/8-1 a
Schubert/Impromptu_op.90_D.899/1 c
Schubert/Impromptu_op.90_D.899/2 Eb
Schubert/Impromptu_op.90_D.899/3 Gb
Schubert/Impromptu_op142/1 f
Schubert/Piano_Sonatas/664-2 D
Schubert/Wanderer_fantasie C
Schumann/Kreisleriana/1 d
Schumann/Kreisleriana/7 c
Scriabin/Etudes_op_8/11 bb
""".strip().splitlines()
)

Floats = NDArray[np.float64]
Key = tuple[int, int]  # mode (0 major), tonic


class Piece(NamedTuple):
    corpus: str
    composition: str  # its performances stay together
    midi: Path
    keys: list[tuple[float, float, Key]]  # from, to in seconds

    def key(self, begin: float, end: float) -> Key:
        """The one that lasts longest within."""
        lasting: dict[Key, float] = {}
        for first, last, key in self.keys:
            lasting[key] = lasting.get(key, 0.0) + max(0.0, min(last, end) - max(first, begin))
        return max(lasting, key=lambda key: lasting[key])


class Example(NamedTuple):
    piece: Piece
    kind: str
    evidence: Floats
    key: Key


def named(name: str) -> Key:
    tonic = (TONICS[name[0].upper()] + name.count("#") - name[1:].count("b")) % 12
    return int(name[0].islower()), tonic


def pieces(data: Path) -> Iterator[Piece]:
    for row in rows("wtc_book1_keys.csv"):
        key = (int(row["mode"] == "minor"), int(row["tonic_pitch_class"]))
        yield Piece("WTC", row["bwv"], data / "asap" / row["file"], [(0.0, np.inf, key)])
    for name in lines("asap_dev.txt"):
        composition = name.rsplit("/", 1)[0].removesuffix("_no_repeat")
        if composition in ASAP:
            yield Piece("ASAP", composition, data / "asap" / name, [(0.0, np.inf, named(ASAP[composition]))])
    for name in lines("pop909_dev.txt"):
        folder = data / "pop909" / "POP909" / name
        keys = []
        for line in (folder / "key_audio.txt").read_text().splitlines():
            begin, end, label = line.split()
            tonic, mode = label.split(":")
            keys.append((float(begin), float(end), named(tonic.lower() if mode == "min" else tonic)))
        yield Piece("POP909", name, folder / f"{name}.mid", keys)


def samples(path: Path) -> Signal:
    with wave.open(str(path)) as file:
        interleaved = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return np.asarray(interleaved.reshape(-1, file.getnchannels()).mean(axis=1) / 32_768.0, np.float32)


def heard(signal: Signal, rate: int, *stops: int, from_start: bool = True) -> Iterator[TonalityMeter]:
    """The meter after each of these seconds, which ascend; and at the end."""
    analyzer, meter = PartialsAnalyzer(rate), TonalityMeter(from_start=from_start)
    for second, start in enumerate(range(0, len(signal), rate)):
        if second in stops:
            yield meter
        meter.push(analyzer.push(signal[start : start + rate]))
    yield meter


def examples(piece: Piece, signal: Signal, random: np.random.Generator) -> Iterator[Example]:
    length = len(signal) // RATE
    stops = [stop for stop in (10, 30, 60) if stop < length]
    kinds = [f"first {stop} s" for stop in stops] + ["whole"]
    for kind, stop, meter in zip(kinds, [*stops, length], heard(signal, RATE, *stops), strict=True):
        yield Example(piece, kind, meter.evidence(), piece.key(0.0, stop))
    for size in (20, 40, 60):
        if length > size:
            begin = int(random.integers(length - size))
            part = signal[begin * RATE : (begin + size) * RATE]
            (meter,) = heard(part, RATE, from_start=False)
            yield Example(piece, "middle", meter.evidence(), piece.key(begin, begin + size))


def design(chosen: list[Example]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Evidence from every tonic (n, 12, 48), index of the right key among 24, importance (n,)."""
    transposed = np.stack([e.evidence[:, UPWARDS].transpose(1, 0, 2).reshape(12, -1) for e in chosen])
    right = np.array([12 * e.key[0] + e.key[1] for e in chosen])
    importance = np.array([SHARE[e.kind] for e in chosen])
    corpora = np.array([e.piece.corpus for e in chosen])
    for corpus in set(corpora):
        importance[corpora == corpus] *= 600.0 / importance[corpora == corpus].sum()
    return transposed, right, importance


def fit(chosen: list[Example]) -> tuple[Floats, Floats]:
    """Weights (2, kinds, 12) and biases (2,)."""
    transposed, right, importance = design(chosen)
    size = transposed.shape[2] + 1
    inputs = np.zeros((len(right), 24, 2 * size))
    inputs[:, :12, : size - 1] = inputs[:, 12:, size:-1] = transposed - transposed.mean(axis=(0, 1))
    inputs[:, :12, size - 1] = inputs[:, 12:, -1] = 1.0
    penalty = np.full(2 * size, PENALTY)
    penalty[[size - 1, -1]] = 1e-3
    weights = logit.fit(inputs, right, importance, penalty).reshape(2, size)
    bias = weights[:, -1] - weights[:, :-1] @ transposed.mean(axis=(0, 1))
    return weights[:, :-1].reshape(2, tonality.KINDS, 12), bias - bias.mean()


def judged(evidence: Floats, weights: Floats, bias: Floats) -> Floats:
    scores = (np.einsum("mkd,ktd->mt", weights, evidence[:, UPWARDS]) + bias[:, None]).ravel()
    odds = np.exp(scores - scores.max())
    return np.asarray(odds / odds.sum())


def mirex(found: Key, right: Key) -> float:
    """MIREX key task: 1 the same, 0.5 a fifth above, 0.3 relative, 0.2 parallel."""
    above = (found[1] - right[1]) % 12
    if found[0] == right[0]:
        return {0: 1.0, 7: 0.5}.get(above, 0.0)
    if above == 0:
        return 0.2
    return 0.3 if above == (9, 3)[right[0]] else 0.0


def table(found: list[tuple[Example, Floats]], corpora: tuple[str, ...]) -> None:
    for corpus in corpora:
        for kind in ("whole", "first 60 s", "first 30 s", "first 10 s"):
            chosen = [(e, p) for e, p in found if e.piece.corpus == corpus and e.kind == kind]
            scores = np.array([mirex(divmod(int(p.argmax()), 12), e.key) for e, p in chosen])
            of = np.array([e.piece.composition for e, _ in chosen])
            exact, credit = (interval(mean, each, groups=of) for each in (scores == 1.0, scores))
            print(f"{corpus:7} {kind:11} n {len(chosen):3}  exact {exact}  MIREX {credit}")


def calibration(found: list[tuple[Example, Floats]]) -> None:
    sure = np.array([p.max() for _, p in found])
    right = np.array([divmod(int(p.argmax()), 12) == e.key for e, p in found])
    of = np.array([e.piece.composition for e, _ in found])
    for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        chosen = (sure >= low) & (sure < high)
        if chosen.any():
            rate = interval(mean, right[chosen], groups=of[chosen])
            print(f"  said {sure[chosen].mean():.2f}  right {rate}  n {chosen.sum()}")


def resampled(signal: Signal, ratio: float) -> Signal:
    """`ratio` times as many samples, through the spectrum of the whole."""
    size = len(signal)
    spectrum = np.fft.rfft(signal, 1 << (size - 1).bit_length())
    whole = 2 * (len(spectrum) - 1)
    longer = 2 * round(whole * ratio / 2)
    fitted = np.zeros(longer // 2 + 1, np.complex128)
    fitted[: min(len(spectrum), len(fitted))] = spectrum[: len(fitted)]
    return np.asarray(np.fft.irfft(fitted, longer)[: round(size * ratio)] * (longer / whole), np.float32)


def robustness(chosen: list[tuple[Piece, Signal]]) -> None:
    """First 30 s of the Well-Tempered Clavier, changed as recordings differ."""
    plain: list[Key] = []
    semitone = 1.0 / 12.0
    changes = [("as it is", 1.0, 0.0, RATE)]
    changes += [
        (f"{cents:+} cents", 2.0 ** (-cents / 100.0 * semitone), 0.0, RATE) for cents in (-45, -30, 30, 45)
    ]
    changes += [(f"{level:+} dB", 1.0, level, RATE) for level in (-15.0, -25.0)]
    changes += [(f"at {rate} Hz", rate / RATE, 0.0, rate) for rate in (44_100, 48_000)]
    for name, ratio, level, rate in changes:
        found: list[Key] = []
        for _, signal in chosen:
            changed = resampled(signal[: 30 * RATE], ratio) * np.float32(10.0 ** (level / 20.0))
            (meter,) = heard(changed, rate)
            found.append(divmod(int(meter.probabilities().argmax()), 12))
        plain = plain or found
        right = [key == piece.key(0.0, 30.0) for key, (piece, _) in zip(found, chosen, strict=True)]
        same = np.mean([a == b for a, b in zip(found, plain, strict=True)])
        print(f"  {name:12} exact {np.mean(right):.3f}  same key as unchanged {same:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds asap/ and pop909/")
    parser.add_argument("--fit", action="store_true", help="print the model's weights, fitted anew")
    given = parser.parse_args()
    random = np.random.default_rng(0)
    made: list[Example] = []
    held_out: list[tuple[Piece, Signal]] = []
    for piece in pieces(given.data):
        signal = samples(rendered(piece.midi, given.data / "wav", given.data))
        made += examples(piece, signal, random)
        if piece.corpus == "WTC":
            held_out.append((piece, signal))
    shipped = [(e, judged(e.evidence, tonality.WEIGHTS, tonality.BIAS)) for e in made]
    print("As shipped, on pieces that took no part in fitting:")
    table(shipped, ("WTC",))
    calibration([(e, p) for e, p in shipped if e.piece.corpus == "WTC"])
    robustness(held_out)
    learned = [e for e in made if e.piece.corpus != "WTC"]
    if given.fit:
        weights, bias = fit(learned)
        print(np.array2string(np.round(weights, 2), separator=", "), np.round(bias, 2))
    names = sorted({e.piece.composition for e in learned})
    fold = dict(zip(names, np.random.default_rng(1).permutation(len(names)) % FOLDS, strict=True))
    crossed: list[tuple[Example, Floats]] = []
    for left_out in range(FOLDS):
        model = fit([e for e in learned if fold[e.piece.composition] != left_out])
        crossed += [(e, judged(e.evidence, *model)) for e in learned if fold[e.piece.composition] == left_out]
    print("Cross-validated, all performances of a composition left out together:")
    table(crossed, ("ASAP", "POP909"))
    calibration(crossed)


if __name__ == "__main__":
    main()
