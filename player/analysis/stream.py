"""The incremental analyser: push what was decoded, ask at any moment."""

from typing import Final

import numpy as np
from msgspec.structs import replace

from player.analysis.affect import estimate_affect
from player.analysis.framing import Signal
from player.analysis.k_weighting import Planar
from player.analysis.loudness import CHANNEL_WEIGHTS, LoudnessMeter
from player.analysis.rhythm import RhythmMeter
from player.analysis.roughness import RoughnessMeter
from player.analysis.spectrum import SpectrumMeter
from player.analysis.true_peak import TruePeakMeter
from player.errors import AnalysisError
from player.model import TrackFeatures
from player.ports.audio import Pcm
from player.units import Seconds

LOWEST_RATE: Final = 8_000  # Hz
HIGHEST_RATE: Final = 192_000
CHUNK: Final = Seconds(1.0)  # the shortest that holds a whole number of 100-ms steps at every rate
ABSURD: Final = 1e6  # 120 dB above full scale: no music, and its square would leave single precision
CANCELLED: Final = (
    0.01  # power of the sum, relative to the difference, at which the channels are in opposite phase
)


class StreamAnalyzer:
    """Features of one track from its native samples, in the order in which they come.

    Work is done once per second of audio, whatever the size of the blocks: any partition gives bit-identical
    features. Memory is bounded for a stream of any length.
    """

    def __init__(self, rate: int, channels: int = 2) -> None:
        """rate: Hz, 8,000-192,000. channels: 1-8, in FFmpeg's default order. Raises `AnalysisError`."""
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AnalysisError(f"Sampling rate {rate} Hz cannot be analysed: convert to 8,000-192,000 Hz.")
        if channels not in CHANNEL_WEIGHTS:
            raise AnalysisError(f"{channels} channels cannot be analysed: mix down to 1-8 channels.")
        self._rate, self._channels = rate, channels
        self._chunk = np.zeros((channels, round(CHUNK * rate)), dtype=np.float32)
        self._filled = 0
        self._analysed = 0  # frames
        self._finished = False
        self._unusable = 0
        self._downmix = _Downmix(channels)
        self._loudness = LoudnessMeter(rate, channels)
        self._true_peak = TruePeakMeter(rate, channels)
        self._spectrum = SpectrumMeter(rate)
        self._roughness = RoughnessMeter(rate)
        self._rhythm = RhythmMeter(rate)

    @property
    def unusable_samples(self) -> int:
        """How many samples a decoder gave that were NaN, infinite or absurdly large; they count as 0."""
        return self._unusable

    def push(self, block: Pcm) -> None:
        """Take the next frames, shape (n, channels), n ≥ 0.

        Raises `AnalysisError` for another shape, and after `finish`.
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
            self._chunk[:, self._filled : self._filled + taken] = block[start : start + taken].T
            self._filled += taken
            start += taken
            if self._filled == size:
                self._analyse(self._chunk)
                self._filled = 0

    def snapshot(self) -> TrackFeatures:
        """What is known after the whole seconds heard so far (`heard`)."""
        loudness = self._loudness.read()
        tempo, tempo_confidence = self._rhythm.tempo()
        features = TrackFeatures(
            heard=Seconds(self._analysed / self._rate),
            tempo=tempo,
            tempo_confidence=tempo_confidence,
            onset_rate=self._rhythm.onset_rate(),
            integrated_loudness=loudness.integrated,
            loudness_range=loudness.loudness_range,
            momentary_loudness=loudness.momentary,
            short_term_loudness=loudness.short_term,
            largest_rise=loudness.largest_rise,
            true_peak=self._true_peak.read(),
            spectral_centroid=self._spectrum.centroid(),
            spectral_flux=self._spectrum.flux(),
            roughness=self._roughness.read(),
        )
        return replace(features, affect=estimate_affect(features))

    def finish(self) -> TrackFeatures:
        """The last partial second included. May be called again; nothing can be pushed after it."""
        if not self._finished:
            self._finished = True
            if self._filled:
                self._analyse(self._chunk[:, : self._filled])
            self._true_peak.flush()
        return self.snapshot()

    def _analyse(self, chunk: Planar) -> None:
        usable = np.abs(chunk) <= ABSURD  # False for NaN
        if not usable.all():
            self._unusable += int(usable.size - usable.sum())
            chunk = np.where(usable, chunk, np.float32(0.0))
        self._analysed += chunk.shape[1]
        self._loudness.push(chunk)
        self._true_peak.push(chunk)
        mono = self._downmix.push(chunk)
        self._spectrum.push(mono)
        self._roughness.push(mono)
        self._rhythm.push(mono)


class _Downmix:
    """Mean of the channels that count; of two in opposite phase, half their difference instead of nothing."""

    def __init__(self, channels: int) -> None:
        self._heard = np.flatnonzero(CHANNEL_WEIGHTS[channels])
        self._opposite = False

    def push(self, planar: Planar) -> Signal:
        if len(planar) != 2:
            return np.asarray(planar[self._heard].mean(axis=0), dtype=np.float32)
        mid: Signal = 0.5 * (planar[0] + planar[1])
        side: Signal = 0.5 * (planar[0] - planar[1])
        mid_power, side_power = float(np.square(mid).sum()), float(np.square(side).sum())
        # back only when the sum is the stronger one: each change is heard as an onset that is none
        if self._opposite:
            self._opposite = side_power >= mid_power
        else:
            self._opposite = mid_power < CANCELLED * side_power
        return side if self._opposite else mid
