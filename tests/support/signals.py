"""Synthetic truth: signals whose loudness, tempo and peak are known from how they are made."""

from collections.abc import Sequence

import numpy as np

from player.ports.audio import Pcm


def sine(frequency: float, dbfs: float, seconds: float, rate: int = 48_000, phase: float = 0.0) -> Pcm:
    """One channel, shape (n, 1), peak `dbfs`."""
    at = np.arange(round(seconds * rate)) / rate
    wave = 10.0 ** (dbfs / 20.0) * np.sin(2.0 * np.pi * frequency * at + phase)
    return np.asarray(wave[:, None], dtype=np.float32)


def stereo(mono: Pcm) -> Pcm:
    return np.repeat(mono, 2, axis=1)


def levels(sections: Sequence[tuple[float, float]], rate: int = 48_000) -> Pcm:
    """A stereo 1-kHz sine through (dBFS, seconds) sections, as the EBU describes its test signals."""
    return stereo(np.concatenate([sine(1_000.0, dbfs, seconds, rate) for dbfs, seconds in sections]))


def clicks(bpm: float, seconds: float, rate: int = 44_100) -> Pcm:
    """Tone bursts of 30 ms on every beat, one channel."""
    signal = np.zeros(round(seconds * rate) + rate, dtype=np.float32)
    burst = sine(1_000.0, -6.0, 0.03, rate)[:, 0] * np.exp(-np.arange(round(0.03 * rate)) / (0.005 * rate))
    for beat in np.arange(0.0, seconds, 60.0 / bpm):
        start = round(beat * rate)
        signal[start : start + len(burst)] += burst
    return signal[: round(seconds * rate), None]


def tune(
    seconds: float, rate: int = 44_100, bpm: float = 100.0, dbfs: float = -12.0, partials: int = 8
) -> Pcm:
    """A plucked scale of harmonic tones, one note per beat, stereo, slightly different left and right."""
    at = np.arange(round(seconds * rate)) / rate
    beat = at * bpm / 60.0
    number = np.floor(beat)
    since = (beat - number) * 60.0 / bpm
    frequency = 220.0 * 2.0 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12])[number.astype(int) % 8] / 12.0)
    envelope = np.exp(-3.0 * since) * np.minimum(since / 0.005, 1.0)
    left = sum(np.sin(2 * np.pi * k * frequency * since) / k for k in range(1, partials + 1))
    right = sum(np.sin(2 * np.pi * k * frequency * since) / k**1.2 for k in range(1, partials + 1))
    both = 10.0 ** (dbfs / 20.0) * envelope * np.stack((left, right))
    return np.ascontiguousarray(both.T, dtype=np.float32)
