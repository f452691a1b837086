"""Tempo, beats and downbeats on labelled music (first minute of each piece), and how honest confidence is.

The weights of tempo and confidence were fitted to these pieces: `tests.evaluate.levels` leaves them out.

`python -m tests.evaluate.rhythm --data DIR`: pop909/, asap/ and what `tests.evaluate.data` rendered.
"""

import argparse
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.rhythm import RhythmMeter
from player.analysis.spectrum import SpectrumAnalyzer
from tests.evaluate.data import lines, rendered
from tests.evaluate.statistics import interval, mean

HEARD: Final = 60  # s
TOLERANCE: Final = 0.04  # of tempo
WINDOW: Final = 0.07  # s on both sides of a labelled beat
SKIPPED: Final = 5.0  # s at the beginning that count for no beat, as usual (mir_eval)
FACTORS: Final = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)  # of tempo, that count as the same for acc2

Times = NDArray[np.float64]


class Piece(Struct, frozen=True):
    wave: Path
    composition: str  # of which there may be several performances
    beats: Times
    downbeats: Times

    @property
    def tempo(self) -> float:
        """BPM, of the labelled beats."""
        return 60.0 / float(np.median(np.diff(self.beats)))


class Outcome(Struct, frozen=True):
    composition: str
    acc1: float
    acc2: float
    beat_f: float
    downbeat_f: float
    confidence: float
    cost: float  # ms of CPU per second of audio, spectrum excluded


def pop909(data: Path) -> list[Piece]:
    """Columns of beat_midi.txt: time, downbeat of a simple and of a compound bar."""
    pieces = []
    for name in lines("pop909_dev.txt"):
        folder = data / "pop909" / "POP909" / name
        table = np.loadtxt(folder / "beat_midi.txt")
        file = rendered(folder / f"{name}.mid", data / "wav", data)
        pieces.append(_piece(file, name, table[:, 0], table[:, 2] > 0))
    return pieces


def asap(data: Path) -> list[Piece]:
    pieces = []
    for name in lines("asap_dev.txt"):
        midi = data / "asap" / name
        text = midi.with_name(f"{midi.stem}_annotations.txt").read_text()
        rows = [line.split("\t") for line in text.splitlines()]
        at = np.array([float(row[0]) for row in rows])
        down = np.array([row[2].startswith("db") for row in rows])
        pieces.append(_piece(rendered(midi, data / "wav", data), str(midi.parent), at, down))
    return pieces


def _piece(file: Path, composition: str, at: Times, down: NDArray[np.bool_]) -> Piece:
    heard = at < HEARD
    return Piece(file, composition, at[heard], at[heard & down])


def mono(path: Path) -> tuple[NDArray[np.float32], int]:
    """The first minute, its channels' mean, and its rate in Hz."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        pcm = np.frombuffer(file.readframes(HEARD * rate), dtype="<i2").reshape(-1, file.getnchannels())
    return pcm.mean(axis=1, dtype=np.float32) / np.float32(32_768), rate


def judge(piece: Piece) -> Outcome:
    sound, rate = mono(piece.wave)
    analyzer = SpectrumAnalyzer(rate)
    meter = RhythmMeter(rate / analyzer.hop)
    every = [analyzer.push(sound[start : start + rate]) for start in range(0, len(sound), rate)]
    begun = time.process_time()
    for bands in every:
        meter.push(bands)
    rhythm, beats = meter.read(), meter.beats()
    cost = 1e3 * (time.process_time() - begun) / max(1.0, len(sound) / rate)
    at = np.array([beat.at for beat in beats])
    down = np.array([beat.at for beat in beats if beat.downbeat])
    return Outcome(
        composition=piece.composition,
        acc1=float(same(rhythm.tempo, piece.tempo, (1.0,))),
        acc2=float(same(rhythm.tempo, piece.tempo, FACTORS)),
        beat_f=f_measure(piece.beats, at),
        downbeat_f=f_measure(piece.downbeats, down),
        confidence=rhythm.tempo_confidence,
        cost=cost,
    )


def same(tempo: float | None, true: float, factors: Sequence[float]) -> bool:
    return tempo is not None and any(abs(tempo / (true * each) - 1.0) <= TOLERANCE for each in factors)


def f_measure(labelled: Times, found: Times) -> float:
    labelled, found = labelled[labelled >= SKIPPED], found[found >= SKIPPED]
    hits = i = j = 0
    while i < len(labelled) and j < len(found):
        late = found[j] - labelled[i]
        if abs(late) <= WINDOW:
            hits, i, j = hits + 1, i + 1, j + 1
        elif late < 0.0:
            j += 1
        else:
            i += 1
    return 2.0 * hits / max(1, len(labelled) + len(found))


def parser(description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--data", type=Path, required=True)
    made.add_argument("--limit", type=int, default=None, help="only so many pieces of each corpus")
    return made


def told(figure: str, of: Sequence[Outcome]) -> str:
    values = np.array([getattr(each, figure) for each in of])
    return interval(mean, values, groups=np.array([each.composition for each in of]))


def main() -> None:
    arguments = parser(__doc__).parse_args()
    every: list[Outcome] = []
    for name, pieces in (("POP909", pop909), ("ASAP", asap)):
        found = [judge(piece) for piece in pieces(arguments.data)[: arguments.limit]]
        every += found
        print(f"{name}, {len(found)} pieces, first {HEARD} s")
        for figure in ("acc1", "acc2", "beat_f", "downbeat_f", "cost"):
            print(f"  {figure:<12}{told(figure, found)}")
    print("tempo_confidence: stated, right within 4 % or at an octave or third of it, pieces")
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        group = [each for each in every if low <= each.confidence < high]
        if group:
            stated = float(np.mean([each.confidence for each in group]))
            print(f"  {stated:.2f}  {told('acc2', group)}  {len(group)}")


if __name__ == "__main__":
    main()
