"""A room of numbers: a player's sound on its way to a microphone, and voices in it."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE

Mono = NDArray[np.float32]  # 48 kHz

TEXTS = (
    "Good morning, did you sleep well? The sun is shining and the coffee is ready.",
    "Would you like to sit by the window today, or shall we go into the garden for a while?",
    "My sister used to bake bread on Saturdays, and the whole street could smell it.",
)


def decoded(path: Path, seconds: float, start: float = 0.0) -> Pcm:
    """Shape (frames, 2)."""
    parts: list[Pcm] = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "stereo", SAMPLE_RATE)
        got, want = 0, round((start + seconds) * SAMPLE_RATE)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                part = piece.to_ndarray().reshape(-1, 2).astype(np.float32)
                parts.append(part)
                got += len(part)
            if got >= want:
                break
    return np.concatenate(parts)[round(start * SAMPLE_RATE) : want].astype(np.float32)


@cache
def spoken(text: str, voice: str = "en", pitch: int = 50, speed: int = 150) -> Mono:
    """By espeak-ng, RMS −26 dBFS."""
    argv = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", text]
    sound = subprocess.run(argv, capture_output=True, check=True).stdout
    samples = np.frombuffer(sound[44:], "<i2").astype(np.float32) / np.float32(32768.0)
    at = np.arange(0, len(samples) - 1, 22050 / SAMPLE_RATE)
    wave = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    level = np.float32(0.05 / np.sqrt(np.mean(np.square(wave))))
    return np.asarray(wave * level, np.float32)


def shouted(text: str, voice: str = "en") -> Mono:
    """Higher, slower and brighter, as shouting is (Traunmüller & Eriksson 2000); RMS −26 dBFS as well."""
    wave = spoken(text, voice, 95, 110)
    bright = wave - np.float32(0.85) * np.concatenate((wave[:1], wave[:-1]))
    level = np.float32(0.05 / np.sqrt(np.mean(np.square(bright))))
    return np.asarray(bright * level, np.float32)


def at_level(wave: Mono, dbfs: float) -> Mono:
    return np.asarray(wave * np.float32(10 ** (dbfs / 20) / 0.05), np.float32)


@dataclass(frozen=True, slots=True)
class Room:
    """delay: s from `play` to the microphone. coupling: dB. noise: RMS dBFS."""

    delay: float = 0.21
    coupling: float = 0.0
    noise: float = -66.0
    seed: int = 1

    def heard(self, played: Pcm, voices: Mono | None = None) -> Mono:
        """What the microphone hears."""
        random = np.random.default_rng(self.seed)
        n = np.arange(round(0.18 * SAMPLE_RATE))
        response = random.standard_normal(len(n)) * np.exp(-n / (0.03 * SAMPLE_RATE)) * 0.05
        response[round(0.004 * SAMPLE_RATE)] = 1.0
        size = 1 << (len(played) + len(n)).bit_length()
        spectrum = np.fft.rfft(played.mean(axis=1), size) * np.fft.rfft(response, size)
        echo = np.fft.irfft(spectrum, size)[: len(played)] * 10 ** (self.coupling / 20)
        echo = np.concatenate((np.zeros(round(self.delay * SAMPLE_RATE)), echo))[: len(played)]
        echo += random.standard_normal(len(echo)) * 10 ** (self.noise / 20)
        if voices is not None:
            echo += voices
        return echo.astype(np.float32)


def scene(
    seconds: float, gap: float, waves: list[Mono], *, regular: bool = False
) -> tuple[Mono, NDArray[np.bool_]]:
    """Waves with pauses of half to one and a half `gap` between; for each sample whether one is heard."""
    total, random = round(seconds * SAMPLE_RATE), np.random.default_rng(7)
    sound, said = np.zeros(total, np.float32), np.zeros(total, np.bool_)
    at, number = round(gap * SAMPLE_RATE), 0
    while at < total:
        wave = waves[number % len(waves)][: total - at]
        sound[at : at + len(wave)] += wave
        said[at : at + len(wave)] = True
        at += len(wave) + round(gap * SAMPLE_RATE * (1.0 if regular else random.uniform(0.5, 1.5)))
        number += 1
    return sound, said
