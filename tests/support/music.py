"""Short music files, no two alike."""

from pathlib import Path

import numpy as np

from tests.support.encode import encode
from tests.support.signals import sine, stereo

CODECS = {
    "mp3": "libmp3lame",
    "ogg": "vorbis",
    "opus": "libopus",
    "flac": "flac",
    "m4a": "aac",
    "wav": "pcm_s16le",
}


def music(path: Path, number: int = 0, seconds: float = 1.5) -> Path:
    """A tone that depends on `number`, encoded as the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = stereo(sine(300.0 + 50.0 * number, -20.0, seconds))
    noise = np.random.default_rng(number).normal(0.0, 0.01, tone.shape)
    return encode(path, np.asarray(tone + noise, dtype=np.float32), CODECS[path.suffix[1:].lower()])
