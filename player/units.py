"""Units of every quantity in Lull, and the only conversions between them."""

import math
from typing import Final, NewType

Seconds = NewType("Seconds", float)
Frames = NewType("Frames", int)
Hertz = NewType("Hertz", float)
Bpm = NewType("Bpm", float)
Decibels = NewType("Decibels", float)  # a ratio: gain or difference of level
Dbtp = NewType("Dbtp", float)  # true peak relative to digital full scale
Lufs = NewType("Lufs", float)  # absolute loudness, ITU-R BS.1770-4
Lu = NewType("Lu", float)  # a difference of loudness
Percent = NewType("Percent", float)  # volume as people set it, 0-100
PerSecond = NewType("PerSecond", float)

SAMPLE_RATE: Final = 48_000  # Hz; the one internal format: 48 kHz, stereo, float32
CHANNELS: Final = 2
SILENCE_DB: Final = Decibels(-120.0)  # below this a level is treated as zero
PROGRAMME_LUFS: Final = Lufs(-23.0)  # EBU R 128 target of a programme before volume


def seconds_to_frames(seconds: float, rate: int = SAMPLE_RATE) -> Frames:
    return Frames(round(seconds * rate))


def frames_to_seconds(frames: int, rate: int = SAMPLE_RATE) -> Seconds:
    return Seconds(frames / rate)


def db_to_amplitude(db: float) -> float:
    """10^(db/20); `SILENCE_DB` and below is exactly 0."""
    return 0.0 if db <= SILENCE_DB else math.pow(10.0, db / 20.0)


def amplitude_to_db(amplitude: float) -> Decibels:
    """20 log10(amplitude), never below `SILENCE_DB`."""
    if amplitude <= 1e-6:
        return SILENCE_DB
    return Decibels(20.0 * math.log10(amplitude))


def volume_to_db(percent: float) -> Decibels:
    """Programme gain for a volume in percent: −50 + p/2 dB below full gain (DESIGN 4); 0 % is silence."""
    if percent <= 0:
        return SILENCE_DB
    return Decibels(-50.0 + min(percent, 100.0) / 2.0)
