"""WAV files for tests."""

import wave
from pathlib import Path

import numpy as np

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE


def write_wav(path: Path, pcm: Pcm, rate: int = SAMPLE_RATE) -> Path:
    """16-bit PCM; shape (frames, channels)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(pcm.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(pcm, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return path
