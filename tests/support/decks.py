"""Rings filled with known sound, and a mixer to play them."""

from collections.abc import Iterable

import numpy as np

from player.mixing.mixer import Mixer
from player.mixing.ring import Ring
from player.model import Crossfade, Fade, Stop, Volume
from player.ports.audio import Pcm
from player.units import CHANNELS, Decibels, Frames, Seconds

Command = Crossfade | Fade | Volume | Stop


def constant(frames: int, value: float) -> Pcm:
    return np.full((frames, CHANNELS), value, np.float32)


def noise(frames: int, rms: float, seed: int) -> Pcm:
    return (np.random.default_rng(seed).standard_normal((frames, CHANNELS)) * rms).astype(np.float32)


def square(frames: int, period: int) -> Pcm:
    wave = np.where(np.arange(frames) % period < period // 2, 1.0, -1.0)
    return np.repeat(wave[:, None], CHANNELS, axis=1).astype(np.float32)


def ring_of(block: Pcm, *, ended: bool = False) -> Ring:
    ring = Ring(Frames(max(len(block), 1)))
    ring.write(block)
    if ended:
        ring.end()
    return ring


def playing(*blocks: Pcm, volume: float = 0.0) -> Mixer:
    """A mixer with `blocks` on its decks, of which the first is heard at its full gain."""
    mixer = Mixer()
    for deck, block in enumerate(blocks):
        mixer.attach(deck, ring_of(block), Decibels(0.0))
    mixer.apply(Volume(level=Decibels(volume)))
    mixer.apply(Crossfade(deck=0, fade=Seconds(0.0)))
    mixer.render(480 + mixer.latency)
    return mixer


def render(mixer: Mixer, frames: Iterable[int]) -> Pcm:
    return np.concatenate([np.zeros((0, CHANNELS), np.float32), *(mixer.render(count) for count in frames)])


def true_peak(block: Pcm, oversampling: int = 8) -> float:
    """By a zero-padded Fourier transform of the whole block, which must begin and end in silence."""
    spectrum = np.fft.rfft(block.astype(np.float64), axis=0)
    fine = np.fft.irfft(spectrum, len(block) * oversampling, axis=0) * oversampling
    return float(np.abs(fine).max())
