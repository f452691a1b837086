"""EBU Tech 3341 and 3342: the official test files, true peaks, and streaming against the whole file.

Run as `python -m tests.evaluate.loudness`. With `--music DIR --labels CSV` (file, genre, calmness) also how
often the largest sudden rise bars ordinary music, and that it finds every blast put into it.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from player.analysis.loudness import Loudness, LoudnessMeter
from player.analysis.stream import StreamAnalyzer
from player.analysis.true_peak import TruePeakMeter
from tests.evaluate.data import SPLITS
from tests.evaluate.statistics import correlation, interval, mean
from tests.support.signals import sine

INTEGRATED: Final = {
    "seq-3341-1": -23.0,
    "seq-3341-2": -33.0,
    "seq-3341-3": -23.0,
    "seq-3341-4": -23.0,
    "seq-3341-5": -23.0,
    "seq-3341-7_seq-3342-5": -23.0,
    "1kHz_sine_-20LUFS": -20.0,
    "1kHz_sine_-26LUFS": -26.0,
    "1kHz_sine_-40LUFS": -40.0,
}
RANGE: Final = {
    "seq-3342-1": 10.0,
    "seq-3342-2": 5.0,
    "seq-3342-3": 20.0,
    "seq-3342-4": 15.0,
    "seq-3341-7_seq-3342-5": 5.0,
}
STARTLE: Final = 8.0  # LU, the bar of the selector
BLASTS: Final = (9.0, 12.0, 15.0)  # LU above the loudest second so far
Planar = NDArray[np.float32]  # shape (channels, samples)


def decoded(path: Path) -> tuple[Planar, int]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        blocks = [out.to_ndarray() for frame in container.decode(stream) for out in resampler.resample(frame)]
        return np.concatenate(blocks, axis=1).astype(np.float32), stream.rate


def measured(planar: Planar, rate: int) -> Loudness:
    meter = LoudnessMeter(rate, len(planar))
    for start in range(0, planar.shape[1], rate):
        meter.push(planar[:, start : start + rate])
    return meter.read()


def same_for_any_blocks(planar: Planar, rate: int) -> bool:
    """Is a stream in blocks of any size bit-identical to the whole file at once?"""
    whole, stream = (StreamAnalyzer(rate, len(planar)) for _ in range(2))
    samples = np.ascontiguousarray(planar.T)
    whole.push(samples)
    rng = np.random.default_rng(0)
    start = 0
    while start < len(samples):
        size = int(rng.integers(1, 9_000))
        stream.push(samples[start : start + size])
        start += size
    return whole.finish() == stream.finish()


def ebu(data: Path) -> bool:
    """Prints a line per file; are all within the tolerance?"""
    fine, missing = True, {*INTEGRATED, *RANGE}
    print(f"{'file':34} {'target':>7} {'measured':>9} {'limit':>6}  whole = stream")
    for path in sorted(data.glob("*.flac")):
        planar, rate = decoded(path)
        loudness = measured(planar, rate)
        same = same_for_any_blocks(planar, rate)
        for targets, value, limit in (
            (INTEGRATED, loudness.integrated, 0.1),
            (RANGE, loudness.loudness_range, 1.0),
        ):
            for name, target in targets.items():
                if not path.name.startswith(name + "-"):
                    continue
                missing.discard(name)
                met = value is not None and abs(value - target) <= limit
                fine &= met and same
                verdict = f"{same}" if met else f"{same}  MISSED"
                print(f"{path.name:34} {target:7.1f} {value:9.3f} {limit:6.1f}  {verdict}")
    for name in sorted(missing):
        print(f"{name:34} not in {data}  MISSED")
    return fine and not missing


def true_peaks() -> bool:
    """Tech 3341 test 15 to 19: sines whose peaks lie between the samples, + 0.2 − 0.4 dB."""
    fine = True
    rate = 48_000
    for test, divisor, degrees, target in (
        (15, 4, 0.0, -6.0),
        (16, 4, 45.0, -6.0),
        (17, 6, 60.0, -6.0),
        (18, 8, 67.5, -6.0),
        (19, 4, 45.0, 3.0),
    ):
        wave = sine(rate / divisor, target, 1.0, rate, np.radians(degrees))[:, 0]
        faded = wave * np.minimum(1.0, np.minimum(np.arange(rate), np.arange(rate)[::-1]) / 4_800)
        meter = TruePeakMeter(rate, 1)
        meter.push(faded[None].astype(np.float32))
        meter.flush()
        value = meter.read()
        met = value is not None and -0.4 <= value - target <= 0.2
        fine &= met
        samples = 20.0 * np.log10(np.abs(faded).max())
        print(
            f"3341-{test} true peak: target {target:5.1f} dBTP, measured {value:6.3f}, samples {samples:6.2f}"
        )
    return fine


def rises(music: Path, labels: Path) -> None:
    """The share of music that the startle guard bars, by genre, against the label of calmness."""
    with labels.open(newline="") as file:
        rows = list(csv.DictReader(file))
    values, calm, found = [], [], dict.fromkeys(BLASTS, 0)
    for row in rows:
        planar, rate = decoded(music / row["file"])
        values.append(measured(planar, rate).largest_rise or 0.0)
        calm.append(float(row["calmness"]))
        for blast, loudness in zip(BLASTS, blasted(planar, rate), strict=True):
            found[blast] += (loudness.largest_rise or 0.0) > STARTLE
    barred = np.array(values) > STARTLE
    calmness, genres = np.array(calm), np.array([row["genre"] for row in rows])
    for genre in sorted(set(genres)):
        print(f"barred, {genre}: {interval(mean, barred[genres == genre])}")
    print(f"barred, all: {interval(mean, barred)}")
    for name, quantity in (("largest rise", np.array(values)), ("barred", barred.astype(np.float64))):
        print(f"correlation of {name} with calmness: {interval(correlation, quantity, calmness)}")
    for blast in BLASTS:
        print(f"blasts of {blast:g} LU found: {found[blast]}/{len(rows)}")


def blasted(planar: Planar, rate: int) -> Iterator[Loudness]:
    """One second of noise that far above the loudest second of the excerpt, at three quarters of it."""
    seconds = planar[:, : planar.shape[1] // rate * rate].reshape(len(planar), -1, rate)
    loudest = float(np.square(seconds).mean(axis=2).max()) ** 0.5
    noise = np.random.default_rng(1).standard_normal((len(planar), 3 * rate // 2)).astype(np.float32)
    start = planar.shape[1] * 3 // 4
    for blast in BLASTS:
        loud = planar.copy()
        part = loud[:, start : start + noise.shape[1]]
        part += noise[:, : part.shape[1]] * np.float32(loudest * 10.0 ** (blast / 20.0))
        yield measured(loud, rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SPLITS.parent / "ebur128")
    parser.add_argument("--music", type=Path)
    parser.add_argument("--labels", type=Path, default=SPLITS / "emotify_dev.csv")
    arguments = parser.parse_args()
    fine = ebu(arguments.data) & true_peaks()
    if arguments.music is not None:
        rises(arguments.music, arguments.labels)
    raise SystemExit(0 if fine else "Outside the tolerance: see MISSED above.")


if __name__ == "__main__":
    main()
