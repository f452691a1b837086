"""Onsets and tempo, through aubio."""

from typing import Final

import aubio
import numpy as np

from player.analysis.framing import SILENT_POWER, Framer, Signal, power_of_two_below, product
from player.units import Bpm, Hertz, PerSecond, Seconds

INTERNAL_RATE: Final = Hertz(
    11_025.0
)  # or near it: a whole fraction of the native rate. Beats need no treble,
# and aubio, which is the dearest part of the analysis, then costs a quarter
HOP: Final = Seconds(0.0116)  # 512 samples at 44.1 kHz, for which aubio's detectors were tuned
TAPS_PER_STEP: Final = 16  # of the low-pass filter, for each step of decimation: stop band below −60 dB
OUTPUTS: Final = 16  # low-passed samples per matrix product; a tuning constant

SLOWEST: Final = Bpm(30.0)
BINS_PER_OCTAVE: Final = 48  # of the tempo histogram: 1.5 %
OCTAVES: Final = 4  # 30-480 BPM
MODE_WIDTH: Final = 2  # bins on both sides that count as the same tempo: ± 3.7 %
ENOUGH_EVIDENCE: Final = Seconds(
    10.0
)  # of tracked beats, for full confidence in a steady tempo; a tuning constant
CALMEST_FOLD: Final = Bpm(50.0)
LIVELIEST_FOLD: Final = Bpm(110.0)


def fold_tempo(tempo: Bpm) -> Bpm:
    """The felt pulse: the octave of `tempo` within 50-110 BPM (SCIENCE: tempo folded)."""
    while tempo > LIVELIEST_FOLD:
        tempo = Bpm(tempo / 2.0)
    while tempo < CALMEST_FOLD:
        tempo = Bpm(tempo * 2.0)
    return tempo


class Decimator:
    """Low-passes and keeps every `step`-th sample."""

    def __init__(self, step: int) -> None:
        taps = TAPS_PER_STEP * step
        position = np.arange(taps) - (taps - 1) / 2.0
        lowpass = np.sinc(0.85 * position / step) * np.kaiser(taps, 6.0)
        lowpass /= lowpass.sum()
        kernel = np.zeros((OUTPUTS * step + taps - step, OUTPUTS))
        for i in range(OUTPUTS):
            kernel[i * step : i * step + taps, i] = lowpass
        self._kernel = kernel.astype(np.float32)
        self._framer = Framer(len(kernel), OUTPUTS * step, lead_in=taps - step)

    def push(self, signal: Signal) -> Signal:
        return np.asarray(product(self._framer.push(signal), self._kernel).reshape(-1), dtype=np.float32)


class RhythmMeter:
    def __init__(self, rate: int) -> None:
        step = max(1, round(rate / INTERNAL_RATE))
        self._rate = rate / step
        self._hop = power_of_two_below(1.1 * HOP * self._rate)
        self._decimator = Decimator(step) if step > 1 else None
        self._framer = Framer(self._hop, self._hop)
        self._onset = aubio.onset("default", 2 * self._hop, self._hop, round(self._rate))
        self._tempo = aubio.tempo("default", 2 * self._hop, self._hop, round(self._rate))
        self._onsets = self._hops = 0
        self._histogram = np.zeros(BINS_PER_OCTAVE * OCTAVES)  # seconds times confidence
        self._tempos = np.zeros_like(self._histogram)  # the same times octaves above the slowest
        self._tracked = 0.0  # seconds with a tempo

    def push(self, signal: Signal) -> None:
        if self._decimator:
            signal = self._decimator.push(signal)
        frames = np.ascontiguousarray(self._framer.push(signal))
        self._hops += len(frames)
        for frame in frames:
            if self._onset(frame)[0]:
                self._onsets += 1
            self._tempo(frame)
        # once a second, not at beats: aubio withholds those that fall into silence
        if len(frames) and float(np.square(frames).mean()) > SILENT_POWER:
            self._note(
                self._tempo.get_bpm(), self._tempo.get_confidence(), len(frames) * self._hop / self._rate
            )

    def _note(self, bpm: float, confidence: float, lasted: float) -> None:
        octaves = float(np.log2(bpm / SLOWEST)) if bpm > 0.0 else -1.0
        if 0.0 <= octaves < OCTAVES and confidence > 0.0:
            weight = lasted * min(confidence, 1.0)
            index = int(octaves * BINS_PER_OCTAVE)
            self._tracked += lasted
            self._histogram[index] += weight
            self._tempos[index] += weight * octaves

    def onset_rate(self) -> PerSecond | None:
        """Onsets per second heard; None within the first second."""
        heard = self._hops * self._hop / self._rate
        return PerSecond(self._onsets / heard) if heard >= 1.0 else None

    def tempo(self) -> tuple[Bpm | None, float]:
        """The tempo that held for the longest time, and a confidence of 0-1.

        Confidence is aubio's (height of the peak of the autocorrelation of onset strength) while within ±
        3.7 % of that tempo, averaged over all tracked time, less when little was tracked. The octave is
        aubio's choice: half or double may be felt as well.
        """
        if self._tracked == 0.0:
            return None, 0.0
        width = 2 * MODE_WIDTH + 1
        mode = int(np.convolve(self._histogram, np.ones(width), mode="same").argmax())
        near = slice(max(0, mode - MODE_WIDTH), mode + MODE_WIDTH + 1)
        held = float(self._histogram[near].sum())
        tempo = Bpm(SLOWEST * 2.0 ** (float(self._tempos[near].sum()) / held))
        return tempo, held / max(self._tracked, ENOUGH_EVIDENCE)
