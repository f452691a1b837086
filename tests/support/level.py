"""Measures of a recording, independent of the code under test."""

import av
import numpy as np
from numpy.typing import NDArray

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE


def rms_db(pcm: Pcm, window_s: float) -> NDArray[np.float64]:
    """Level of consecutive windows, dBFS (a full-scale sine is −3.01), both channels together."""
    size = int(window_s * SAMPLE_RATE)
    windows = pcm[: len(pcm) // size * size].astype(np.float64).reshape(-1, size * pcm.shape[1])
    level: NDArray[np.float64] = 10.0 * np.log10(np.maximum(np.mean(windows**2, axis=1), 1e-12))
    return level


def sliding_db(pcm: Pcm, window_s: float, hop_s: float) -> NDArray[np.float64]:
    """Level of overlapping windows, dBFS."""
    size, hop = int(window_s * SAMPLE_RATE), int(hop_s * SAMPLE_RATE)
    power = np.concatenate(([0.0], np.cumsum(np.mean(pcm.astype(np.float64) ** 2, axis=1))))
    starts = np.arange(0, len(pcm) - size + 1, hop)
    level: NDArray[np.float64] = 10.0 * np.log10(
        np.maximum((power[starts + size] - power[starts]) / size, 1e-12)
    )
    return level


def decoded(path: str) -> Pcm:
    """A whole file at 48 kHz stereo, shape (frames, 2)."""
    resampler = av.AudioResampler(format="flt", layout="stereo", rate=SAMPLE_RATE)
    with av.open(path) as container:
        blocks = [
            out.to_ndarray().reshape(-1, 2)
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        ]
    return np.concatenate(blocks).astype(np.float32)


def likeness(excerpt: Pcm, whole: Pcm) -> tuple[float, int]:
    """Largest normalised cross-correlation of an excerpt with any place in a recording, and the place.

    1 means: the excerpt is that place, up to gain.
    """
    short = excerpt.mean(axis=1).astype(np.float64)
    long = whole.mean(axis=1).astype(np.float64)
    size = 1 << int(np.ceil(np.log2(len(short) + len(long))))
    cross = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)
    cross = cross[: len(long) - len(short) + 1]
    energy = np.concatenate(([0.0], np.cumsum(long**2)))
    local = np.sqrt(np.maximum(energy[len(short) :] - energy[: -len(short)], 1e-12))
    score = cross / (local * np.sqrt(np.sum(short**2)))
    place = int(np.argmax(score))
    return float(score[place]), place
