"""The gain of what was never measured: guessed from its head, lowered before louder music is heard."""

from typing import Final

import numpy as np

from player.ports.audio import Pcm
from player.units import CHANNELS, PROGRAMME_LUFS, SAMPLE_RATE, Decibels, Lu

# Tuning constants.
UNKNOWN: Final = Decibels(-10.0)  # nothing in the head could be measured
SWELL: Final = Lu(5.0)  # short-term loudness above the target that music may have
STEP: Final = Decibels(0.5)  # smaller corrections are not made


class UnmeasuredGain:
    """Measured on the decoder's thread, which is ahead of the ear however slow the analysis is: music that
    grows loud must never be a matter of spare processor time. `push` comes for all that is decoded.
    """

    def __init__(self) -> None:
        from player.analysis.loudness import LoudnessMeter  # only for what is unknown

        self._meter = LoudnessMeter(SAMPLE_RATE, CHANNELS)
        self._rest: Pcm = np.zeros((0, CHANNELS), np.float32)  # of a second
        self._gain: Decibels | None = None  # None: not guessed yet

    def push(self, block: Pcm) -> Decibels | None:
        """The gain to fall to, when louder music came."""
        sound = np.concatenate((self._rest, block))
        whole = len(sound) // SAMPLE_RATE * SAMPLE_RATE
        self._rest = sound[whole:]
        for start in range(0, whole, SAMPLE_RATE):
            self._meter.push(sound[start : start + SAMPLE_RATE].T)
        return self._lower() if whole and self._gain is not None else None

    def guess(self) -> Decibels:
        """−23 LUFS from what came so far; never amplified, for what follows may be louder."""
        loudness = self._meter.read().integrated
        if loudness is None and len(self._rest):  # less than a second came, or silence before it
            from player.analysis.loudness import LoudnessMeter

            short = LoudnessMeter(SAMPLE_RATE, CHANNELS)
            short.push(self._rest.T)
            loudness = short.read().integrated
        self._gain = UNKNOWN if loudness is None else Decibels(min(0.0, PROGRAMME_LUFS - loudness))
        return self._gain

    def _lower(self) -> Decibels | None:
        heard = self._meter.read()
        if heard.integrated is None or self._gain is None:
            return None
        loudest: float = heard.integrated
        if heard.short_term is not None:
            loudest = max(loudest, heard.short_term - SWELL)
        allowed = Decibels(PROGRAMME_LUFS - loudest)
        if allowed >= self._gain - STEP:
            return None
        self._gain = allowed
        return allowed
