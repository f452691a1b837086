"""The whole way: what was played and what was heard, to a few numbers every two seconds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.model import RoomHeard
from player.ports.audio import Pcm
from player.room.baseline import RoomBaseline
from player.room.calls import CallFinder
from player.room.delay import LONGEST, QUIET, WINDOW, DelayFinder
from player.room.echo import EchoFilter, untouched
from player.room.frames import CHUNK, RATE, Decimator, Mono, band, mean_squares
from player.room.voice import VoiceTracker, decibels
from player.units import Decibels, Seconds

TELL_EVERY: Final = 5  # chunks, 2 s
MOST_WAITING: Final = 64  # of the player's blocks, before they are taken without being asked for
SILENT_CHUNKS: Final = 1  # the filter hears so much of silence, to have forgotten what was before
KEPT: Final = WINDOW + LONGEST + 4 * RATE  # samples of either side that are kept: seven and a half seconds
ROOM: Final = band(100.0, 8000.0)
LOOKS: Final = 8  # without a clear peak: the player cannot be heard at the microphone
UNHEARD: Final = 0.5  # quality then; own judgement
CLEAR: Final = 0.5  # quality from which on the level is that of the room, not what the filter leaves or takes
SETTLING: Final = 250  # blocks of music, 4 s, until the filter is to be believed
HEARD: Final = 0.3  # share of the window in which the player was playing, from where on it counts

Each = NDArray[np.float32]  # a number of each block
_Heard = tuple[Each, Each, Each, Each, NDArray[np.bool_]]  # power, before, after, purity, playing


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
        self._silent = 0  # chunks of the reference
        self._chunks: list[_Heard] = []
        self._waiting: list[Pcm] = []  # frames of the player, not yet at the lower rate

    def play(self, block: Pcm) -> None:
        """Frames really written to the sound card, 48 kHz, shape (frames, 2), in order."""
        self._waiting.append(block)
        if len(self._waiting) >= MOST_WAITING:
            self._take_played()

    def hear(self, block: Pcm, hour: int) -> list[RoomHeard]:
        """The microphone's next frames, 48 kHz, shape (frames,) or (frames, channels). hour: 0-23."""
        samples, told = self._from_room.push(block), []
        for begin in range(0, len(samples), CHUNK):
            self._heard.add(samples[begin : begin + CHUNK])
            if self._heard.end - self._done < CHUNK:
                break
            self._take_played()
            self._take(self._done)
            self._done += CHUNK
            if len(self._chunks) == TELL_EVERY:
                told.append(self._tell(hour))
            self._look()
        return told

    def gap(self) -> None:
        """Frames of the microphone were lost: both sides begin anew."""
        self._finder, self._missed, self._settled = DelayFinder(), 0, 0
        self._echo.reset()

    # --- inside -----------------------------------------------------------------------------------------

    def _take_played(self) -> None:
        if self._waiting:
            self._played.add(self._from_player.push(np.concatenate(self._waiting)))
            self._waiting = []

    def _take(self, start: int) -> None:
        delay = self._finder.delay
        reference = self._played.get(start - (delay or 0), CHUNK)
        heard = self._heard.get(start, CHUNK)
        playing = mean_squares(reference) > QUIET * QUIET
        self._silent = 0 if playing.any() else self._silent + 1
        if delay is None:
            clean = untouched(heard)
            unsure = playing & (self._missed < LOOKS)
        else:
            # Nothing was played for longer than the room answers: nothing is to be taken away.
            clean = untouched(heard) if self._silent > SILENT_CHUNKS else self._echo.process(reference, heard)
            unsure = playing & (self._settled + np.cumsum(playing) < SETTLING)
        self._settled += int(playing.sum())
        self._calls.push(self._voice.push(clean, ~unsure))
        power = clean.power[:, ROOM].sum(axis=1)
        self._chunks.append((power, clean.before, clean.after, clean.purity, playing))

    def _tell(self, hour: int) -> RoomHeard:
        power, before, after, purity, playing = map(np.concatenate, zip(*self._chunks, strict=True))
        self._chunks = []
        level = decibels(float(power.mean()))
        beside_music = float(playing.mean()) > HEARD
        step = Seconds(TELL_EVERY * CHUNK / RATE)
        quality = self._quality(beside_music, float(purity.mean()))
        if quality >= CLEAR:
            self._baseline.learn(level, hour, step)
        usual = self._baseline.level(hour)
        voice = self._voice.tell(usual, quality)
        delay = self._finder.delay
        removed = decibels(float(before[playing].sum())) - decibels(float(after[playing].sum()))
        return RoomHeard(
            level=Decibels(level - usual) if quality >= CLEAR and usual is not None else None,
            voice=voice.share,
            pitch=voice.pitch,
            spread=voice.spread,
            shout=voice.shout,
            calls=0.0 if voice.alarm else self._calls.evidence(),
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
        """For the delay: often until it is found, then rarely, while the player is heard."""
        if self._done - self._looked < self._finder.pause * RATE or self._done < WINDOW:
            return
        self._looked = self._done
        played = self._played.get(self._done - WINDOW - LONGEST, WINDOW + LONGEST)
        before = self._finder.delay
        if self._finder.look(played, self._heard.get(self._done - WINDOW, WINDOW)):
            self._missed = 0
            if before is None or before != self._finder.delay:
                self._echo.reset()
                self._settled = 0
        elif before is None and float(mean_squares(played, len(played))[0]) > QUIET * QUIET:
            self._missed += 1


class _Tail:
    """The newest samples of a side, by their number; 0 where there are none."""

    def __init__(self) -> None:
        self._samples: Mono = np.zeros(2 * KEPT, np.float32)
        self._count = 0
        self.end = 0

    def add(self, samples: Mono) -> None:
        self.end += len(samples)
        samples = samples[-len(self._samples) :]
        if self._count + len(samples) > len(self._samples):
            keep = min(KEPT, self._count, len(self._samples) - len(samples))
            self._samples[:keep] = self._samples[self._count - keep : self._count].copy()
            self._count = keep
        self._samples[self._count : self._count + len(samples)] = samples
        self._count += len(samples)

    def get(self, start: int, count: int) -> Mono:
        first = start - (self.end - self._count)
        if first >= 0 and first + count <= self._count:
            return self._samples[first : first + count].copy()
        found: Mono = np.zeros(count, np.float32)
        low, high = max(first, 0), min(first + count, self._count)
        if low < high:
            found[low - first : high - first] = self._samples[low:high]
        return found
