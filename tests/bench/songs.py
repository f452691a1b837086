"""Real MP3 files for the scan benchmark, out of the music packages of Debian."""

import subprocess
from itertools import cycle, islice
from pathlib import Path

PACKAGES = ("wesnoth-1.16-music", "wesnoth-music", "warzone2100-music")
SONG_S = 210
STEP_S = 7  # between two cuts of one recording: no packet in the same place
ENCODER = ("-ar", "44100", "-ac", "2", "-c:a", "libmp3lame", "-b:a", "192k")


def recordings() -> list[Path]:
    """Sound files of the packages that are installed; empty when none is."""
    found: set[Path] = set()
    for package in PACKAGES:
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False)
        found |= {Path(line) for line in listed.stdout.splitlines() if line.endswith((".ogg", ".opus"))}
    return sorted(path for path in found if path.is_file())


def make_songs(folder: Path, pieces: int, cuts: int) -> list[list[Path]]:
    """For each of `pieces` recordings `cuts` MP3 files of 210 s at 192 kbit/s, all different.

    A recording that is shorter goes on with the next ones, as a medley. Raises `FileNotFoundError`.
    """
    sources = recordings()
    if not sources:
        raise FileNotFoundError("no music: apt-get install wesnoth-music warzone2100-music")
    folder.mkdir(parents=True, exist_ok=True)
    length = SONG_S + STEP_S * (cuts - 1)
    songs = []
    for number in range(min(pieces, len(sources))):
        whole = folder.parent / f"{number}.mp3"
        _encode(list(islice(cycle(sources), number, number + 8)), length, whole)
        songs.append([_cut(whole, STEP_S * cut, folder / f"{number:03}-{cut}.mp3") for cut in range(cuts)])
        whole.unlink()
    return songs


def _encode(sources: list[Path], seconds: int, path: Path) -> None:
    inputs = [argument for source in sources for argument in ("-i", str(source))]
    same = "aresample=44100,aformat=sample_fmts=fltp:channel_layouts=stereo"
    parts = ";".join(f"[{i}:a:0]{same}[a{i}]" for i in range(len(sources)))
    joined = "".join(f"[a{i}]" for i in range(len(sources))) + f"concat=n={len(sources)}:v=0:a=1"
    _ffmpeg(*inputs, "-filter_complex", f"{parts};{joined}", "-t", str(seconds), *ENCODER, str(path))


def _cut(whole: Path, start: int, path: Path) -> Path:
    _ffmpeg("-ss", str(start), "-i", str(whole), "-t", str(SONG_S), "-c", "copy", str(path))
    return path


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)
