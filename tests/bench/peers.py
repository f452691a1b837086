"""What other programs do with the same files. Imports stand inside: two FFmpegs in one process can crash."""

import importlib.util
import os
from collections.abc import Callable
from typing import Any


def decode_all(path: str) -> None:
    from adapters.decode.native import NativeSource

    with NativeSource(path) as source:
        for _ in source.blocks():
            pass


def decode_excerpts(path: str) -> None:
    from adapters.decode.native import NativeSource
    from adapters.library.excerpts import LENGTH, excerpts

    with NativeSource(path) as source:
        for at in excerpts(source.duration):
            for _ in source.excerpt(at, LENGTH):
                pass


def librosa_features(path: str) -> None:
    """Tempo, chroma, MFCC and centroid at librosa's own rate."""
    import librosa

    untyped: Any = librosa
    sound, rate = untyped.load(path)
    untyped.beat.beat_track(y=sound, sr=rate)
    untyped.feature.chroma_stft(y=sound, sr=rate)
    untyped.feature.mfcc(y=sound, sr=rate)
    untyped.feature.spectral_centroid(y=sound, sr=rate)


def essentia_features(path: str) -> None:
    import essentia.standard

    untyped: Any = essentia
    untyped.log.infoActive = untyped.log.warningActive = False
    untyped.standard.MusicExtractor()(path)


def bliss_features(path: str) -> None:
    import bliss_audio

    untyped: Any = bliss_audio
    untyped.Song(path)


# groups need a newer pip than the one that comes with Python 3.11
INSTALL_PEERS = ".venv/bin/pip install --upgrade pip && .venv/bin/pip install --group bench"
# name, what must be importable, job, how many files are enough
PEERS: tuple[tuple[str, str, Callable[[str], None], int], ...] = (
    ("decoding, excerpts", "", decode_excerpts, 120),
    ("decoding, whole", "", decode_all, 60),
    ("bliss-audio", "bliss_audio", bliss_features, 40),
    ("librosa", "librosa", librosa_features, 20),
    ("Essentia MusicExtractor", "essentia", essentia_features, 6),
)


def missing(module: str) -> bool:
    return bool(module) and importlib.util.find_spec(module) is None


def one_thread() -> None:
    """Set up a worker: two processes share two cores, and numeric libraries start no threads."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
