"""What a station will let be heard, as far ahead of the ear as its buffer goes."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from player.model import Ahead, TrackId
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Lu, Seconds

if TYPE_CHECKING:
    from player.analysis.stream import StreamAnalyzer

HOP: Final = SAMPLE_RATE // 10  # 100 ms
WINDOW: Final = 4  # hops, 400 ms: momentary loudness (EBU R 128)
WITHIN: Final = 30  # hops, 3 s
MEAN: Final = 300  # hops, 30 s
BELOW_MEAN: Final = 1.0  # dB: music has quiet places, and what follows them is no startle; a tuning constant
LATELY: Final = Seconds(3.0)  # of speech
AFFECT_EVERY: Final = Seconds(5.0)
EVERY: Final = Seconds(1.0)
FLOOR: Final = 1e-9


class RiseMeter:
    """The largest rise of level within 3 s, above what was usual for 30 s. Blocks of 48 kHz stereo."""

    def __init__(self) -> None:
        self._rest: Pcm = np.zeros((0, 2), np.float32)
        self._powers: deque[float] = deque(maxlen=WINDOW)
        self._levels: deque[float] = deque(maxlen=WITHIN)
        self._usual: deque[float] = deque(maxlen=MEAN)

    def push(self, block: Pcm) -> Lu | None:
        """Of the new hops; None before 3 s were heard."""
        joined = np.concatenate((self._rest, block))
        count = len(joined) // HOP
        self._rest = joined[count * HOP :]
        powers = (joined[: count * HOP].reshape(count, HOP, joined.shape[1]) ** 2).mean(axis=(1, 2))
        largest: float | None = None
        for power in powers.tolist():
            self._powers.append(power)
            level = 10.0 * float(np.log10(sum(self._powers) / len(self._powers) + FLOOR))
            if len(self._levels) == WITHIN:
                mean = 10.0 * float(np.log10(sum(self._usual) / len(self._usual) + FLOOR))
                rise = level - max(min(self._levels), mean - BELOW_MEAN)
                largest = rise if largest is None else max(largest, rise)
            self._levels.append(level)
            self._usual.append(power)
        return None if largest is None else Lu(largest)


class Lookout:
    """One station on one deck. `push` after its analyser took the block; on the analysis thread."""

    def __init__(self, deck: int, track_id: TrackId, report: Callable[[Ahead], None]) -> None:
        self._deck, self._track_id, self._report = deck, track_id, report
        self._rises = RiseMeter()
        self._rise: Lu | None = None
        self._heard = self._told = self._affect_at = 0.0  # s
        self._calmness: float | None = None

    def push(self, block: Pcm, analyzer: "StreamAnalyzer", lead: Seconds) -> None:
        """lead: until the newest frame reaches the ear."""
        self._heard += len(block) / SAMPLE_RATE
        rise = self._rises.push(block)
        if rise is not None:
            self._rise = rise if self._rise is None else max(self._rise, rise)
        if self._heard - self._told < EVERY:
            return
        self._told = self._heard
        if self._heard - self._affect_at >= AFFECT_EVERY:
            self._affect_at = self._heard
            affect = analyzer.snapshot().latest_affect
            self._calmness = affect.calmness if affect else None
        speech, sure = analyzer.speech_lately(LATELY)
        self._report(
            Ahead(
                deck=self._deck,
                track_id=self._track_id,
                lead=lead,
                speech=speech,
                speech_confidence=sure,
                rise=self._rise,
                calmness=self._calmness,
            )
        )
        self._rise = None
