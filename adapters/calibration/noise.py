"""Pink noise of the programme's loudness, played quietly first, until somebody has read the meter."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import numpy as np

from player.analysis.loudness import LoudnessMeter
from player.errors import AnalysisError, OutputError
from player.mixing.gain import FALL, RISE
from player.ports.audio import AudioSink, Pcm
from player.units import CHANNELS, PROGRAMME_LUFS, SAMPLE_RATE, SILENCE_DB, Decibels, db_to_amplitude

PERIOD: Final = 8 * SAMPLE_RATE  # frames after which the noise repeats, without a seam
BAND: Final = (20.0, 16_000.0)  # Hz; what a small speaker and a meter both know
BLOCK: Final = 960  # frames, 20 ms
FADE_FROM: Final = Decibels(-70.0)  # of the programme: nothing is heard there
FADE_IN: Final = 20.0  # dB/s, from silence to the first, quiet level; afterwards louder by `RISE`


def pink_noise(seed: int = 1) -> Pcm:
    """Shape (`PERIOD`, 2), −23 LUFS (BS.1770-4), 1/f power between 20 Hz and 16 kHz."""
    draw = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(PERIOD, 1.0 / SAMPLE_RATE)
    heard = (frequency >= BAND[0]) & (frequency <= BAND[1])
    size = np.where(heard, 1.0 / np.sqrt(np.maximum(frequency, 1.0)), 0.0)
    phase = np.exp(2j * np.pi * draw.random((CHANNELS, len(frequency))))
    noise = np.fft.irfft(size * phase, PERIOD).astype(np.float32)
    noise *= np.float32(0.1 / np.sqrt(np.mean(noise**2)))
    meter = LoudnessMeter(SAMPLE_RATE, CHANNELS)
    meter.push(noise)
    found = meter.read().integrated
    if found is None:
        raise AnalysisError("pink noise was measured as silence")
    return np.ascontiguousarray((noise * db_to_amplitude(PROGRAMME_LUFS - found)).T, dtype=np.float32)


def full_scale_dba(reading: float, gain: Decibels) -> float:
    """From the meter's reading while the programme plays with this gain: −23 LUFS + gain sounds like it."""
    return reading - gain - PROGRAMME_LUFS


class NoisePlayer:
    """Noise at `level` dB of programme gain, on a thread of its own. `make` opens the sink.

    Fades in; rises by 2 dB/s at most. Leaving the block fades out. Raises `OutputError`.
    """

    def __init__(self, make: Callable[[], AudioSink], level: Decibels) -> None:
        self._noise = pink_noise()
        self._sink = make()
        self._wanted, self._now = level, FADE_FROM
        self._first = level
        self._ending = False
        self._failed: OutputError | None = None
        self._thread = threading.Thread(target=self._play, name="noise", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._thread.join()
        self._sink.close()

    def set(self, level: Decibels) -> None:
        """Raises `OutputError` when the device has gone meanwhile."""
        if self._failed is not None:
            raise self._failed
        self._wanted = level

    def _play(self) -> None:
        at = 0
        try:
            while not (self._ending and self._now <= FADE_FROM):
                before, self._now = self._now, self._next()
                gain = np.linspace(_amplitude(before), _amplitude(self._now), BLOCK, dtype=np.float32)
                block = np.take(self._noise, range(at, at + BLOCK), axis=0, mode="wrap") * gain[:, None]
                self._sink.write(block)
                at = (at + BLOCK) % PERIOD
        except OutputError as error:
            self._failed = error

    def _next(self) -> Decibels:
        wanted = FADE_FROM if self._ending else self._wanted
        rise = (FADE_IN if self._now < self._first else RISE) * BLOCK / SAMPLE_RATE
        fall = FALL * BLOCK / SAMPLE_RATE
        return Decibels(max(min(wanted, self._now + rise), self._now - fall))


def _amplitude(level: Decibels) -> float:
    return db_to_amplitude(SILENCE_DB if level <= FADE_FROM else level)
