"""Whether the same music at another level, rate, codec or tone control is judged alike.

`python -m tests.evaluate.robustness --data DIR [--tracks N]`: N recordings of Emotify's development part.
"""

import argparse
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from tests.evaluate.data import rows
from tests.evaluate.statistics import interval, rank_correlation

COPIES: Final[dict[str, list[str]]] = {
    "as it is": ["copy.wav"],
    "12 dB softer": ["-af", "volume=-12dB", "copy.wav"],
    "22.05 kHz": ["-ar", "22050", "copy.wav"],
    "48 kHz": ["-ar", "48000", "copy.wav"],
    "mono": ["-ac", "1", "copy.wav"],
    "MP3 64 kbit/s": ["-b:a", "64k", "copy.mp3"],
    "bass +6 dB, treble −6 dB": ["-af", "volume=-8dB,bass=g=6,treble=g=-6", "copy.wav"],
    "bass −6 dB, treble +6 dB": ["-af", "volume=-8dB,bass=g=-6,treble=g=6", "copy.wav"],
    "telephone, 300-3,400 Hz": ["-af", "highpass=f=300,lowpass=f=3400", "-ar", "8000", "copy.wav"],
}


def judge(path: Path) -> list[list[float]]:
    """Calmness, arousal and valence of each copy."""
    from adapters.library.jobs import Failure, analyse_file

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for *options, name in COPIES.values():
            copy = Path(folder) / name
            subprocess.run(
                ["ffmpeg", "-v", "error", "-y", "-i", path, *options, copy],
                check=True,
                stdin=subprocess.DEVNULL,
            )
            features = analyse_file(str(copy))
            if isinstance(features, Failure) or features.affect is None:
                raise RuntimeError(f"{path}: {features}")
            affect = features.affect
            found.append([affect.calmness, affect.arousal, affect.valence])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=80)
    chosen = parser.parse_args()
    table = rows("emotify_dev.csv")
    every = max(1, len(table) // chosen.tracks)
    paths = [chosen.data / "emotify" / row["file"] for row in table[::every]]
    with ProcessPoolExecutor(2) as pool:
        found = np.array(list(pool.map(judge, paths)))
    for i, name in enumerate(COPIES):
        print(f"{name}:")
        for j, emotion in enumerate(("calmness", "arousal", "valence")):
            shift = found[:, i, j] - found[:, 0, j]
            print(
                f"    {emotion}: rank correlation",
                interval(rank_correlation, found[:, i, j], found[:, 0, j]),
                f"mean shift {shift.mean():+.3f}, deviation {shift.std():.3f}",
            )


if __name__ == "__main__":
    main()
