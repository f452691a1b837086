"""The whole way: what was played and what was heard, to a few numbers every two seconds."""

from typing import Final

import numpy as np

from player.model import RoomHeard
from player.ports.audio import Pcm
from player.room.baseline import RoomBaseline
from player.room.calls import CallFinder
from player.room.delay import LONGEST, OFTEN, QUIET, WINDOW, DelayFinder
from player.room.echo import Cleaned, EchoFilter
from player.room.frames import BLOCK, BLOCK_S, RATE, Decimator, Mono, band
from player.room.voice import VoiceTracker, decibels
from player.units import Decibels, Seconds

TELL_EVERY: Final = 125  # blocks, 2 s
KEPT: Final = WINDOW + LONGEST + 4 * RATE  # samples of either side that are kept: seven and a half seconds
ROOM: Final = band(100.0, 8000.0)
LOOKS: Final = 8  # without a clear peak: the player cannot be heard at the microphone
UNHEARD: Final = 0.5  # quality then; own judgement
CLEAR: Final = 0.5  # quality from which on the level is that of the room, not what the filter leaves or takes
SETTLING: Final = 250  # blocks of music, 4 s, until the filter is to be believed
HEARD: Final = 0.3  # share of the window in which the player was playing, from where on it counts


class RoomEar:
    """Used by one thread. Sound is kept for some seconds in memory, and nothing of it is given out."""

    def __init__(self) -> None:
        self._echo, self._voice, self._calls = EchoFilter(), VoiceTracker(), CallFinder()
        self._finder, self._baseline = DelayFinder(), RoomBaseline()
        self._from_player, self._from_room = Decimator(), Decimator()
        self._played, self._heard = _Tail(), _Tail()
        self._done = 0  # samples of the room that were taken
        self._looked = 0
        self._missed = 0
        self._settled = 0
        self._blocks: list[tuple[float, float, float, float, bool]] = []

    def play(self, block: Pcm) -> None:
        """Frames really written to the sound card, 48 kHz, shape (frames, 2), in order."""
        self._played.add(self._from_player.push(block))

    def hear(self, block: Pcm, hour: int) -> list[RoomHeard]:
        """The microphone's next frames, 48 kHz, shape (frames,) or (frames, channels). hour: 0-23."""
        self._heard.add(self._from_room.push(block))
        told = []
        while self._heard.end - self._done >= BLOCK:
            self._take(self._done)
            self._done += BLOCK
            if len(self._blocks) == TELL_EVERY:
                told.append(self._tell(hour))
        self._look()
        return told

    def gap(self) -> None:
        """Frames of the microphone were lost: both sides begin anew."""
        self._finder, self._missed, self._settled = DelayFinder(), 0, 0
        self._echo.reset()

    # --- inside -----------------------------------------------------------------------------------------

    def _take(self, start: int) -> None:
        delay = self._finder.delay
        reference = self._played.get(start - (delay or 0), BLOCK)
        heard = self._heard.get(start, BLOCK)
        clean = _as_it_is(heard) if delay is None else self._echo.process(reference, heard)
        playing = float(np.sqrt(np.mean(np.square(reference)))) > QUIET
        self._settled += playing
        unsure = playing and (self._settled < SETTLING if delay is not None else self._missed < LOOKS)
        voiced = self._voice.push(clean, believed=not unsure)
        self._calls.push(voiced)
        power = float(clean.power[ROOM].sum())
        self._blocks.append((power, clean.before, clean.after, clean.purity, playing))

    def _tell(self, hour: int) -> RoomHeard:
        power, before, after, purity, playing = (np.array(each) for each in zip(*self._blocks, strict=True))
        self._blocks = []
        level = decibels(float(power.mean()))
        beside_music = float(playing.mean()) > HEARD
        step = Seconds(TELL_EVERY * BLOCK_S)
        quality = self._quality(beside_music, float(purity.mean()))
        if quality >= CLEAR:
            self._baseline.learn(level, hour, step)
        usual = self._baseline.level(hour)
        voice = self._voice.tell(usual)
        delay = self._finder.delay
        removed = decibels(float(before[playing].sum())) - decibels(float(after[playing].sum()))
        return RoomHeard(
            level=Decibels(level - usual) if quality >= CLEAR and usual is not None else None,
            voice=voice.share,
            pitch=voice.pitch,
            spread=voice.spread,
            shout=voice.shout,
            calls=self._calls.evidence(),
            quality=quality,
            removed=Decibels(removed) if beside_music and delay is not None else None,
            delay=None if delay is None else Seconds(delay / RATE),
        )

    def _quality(self, beside_music: bool, purity: float) -> float:
        if not beside_music:
            return 1.0
        if self._finder.delay is not None and self._settled < SETTLING:
            return 0.0
        if self._finder.delay is None:
            return UNHEARD if self._missed >= LOOKS else 0.0
        return min(max(purity, 0.0), 1.0)

    def _look(self) -> None:
        """For the delay, every two seconds while the player is heard."""
        if self._done - self._looked < OFTEN * RATE or self._done < WINDOW:
            return
        self._looked = self._done
        played = self._played.get(self._done - WINDOW - LONGEST, WINDOW + LONGEST)
        before = self._finder.delay
        if self._finder.look(played, self._heard.get(self._done - WINDOW, WINDOW)):
            self._missed = 0
            if before is None or before != self._finder.delay:
                self._echo.reset()
                self._settled = 0
        elif before is None and float(np.sqrt(np.mean(np.square(played)))) > QUIET:
            self._missed += 1


class _Tail:
    """The newest samples of a side, by their number; 0 where there are none."""

    def __init__(self) -> None:
        self._samples: Mono = np.zeros(0, np.float32)
        self.end = 0

    def add(self, samples: Mono) -> None:
        self._samples = np.concatenate((self._samples, samples))
        self.end += len(samples)
        if len(self._samples) > 2 * KEPT:
            self._samples = self._samples[-KEPT:].copy()

    def get(self, start: int, count: int) -> Mono:
        first = start - (self.end - len(self._samples))
        if first >= 0 and first + count <= len(self._samples):
            return self._samples[first : first + count]
        found: Mono = np.zeros(count, np.float32)
        low, high = max(first, 0), min(first + count, len(self._samples))
        if low < high:
            found[low - first : high - first] = self._samples[low:high]
        return found


def _as_it_is(heard: Mono) -> Cleaned:
    spectrum = np.fft.rfft(np.concatenate((np.zeros(BLOCK, np.float32), heard)))
    power = (np.square(np.abs(spectrum)) / BLOCK).astype(np.float32)
    loud = float(np.mean(np.square(heard)))
    return Cleaned(residual=heard, power=power, before=loud, after=loud, echo=0.0, purity=1.0)
