"""The incremental analyser: push what was decoded, ask at any moment."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from player.analysis.affect import EVERYTHING, LEAST_HEARD, affect_model
from player.analysis.edges import EdgesMeter
from player.analysis.framing import Signal, power
from player.analysis.k_weighting import Planar
from player.analysis.loudness import CHANNEL_WEIGHTS, LoudnessMeter, Powers
from player.analysis.metre import Beat
from player.analysis.partials import PartialsAnalyzer
from player.analysis.partials import Powers as Spectra
from player.analysis.rhythm import Rhythm, RhythmMeter
from player.analysis.roughness import RoughnessMeter
from player.analysis.sections import Point, curve, sections, windows
from player.analysis.spectrum import Bands, SpectrumAnalyzer
from player.analysis.speech import SpeechMeter
from player.analysis.summary import TIMBRE, Row, describe, summarise
from player.analysis.timbre import TimbreMeter, read_timbre
from player.analysis.timeline import Stretch, Timeline
from player.analysis.tonality import TonalityMeter
from player.analysis.true_peak import TruePeakMeter
from player.errors import AnalysisError
from player.model import Affect, ScanMode, Section, TrackFeatures
from player.ports.audio import Pcm
from player.units import Seconds

LOWEST_RATE: Final = 8_000  # Hz
HIGHEST_RATE: Final = 192_000
# whole seconds, so that steps of 100 ms fit at every rate; measured together, because calls of numpy would
# take half of the time of a single one; a tuning constant
CHUNK: Final = 2
ABSURD: Final = 1e6  # 120 dB above full scale: no music, and its square would leave single precision
CANCELLED: Final = (
    0.01  # power of the mix, relative to the strongest alternative, at which the channels cancel out
)


class StreamAnalyzer:
    """Features of one track from its native samples, in the order in which they come.

    Work is done every few seconds of audio, whatever the size of the blocks: any partition gives
    bit-identical features. Memory is bounded for a stream of any length.
    """

    def __init__(
        self, rate: int, channels: int = 2, *, scan_mode: ScanMode = ScanMode.FULL, chunk: int = CHUNK
    ) -> None:
        """rate: Hz, 8,000-192,000. channels: 1-8, in FFmpeg's default order. Raises `AnalysisError`.

        chunk: whole seconds measured together; where nobody waits for the newest, more cost less.
        """
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AnalysisError(f"Sampling rate {rate} Hz cannot be analysed: convert to 8,000-192,000 Hz.")
        if channels not in CHANNEL_WEIGHTS:
            raise AnalysisError(f"{channels} channels cannot be analysed: mix down to 1-8 channels.")
        self._rate, self._channels = rate, channels
        self._chunk = np.zeros((channels, chunk * rate), dtype=np.float32)
        self._filled = 0
        self._analysed = 0  # frames
        self._finished = self._whole = False
        self._unusable = 0
        self._scan_mode = scan_mode
        self._downmix = _Downmix(channels)
        # of excerpts that say about what a track's level is, their downmix says enough, in half of the time
        self._loudness = LoudnessMeter(rate, channels if scan_mode is ScanMode.FULL else 1)
        self._edges = EdgesMeter()
        # excerpts do not know the largest value of a track
        self._true_peak = TruePeakMeter(rate, channels) if scan_mode is ScanMode.FULL else None
        self._spectrum = SpectrumAnalyzer(rate)
        frame_rate = rate / self._spectrum.hop
        self._timbre = TimbreMeter()
        self._rhythm = RhythmMeter(frame_rate)
        self._speech = SpeechMeter(frame_rate)
        self._partials = PartialsAnalyzer(rate)
        self._roughness = RoughnessMeter()
        self._tonality = TonalityMeter()
        self._timeline = Timeline()
        self._newest: Sequence[Row] = ()
        self._sections: tuple[Section, ...] | None = None

    @property
    def unusable_samples(self) -> int:
        """How many samples a decoder gave that were NaN, infinite or absurdly large; they count as 0."""
        return self._unusable

    def push(self, block: Pcm) -> None:
        """Take the next frames, shape (n, channels), n ≥ 0.

        Raises `AnalysisError` for another shape, and after `flush`.
        """
        if self._finished:
            raise AnalysisError("This analysis is finished: start a new StreamAnalyzer for the next track.")
        if block.ndim != 2 or block.shape[1] != self._channels:
            raise AnalysisError(
                f"Block of shape {block.shape}: the analyser was started for (frames, {self._channels})."
            )
        start = 0
        size = self._chunk.shape[1]
        while start < len(block):
            taken = min(size - self._filled, len(block) - start)
            part = block[start : start + taken].T
            if taken == size and part.strides[1] == part.itemsize:  # a whole chunk, channel by channel
                self._analyse(part)
                start += taken
                continue
            self._chunk[:, self._filled : self._filled + taken] = part
            self._filled += taken
            start += taken
            if self._filled == size:
                self._analyse(self._chunk)
                self._filled = 0

    def splice(self, at: Seconds) -> None:
        """What comes next is an excerpt that begins at this place of the track."""
        if self._filled:
            self._analyse(self._chunk[:, : self._filled])
            self._filled = 0
        meters: tuple[_Meter, ...] = (self._loudness, self._spectrum, self._timbre, self._rhythm)
        for meter in (*meters, self._downmix, self._speech, self._partials):
            meter.splice()
        self._edges.splice(Seconds(at - self._timeline.end))
        self._timeline.splice(at)

    def speech_lately(self, lasting: Seconds) -> tuple[float | None, float]:
        """Probability that the last seconds are spoken word, and how sure that is."""
        return self._speech.recent(lasting)

    def snapshot(self) -> TrackFeatures:
        """What is known after the whole chunks heard so far (`heard`); sections only once finished."""
        return self._read(self._sections or ())

    def flush(self) -> None:
        """Take in the last partial chunk. Nothing can be pushed after it."""
        if not self._finished:
            self._finished = True
            if self._filled:
                self._analyse(self._chunk[:, : self._filled])
            if self._true_peak:
                self._true_peak.flush()

    def finish(self, *, part: bool = False) -> TrackFeatures:
        """`flush`, and all that is known. May be called again.

        part: something of the track was not pushed, at the beginning or at the end.
        """
        self.flush()
        self._whole = self._scan_mode is ScanMode.FULL and not part
        if self._sections is None:
            describe = partial(self._describe, rhythm=self._rhythm.read())
            self._sections = sections(self._timeline.stretches(), describe, affect_model())
        return self.snapshot()

    def beats(self) -> tuple[Beat, ...]:
        """Those of the last two minutes heard, with the beginnings of bars: places to cut at."""
        return self._rhythm.beats()

    @property
    def newest(self) -> Sequence[Row]:
        """What each second of the last whole chunk added."""
        return self._newest

    def curve(self) -> list[Point]:
        """Affect over time so far."""
        return curve(self._timeline.stretches(), self._describe, affect_model())

    def windows(self) -> list[tuple[Stretch, NDArray[np.float64]]]:
        """The same features of some 15 s around each block, which are what `curve` judges."""
        found = windows(self._timeline.stretches())
        return list(zip(found, self._describe([each.row for each in found]), strict=True))

    def describe(self) -> NDArray[np.float64]:
        """What the affect model sees of the whole track, shape (FEATURES,)."""
        return np.asarray(self._describe([self._timeline.total])[0])

    def _describe(self, rows: Sequence[Row], rhythm: Rhythm | None = None) -> NDArray[np.float64]:
        return describe(rows, rhythm or self._rhythm.read())

    def _read(self, parts: tuple[Section, ...]) -> TrackFeatures:
        heard = Seconds(self._analysed / self._rate)
        loudness = self._loudness.read()
        timbre = read_timbre(self._timeline.total[TIMBRE])
        rhythm = self._rhythm.read()
        tonality = self._tonality.read()
        speech, speech_confidence = self._speech.read()
        edges = self._edges.finish() if self._finished else self._edges.read()
        affect, latest = self._affect(heard, rhythm)
        return TrackFeatures(
            heard=heard,
            scan_mode=self._scan_mode,
            tempo=rhythm.tempo,
            tempo_confidence=rhythm.tempo_confidence,
            tempo_candidates=rhythm.tempo_candidates,
            felt_pulse=rhythm.felt_pulse,
            pulse_clarity=rhythm.pulse_clarity,
            onset_rate=rhythm.onset_rate,
            onset_strength=rhythm.onset_strength,
            percussiveness=rhythm.percussiveness,
            key=tonality.key,
            mode=tonality.mode,
            key_confidence=tonality.key_confidence,
            key_clarity=tonality.key_clarity,
            chroma=tonality.chroma,
            integrated_loudness=loudness.integrated,
            loudness_range=loudness.loudness_range,
            momentary_loudness=loudness.momentary,
            short_term_loudness=loudness.short_term,
            largest_rise=loudness.largest_rise,
            true_peak=self._true_peak.read() if self._true_peak else None,
            spectral_centroid=timbre.centroid,
            spectral_flux=timbre.flux,
            spectral_flatness=timbre.flatness,
            spectral_rolloff=timbre.rolloff,
            low_energy=timbre.low,
            mid_energy=timbre.mid,
            high_energy=timbre.high,
            fluctuation=timbre.fluctuation,
            roughness=self._roughness.read(),
            speech=speech,
            speech_confidence=speech_confidence,
            silence=edges.silence,
            cue_in=edges.cue_in,
            cue_out=edges.cue_out,
            fade_in=edges.fade_in,
            fade_out=edges.fade_out,
            affect=affect,
            latest_affect=latest,
            sections=parts,
        )

    def _affect(self, heard: Seconds, rhythm: Rhythm) -> tuple[Affect | None, Affect | None]:
        """Of the whole and of the newest 30 s; None within the first 3 s and for silence."""
        total, latest = self._timeline.total, self._timeline.latest()
        if heard < LEAST_HEARD or not total[0]:
            return None, None
        whole, newest = self._describe([total, latest.row], rhythm)
        model = affect_model()
        known = EVERYTHING if self._whole else heard
        affect = model.estimate(whole[None], [known], everywhere=self._scan_mode is ScanMode.QUICK)[0]
        excerpts = self._scan_mode is ScanMode.QUICK  # of which the newest is not what comes next
        if excerpts or not latest.row[0] or latest.heard < LEAST_HEARD:
            return affect, None
        return affect, model.estimate(newest[None], [latest.heard])[0]

    def _analyse(self, chunk: Planar) -> None:
        if not (chunk.max() <= ABSURD and chunk.min() >= -ABSURD):  # both NaN for any NaN; seldom so
            usable = np.abs(chunk) <= ABSURD  # False for NaN
            self._unusable += int(usable.size - usable.sum())
            chunk = np.where(usable, chunk, np.float32(0.0))
        size = chunk.shape[1]
        self._analysed += size
        bands, powers, levelled = [], [], []
        for start in range(0, size, self._rate):  # a second at once stays in the cache
            second = chunk[:, start : start + self._rate]
            if self._true_peak:
                self._true_peak.push(second)
            mono = self._downmix.push(second)
            if self._scan_mode is ScanMode.QUICK:
                levelled.append(mono * self._downmix.level)
            bands.append(self._spectrum.push(mono))
            powers.append(self._partials.spectra(mono))
        steps = self._loudness.push(np.concatenate(levelled)[None] if levelled else chunk)
        self._edges.push(steps)
        rows = self._measure(steps, bands, powers)
        for i, row in enumerate(rows):
            self._timeline.push(row, Seconds(min(1.0, size / self._rate - i)))
        self._newest = rows

    def _measure(self, steps: Powers, seconds: list[Bands], powers: list[Spectra]) -> Sequence[Row]:
        """The frames of all seconds at once; a row for each of them."""
        bands, counts = np.concatenate(seconds), [len(each) for each in seconds]
        self._rhythm.push(bands, counts)
        self._speech.push(bands)
        partials = self._partials.peaks(np.concatenate(powers))
        frames = [len(each) for each in powers]
        return list(
            summarise(
                self._timbre.push(bands, counts),
                steps,
                self._roughness.push(partials, frames),
                self._tonality.push(partials, frames),
            )
        )


class _Meter(Protocol):
    def splice(self) -> None: ...


class _Downmix:
    """Mean of the channels that count. Where they cancel out: of two in opposite phase half their difference,
    of more the one that was strongest.
    """

    def __init__(self, channels: int) -> None:
        self._heard = np.flatnonzero(CHANNEL_WEIGHTS[channels])
        self._weights = np.array(CHANNEL_WEIGHTS[channels])[self._heard]
        self.level = np.float32(1.0)  # by which the last mix has the power of all its channels together
        self.splice()

    def splice(self) -> None:
        """What comes next does not follow what came last."""
        self._opposite = False
        self._strongest: int | None = None  # of more than two, while they cancel out

    def push(self, planar: Planar) -> Signal:
        if len(planar) == 2:
            return self._of_two(*planar)
        heard = planar[self._heard]
        mixed = np.asarray(heard.mean(axis=0), dtype=np.float32)
        powers, whole = [power(each) for each in heard], power(mixed)
        if whole > 2.0 * CANCELLED * max(powers):  # one channel alone of seven is just above it
            self._strongest = None
        elif self._strongest is None and whole < CANCELLED * max(powers):
            self._strongest = int(np.argmax(powers))
        if self._strongest is not None:
            mixed, whole = np.asarray(heard[self._strongest]), powers[self._strongest]
        self._note_level(float(self._weights @ powers), whole)
        return mixed

    def _of_two(self, left: Signal, right: Signal) -> Signal:
        mid = left + right
        mid *= np.float32(0.5)
        mid_power, both = power(mid), power(left) + power(right)
        side_power = 0.5 * both - mid_power  # the difference itself is seldom used
        # back only when the sum is the stronger one: each change is heard as an onset that is none
        if self._opposite:
            self._opposite = side_power >= mid_power
        else:
            self._opposite = mid_power < CANCELLED * side_power
        self._note_level(both, side_power if self._opposite else mid_power)
        return np.asarray(0.5 * (left - right)) if self._opposite else np.asarray(mid)

    def _note_level(self, whole: float, mixed: float) -> None:
        self.level = np.float32(math.sqrt(whole / mixed)) if mixed > 0.0 else np.float32(1.0)
