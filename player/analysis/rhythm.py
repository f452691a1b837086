"""Rhythm of a stream: onsets, tempo with its metrical levels, beats to cut at."""

from collections import deque
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from player.analysis.beats import FINAL, BeatTracker, Pulse
from player.analysis.framing import Counts
from player.analysis.metre import Beat, at_level
from player.analysis.onset import OnsetDetector
from player.analysis.spectrum import Bands
from player.analysis.tempo import Evidence, Periodicity, TempoHistogram, weigh
from player.model import TempoCandidate
from player.units import Bpm, PerSecond, Seconds

CALMEST_FOLD: Final = Bpm(50.0)
LIVELIEST_FOLD: Final = Bpm(110.0)
CANDIDATES: Final = (1.0, 1 / 2, 2.0, 1 / 3, 3.0, 2 / 3, 3 / 2)  # of the tempo: other levels people may tap
STRETCH: Final = Seconds(60.0)  # of audio counted at once
KEPT: Final = Seconds(120.0)  # of beats


class Rhythm(Struct, frozen=True, kw_only=True):
    """What is known of what was heard; None: not measurable. Units and meaning as in `TrackFeatures`."""

    tempo: Bpm | None
    tempo_confidence: float  # probability that `tempo`, its octave or its third is right within 4 %
    tempo_candidates: tuple[TempoCandidate, ...]
    felt_pulse: Bpm | None
    pulse_clarity: float | None
    onset_rate: PerSecond | None
    onset_strength: float | None
    percussiveness: float | None


def fold_tempo(tempo: Bpm) -> Bpm:
    """The felt pulse: the octave of `tempo` within 50-110 BPM (SCIENCE: tempo folded)."""
    while tempo > LIVELIEST_FOLD:
        tempo = Bpm(tempo / 2.0)
    while tempo < CALMEST_FOLD:
        tempo = Bpm(tempo * 2.0)
    return tempo


class RhythmMeter:
    """Fed with the bands of each second; state is bounded: two minutes of beats, one of onset strength."""

    def __init__(self, frame_rate: float) -> None:
        """frame_rate: frames of `Bands` per second."""
        self._rate = frame_rate
        self._detector = OnsetDetector()
        self._tracker = BeatTracker(frame_rate)
        self._periodicity = Periodicity(frame_rate, self._tracker.periods)
        self._tempi = TempoHistogram()
        self._onsets: list[NDArray[np.float32]] = []
        self._first = 0  # frame of the first of them
        self._stretch: list[Pulse] = []  # settled beats since then
        self._pulses: deque[Pulse] = deque(maxlen=round(KEPT * 4))

    def push(self, bands: Bands, counts: Counts | None = None) -> None:
        """The frames of a few seconds, shape (frames, MEL_BANDS).

        counts: how many each second has (a shorter last one is fine); None: all are of one.
        """
        onsets = self._detector.push(bands, counts)
        start = 0
        for count in counts or (len(bands),):
            if count:
                self._track(onsets[start : start + count])
                start += count

    def _track(self, onsets: NDArray[np.float32]) -> None:
        """Strength and bass of the frames of a second, shape (frames, 2)."""
        self._onsets.append(onsets)
        self._tracker.push(onsets, self._periodicity.push(onsets[:, 0]))
        if self._tracker.frames % round(4 * self._rate) < len(onsets):
            self._keep(self._tracker.settle())
        if self._tracker.frames - self._first >= (STRETCH + 2 * FINAL) * self._rate:
            self._conclude()

    def splice(self) -> None:
        """An excerpt ended: what is pushed next is unrelated to what was."""
        self._keep(self._tracker.settle(everything=True))
        self._conclude()
        self._onsets, self._first = [], self._tracker.frames
        self._detector.splice()
        self._tracker.splice()
        self._periodicity.splice()

    def read(self) -> Rhythm:
        tempi = self._now()
        rate = self._detector.rate(self._rate)
        tempo = tempi.tempo() if rate else None  # without an onset the beats are the tracker's own
        return Rhythm(
            tempo=None if tempo is None else Bpm(tempo),
            tempo_confidence=0.0 if tempo is None else tempi.confidence(),
            tempo_candidates=_candidates(tempi, tempo),
            felt_pulse=None if tempo is None else fold_tempo(Bpm(tempo)),
            pulse_clarity=self._periodicity.clarity(),
            onset_rate=None if rate is None else PerSecond(rate),
            onset_strength=self._detector.strength(),
            percussiveness=self._detector.percussiveness(),
        )

    def beats(self) -> tuple[Beat, ...]:
        """Beats of the last two minutes at the level of `tempo`, in order of time.

        Those older than 6 s are final as tracked; a change of mind about the tempo may still regroup them.
        """
        pulses = [*self._pulses, *self._tracker.pending()]
        oldest = self._tracker.frames - KEPT * self._rate
        return at_level([pulse for pulse in pulses if pulse.frame >= oldest], self._now().tempo(), self._rate)

    def _keep(self, pulses: list[Pulse]) -> None:
        self._pulses.extend(pulses)
        self._stretch.extend(pulses)

    def _evidence(self, pulses: list[Pulse]) -> Evidence | None:
        if not self._onsets:
            return None
        return weigh(pulses, np.concatenate(self._onsets), self._first, self._rate)

    def _conclude(self) -> None:
        """Counts the settled beats, and forgets the onsets under them."""
        evidence = self._evidence(self._stretch)
        if evidence:
            self._tempi.add(evidence)
        done = self._tracker.frames - 2 * FINAL * self._rate
        self._stretch = []
        while self._onsets and self._first + len(self._onsets[0]) <= done:
            self._first += len(self._onsets.pop(0))

    def _now(self) -> TempoHistogram:
        tempi = self._tempi.copy()
        evidence = self._evidence([*self._stretch, *self._tracker.pending()])
        if evidence:
            tempi.add(evidence)
        return tempi


def _candidates(tempi: TempoHistogram, tempo: float | None) -> tuple[TempoCandidate, ...]:
    if tempo is None:
        return ()
    others = tempo * np.array(CANDIDATES)
    every = list(zip(others.tolist(), (tempi.confidence() * tempi.shares(others)).tolist(), strict=True))
    every.sort(key=lambda pair: -pair[1])
    return tuple(TempoCandidate(tempo=Bpm(bpm), probability=share) for bpm, share in every)
