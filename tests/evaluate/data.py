"""Labelled music for judging the analysis. None of it is part of the project: see README, "Judging it"."""

import csv
import subprocess
from pathlib import Path
from typing import Final

SPLITS: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "music" / "splits"
SOUNDFONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # Debian: fluid-soundfont-gm
RATE: Final = 22_050


def lines(split: str) -> list[str]:
    """The names in a split file that is a plain list."""
    return [line.strip() for line in (SPLITS / split).read_text().splitlines() if line.strip()]


def rows(split: str) -> list[dict[str, str]]:
    """The rows of a split file with a header."""
    with (SPLITS / split).open(newline="") as file:
        return list(csv.DictReader(file))


def rendered(midi: Path, cache: Path, root: Path) -> Path:
    """The piece as a 16-bit wave file, made once: `cache` mirrors the folders below `root`."""
    wave = cache / midi.relative_to(root).with_suffix(".wav")
    if not wave.exists():
        wave.parent.mkdir(parents=True, exist_ok=True)
        part = wave.with_suffix(".part.wav")
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", str(RATE), "-F", part, SOUNDFONT, midi],
            check=True,
            capture_output=True,
        )
        part.rename(wave)
    return wave
