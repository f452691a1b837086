"""Is somebody speaking, how high, and does it sound like a shout?"""

import math
from collections import deque
from typing import Final

import aubio
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.room.echo import Cleaned
from player.room.frames import BLOCK, BLOCK_S, RATE, Mono, band
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
# Who shouts or calls stands out from the half minute before; a song or a programme goes on at one level.
RECENT: Final = 15  # windows of two seconds
QUIET: Final = 0.3  # quantile of the blocks' levels in them: of pauses, where there are some
NO_SHOUT, FULL_SHOUT = Decibels(10.0), Decibels(18.0)  # over that; between, evidence counts in part
STILL: Final = 2.0  # cents from block to block: measured 5-12 % of the blocks of people, 36-84 % of alarms
MINUTE: Final = 31  # windows: as long as calls are remembered
ALARM: Final = 0.25  # share of such blocks
CALL: Final = Decibels(12.0)  # over that, for a voice to be part of a call


class Voice(Struct, frozen=True, kw_only=True):
    """Of one window. None: too little of a voice to say."""

    share: float  # 0-1, of the blocks with a voice
    pitch: Hertz | None  # median
    spread: float | None  # semitones between the 10th and the 90th percentile
    shout: float  # 0-1
    alarm: bool  # of the last minute: the pitch stands still, as only that of machines does


class VoiceTracker:
    """Takes every chunk, tells once a window."""

    def __init__(self) -> None:
        # Hop and window are one: it is asked only where something may be a voice, and keeps nothing.
        self._pitch = aubio.pitch("yinfast", PITCH_WINDOW, PITCH_WINDOW, RATE)
        self._pitch.set_silence(-90.0)
        self._before: Mono = np.zeros(PITCH_WINDOW - BLOCK, np.float32)
        self._floor: float | None = None  # dB
        self._echo = 0.0  # mean square
        self._blocks = 0
        self._voiced: list[tuple[float, float, float]] = []  # Hz, level dB, tilt dB
        self._levels: list[NDArray[np.float32]] = []  # dB, of the blocks of this window
        self._recent: deque[NDArray[np.float32]] = deque(maxlen=RECENT)  # and of those before
        self._pitches: deque[NDArray[np.float64]] = deque(maxlen=MINUTE)  # cents
        self._quiet = math.inf  # dB; until a window is over nothing stands out

    def push(self, chunk: Cleaned, believed: NDArray[np.bool_]) -> list[bool]:
        """For each block whether a voice stands out. believed: False while it may be the player."""
        power = chunk.power[:, SPEECH].sum(axis=1)
        self._levels.append(10.0 * np.log10(power + np.float32(SILENT)))
        enough = (10.0 ** (OVER_FLOOR / 10.0) * self._floors(power) < power) & believed
        enough &= (chunk.purity > PURE) & (power > OVER_ECHO * BLOCK * self._echoes(chunk.echo))
        samples = np.concatenate((self._before, chunk.residual))
        self._before = samples[-len(self._before) :]
        self._blocks += len(power)
        voiced = [False] * len(power)
        for block in np.flatnonzero(enough).tolist():
            pitch = float(self._pitch(samples[block * BLOCK : block * BLOCK + PITCH_WINDOW])[0])
            if LOWEST <= pitch <= HIGHEST and float(self._pitch.get_confidence()) > SURE_PITCH:
                level = decibels(float(power[block]))
                voiced[block] = level > self._quiet + CALL
                high, low = (decibels(float(chunk.power[block, part].sum())) for part in (HIGH, LOW))
                self._voiced.append((pitch, level, high - low))
        return voiced

    def _floors(self, power: NDArray[np.float32]) -> NDArray[np.float64]:
        """The noise below each block, power."""
        floors = []
        for level in (10.0 * np.log10(power + SILENT)).tolist():
            floor = level if self._floor is None else self._floor
            self._floor = (
                min(floor + FLOOR_RISE, level) if level > floor else floor + FLOOR_FALL * (level - floor)
            )
            floors.append(floor)
        return np.asarray(10.0 ** (np.array(floors) / 10.0))

    def _echoes(self, echo: NDArray[np.float32]) -> NDArray[np.float64]:
        """Each block's, or what is remembered of those before; mean square."""
        found = []
        for each in echo.tolist():
            self._echo = max(ECHO_TAIL * self._echo, each)
            found.append(self._echo)
        return np.array(found)

    def tell(self, usual: Decibels | None, quality: float) -> Voice:
        """Of the blocks since the last time, one chunk at least.

        usual: level of the room, dB; None: not known. quality: 0-1, share of what was heard that is not what
        the player left: the less, the more of a voice there must be.
        """
        voiced, blocks = self._voiced, self._blocks
        self._voiced, self._blocks = [], 0
        cents = 1200.0 * np.log2(np.array([pitch for pitch, _, _ in voiced]) / CONCERT)
        self._pitches.append(cents)
        alarm = _stands_still(np.concatenate(self._pitches))
        self._recent.append(np.concatenate(self._levels))
        self._levels = []
        self._quiet = float(np.quantile(np.concatenate(self._recent), QUIET))
        if not voiced or len(voiced) * quality < LEAST_VOICED * blocks:
            return Voice(share=len(voiced) / blocks, pitch=None, spread=None, shout=0.0, alarm=alarm)
        pitches, levels, tilts = (np.array(column) for column in zip(*voiced, strict=True))
        semitones = 12.0 * np.log2(pitches / CONCERT)
        low, middle, high = np.percentile(semitones, (10.0, 50.0, 90.0))
        level = float(np.percentile(levels, 75.0))
        loud = -LEVEL_SAYS if usual is None else level - usual - LOUD
        stands_out = min(max((level - self._quiet - NO_SHOUT) / (FULL_SHOUT - NO_SHOUT), 0.0), 1.0)
        z = PER_LEVEL * min(max(loud, -LEVEL_SAYS), LEVEL_SAYS)
        z += PER_SEMITONE * (float(middle) - HIGH_PITCH) + PER_TILT * (float(np.median(tilts)) - BRIGHT)
        return Voice(
            share=len(voiced) / blocks,
            pitch=Hertz(float(np.median(pitches))),
            spread=float(high - low),
            alarm=alarm,
            shout=0.0 if _stands_still(cents) else stands_out / (1.0 + math.exp(-min(max(z, -50.0), 50.0))),
        )


def _stands_still(cents: NDArray[np.float64]) -> bool:
    return len(cents) > 1 and float(np.mean(np.abs(np.diff(cents)) < STILL)) > ALARM


def decibels(power: float) -> Decibels:
    return Decibels(10.0 * math.log10(power + SILENT))
