"""Is somebody speaking, how high, and does it sound like a shout?"""

import math
from typing import Final

import aubio
import numpy as np
from msgspec import Struct

from player.room.echo import Cleaned
from player.room.frames import BLOCK, BLOCK_S, RATE, band
from player.units import Decibels, Hertz

# Tuning constants.
PITCH_WINDOW: Final = 1024  # samples, 64 ms: three periods of the lowest voice
LOWEST, HIGHEST = Hertz(75.0), Hertz(700.0)  # of a voice, a cry included
SPEECH: Final = band(150.0, 4000.0)
LOW, HIGH = band(80.0, 1000.0), band(1000.0, 5000.0)  # their ratio is the tilt: a raised voice is brighter
OVER_FLOOR: Final = Decibels(8.0)
SURE_PITCH: Final = 0.7  # confidence of yin
PURE: Final = 0.5  # of the block's power at least is not the player's own
OVER_ECHO: Final = (
    0.06  # of the echo's power that a voice must have: below, what is left of the echo is as loud
)
ECHO_TAIL: Final = 0.9  # per block: so slowly the echo is forgotten
FLOOR_RISE: Final = (
    1.5 * BLOCK_S
)  # dB per block: a steady noise is the floor after seconds, speech has pauses
FLOOR_FALL: Final = 0.1  # share per block
SILENT: Final = 1e-12
LEAST_VOICED: Final = 0.1  # of the window, before anything is said about the voice
# A shout is louder, higher and brighter (Traunmüller & Eriksson 2000). Logistic, each term 0 where a raised
# voice begins: dB over the room (within ±15 of it), semitones over 220 Hz, tilt dB. Own judgement.
LOUD, HIGH_PITCH, BRIGHT = Decibels(30.0), -2.0, Decibels(-5.0)
PER_LEVEL, PER_SEMITONE, PER_TILT = 0.12, 0.15, 0.45
LEVEL_SAYS: Final = Decibels(15.0)
CONCERT: Final = Hertz(220.0)


class Voice(Struct, frozen=True, kw_only=True):
    """Of one window. None: too little of a voice to say."""

    share: float  # 0-1, of the blocks with a voice
    pitch: Hertz | None  # median
    spread: float | None  # semitones between the 10th and the 90th percentile
    shout: float  # 0-1


NONE: Final = Voice(share=0.0, pitch=None, spread=None, shout=0.0)


class VoiceTracker:
    """Takes every block, tells once a window."""

    def __init__(self) -> None:
        self._pitch = aubio.pitch("yinfast", PITCH_WINDOW, BLOCK, RATE)
        self._pitch.set_silence(-90.0)
        self._floor: float | None = None  # dB
        self._echo = 0.0  # mean square
        self._blocks = 0
        self._voiced: list[tuple[float, float, float]] = []  # Hz, level dB, tilt dB

    def push(self, block: Cleaned, *, believed: bool = True) -> bool:
        """Whether a voice is heard in this block. believed: False while it may be the player."""
        self._blocks += 1
        power = float(block.power[SPEECH].sum())
        level = decibels(power)
        self._echo = max(ECHO_TAIL * self._echo, block.echo)
        floor = level if self._floor is None else self._floor
        rise = FLOOR_RISE if level > floor else FLOOR_FALL * (level - floor)
        self._floor = floor + min(rise, max(level - floor, rise if level < floor else 0.0))
        pitch = float(self._pitch(block.residual)[0])
        voiced = (
            believed
            and level > floor + OVER_FLOOR
            and block.purity > PURE
            and power > OVER_ECHO * BLOCK * self._echo
            and LOWEST <= pitch <= HIGHEST
            and float(self._pitch.get_confidence()) > SURE_PITCH
        )
        if voiced:
            tilt = decibels(float(block.power[HIGH].sum())) - decibels(float(block.power[LOW].sum()))
            self._voiced.append((pitch, level, tilt))
        return voiced

    def tell(self, usual: Decibels | None) -> Voice:
        """Of the blocks since the last time. usual: level of the room, dB; None: not known."""
        voiced, blocks = self._voiced, self._blocks
        self._voiced, self._blocks = [], 0
        if not blocks or len(voiced) < LEAST_VOICED * blocks:
            return Voice(share=len(voiced) / blocks, pitch=None, spread=None, shout=0.0) if blocks else NONE
        pitches, levels, tilts = (np.array(column) for column in zip(*voiced, strict=True))
        semitones = 12.0 * np.log2(pitches / CONCERT)
        low, middle, high = np.percentile(semitones, (10.0, 50.0, 90.0))
        loud = -LEVEL_SAYS if usual is None else float(np.percentile(levels, 75.0)) - usual - LOUD
        z = PER_LEVEL * min(max(loud, -LEVEL_SAYS), LEVEL_SAYS)
        z += PER_SEMITONE * (float(middle) - HIGH_PITCH) + PER_TILT * (float(np.median(tilts)) - BRIGHT)
        return Voice(
            share=len(voiced) / blocks,
            pitch=Hertz(float(np.median(pitches))),
            spread=float(high - low),
            shout=1.0 / (1.0 + math.exp(-min(max(z, -50.0), 50.0))),
        )


def decibels(power: float) -> Decibels:
    return Decibels(10.0 * math.log10(power + SILENT))
