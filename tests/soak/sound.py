"""The real mixer behind the commands and reports of an audio process, in virtual time."""

import numpy as np

from player.mixing.mixer import Mixer
from player.mixing.ring import Ring
from player.model import (
    AudioReport,
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    Heard,
    Listen,
    Load,
    MixCommand,
    Progress,
    SinkOpened,
    TrackId,
    Unload,
)
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, SILENCE_DB, Decibels, Frames, Seconds, amplitude_to_db

BLOCK_S = 0.25
AHEAD_S = 2.0  # in each ring
LOOK_AHEAD_S = 12.0
POOL: Pcm = np.random.default_rng(1).normal(0.0, 0.05, (10 * SAMPLE_RATE, 2)).astype(np.float32)


class Source:
    """A decoder of noise: `length` seconds of the pool, over and over."""

    def __init__(self, load: Load, length: float) -> None:
        self.load = load
        self.ring = Ring(Frames(round(AHEAD_S * SAMPLE_RATE)))
        self.audible = False
        self.told = False
        self._left = max(round((length - load.start) * SAMPLE_RATE), SAMPLE_RATE)
        self._at = 0
        self.fill()

    @property
    def left_s(self) -> float:
        return (self._left + self.ring.level) / SAMPLE_RATE

    def fill(self) -> None:
        while self._left and self.ring.space:
            block = POOL[self._at : self._at + min(self._left, self.ring.space)]
            self.ring.write(block)
            self._left -= len(block)
            self._at = (self._at + len(block)) % len(POOL)
        if not self._left:
            self.ring.end()


class MixedSound:
    """Takes mix commands; `advance` renders every frame up to then, and gives the reports."""

    def __init__(self, lengths: dict[TrackId, Seconds], at: Seconds) -> None:
        self.lengths = lengths
        self.mixer = Mixer()
        self.frames = 0
        self.peak = SILENCE_DB  # dBFS, of the blocks of the last `advance`
        self.faults: list[str] = []
        self._at = at
        self._sources: dict[int, Source] = {}
        self._due: list[AudioReport] = [SinkOpened(device="virtual")]

    @property
    def heard(self) -> TrackId | None:
        return next((s.load.track_id for s in self._sources.values() if s.audible), None)

    @property
    def mixer_faults(self) -> int:
        return self.mixer.underruns + self.mixer.faults

    def take(self, command: MixCommand) -> None:
        match command:
            case Load(deck=deck, track_id=track_id):
                length = self.lengths.get(track_id)
                if length is None:
                    self._due.append(DeckFailed(deck=deck, track_id=track_id, reason="no such file"))
                    return
                source = self._sources[deck] = Source(command, length)
                self.mixer.attach(deck, source.ring, command.gain or Decibels(0.0))
                gain = command.gain or Decibels(0.0)
                self._due.append(DeckLoaded(deck=deck, track_id=track_id, gain=gain, cue=command.start))
            case Unload(deck=deck):
                self.mixer.detach(deck)
                self._freed(deck)
            case Crossfade(deck=deck):
                self.mixer.apply(command)
                for source in self._sources.values():
                    source.audible = source is self._sources[deck]
                track_id = self._sources[deck].load.track_id
                self._due.append(Heard(deck=deck, track_id=track_id, frame=Frames(self.frames)))
            case Listen():
                pass  # there is no room
            case _:
                self.mixer.apply(command)
        self._take_freed()

    def advance(self, to: Seconds) -> list[tuple[Seconds, AudioReport]]:
        peak = 0.0
        while to - self._at >= BLOCK_S:
            block = self.mixer.render(round(BLOCK_S * SAMPLE_RATE))
            peak = max(peak, float(np.abs(block).max()))
            if not np.isfinite(block).all():
                self.faults.append(f"not a number at {self._at}")
            self.frames += len(block)
            self._at = Seconds(self._at + BLOCK_S)
            self._take_freed()
            for deck, source in self._sources.items():
                source.fill()
                if source.audible and not source.told and source.left_s <= LOOK_AHEAD_S:
                    source.told = True
                    left = Seconds(source.left_s)
                    self._due.append(DeckEnding(deck=deck, track_id=source.load.track_id, remaining=left))
        self.peak = amplitude_to_db(peak)
        due, self._due = [*self._due, self.progress()], []
        return [(to, report) for report in due]

    def progress(self) -> Progress:
        deck, source = next(((d, s) for d, s in self._sources.items() if s.audible), (-1, None))
        played = self.mixer.status(deck).position / SAMPLE_RATE if source else 0.0
        return Progress(
            deck=deck,
            track_id=source.load.track_id if source else "",
            position=Seconds((source.load.start if source else 0.0) + played),
            frames_written=Frames(self.frames),
            underruns=self.mixer.underruns,
            ring=Seconds(source.ring.level / SAMPLE_RATE if source else 0.0),
            peak=Decibels(self.peak),
        )

    def _take_freed(self) -> None:
        for deck in self.mixer.freed():
            self._freed(deck)

    def _freed(self, deck: int) -> None:
        source = self._sources.pop(deck, None)
        if source is not None:
            self._due.append(DeckFreed(deck=deck, track_id=source.load.track_id))
