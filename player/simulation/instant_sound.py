"""A virtual audio process that loads at once and reports as little as a session needs: for many days.

`sound.py` is the faithful one, with the delays of a real process.
"""

import math
from heapq import heappop, heappush

from player.model import (
    AudioReport,
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    Fade,
    Heard,
    Listen,
    Load,
    MixCommand,
    Progress,
    Shape,
    Stop,
    TrackId,
    Unload,
    Volume,
)
from player.session.ladder import PAD_URI
from player.units import SAMPLE_RATE, Decibels, Frames, Seconds

ANNOUNCED = Seconds(
    4.0
)  # before its end a track is announced as ending: shorter than a swap, so it starts at once
NEVER = Seconds(math.inf)


class Voice:
    """A track on a deck. `ends`: when it will be over; while nothing is heard of it, `left` counts."""

    def __init__(self, track_id: TrackId, left: float) -> None:
        self.track_id = track_id
        self.left = left
        self.ends = NEVER
        self.leaving = False
        self.ticket = 0  # reports of an older ticket do not happen any more


class InstantSound:
    """`take` commands as they come; `due` is the moment of the next report, `pop` gives it."""

    def __init__(self, lengths: dict[TrackId, Seconds]) -> None:
        self._lengths = lengths
        self._voices: dict[int, Voice] = {}
        self._queue: list[tuple[Seconds, int, int, Voice | None, AudioReport]] = []
        self._count = 0
        self._open = True
        self.due = NEVER
        self.heard: TrackId | None = None  # None: silence

    def take(self, command: MixCommand, at: Seconds) -> None:
        match command:
            case Load(deck=deck, track_id=track_id, start=start, uri=uri):
                length = Seconds(1e9) if uri == PAD_URI else self._lengths.get(track_id)
                if length is None:
                    self._report(at, DeckFailed(deck=deck, track_id=track_id, reason="no such file"))
                    return
                self._voices[deck] = Voice(track_id, max(length - start, 0.0))
                self._report(at, DeckLoaded(deck=deck, track_id=track_id, gain=Decibels(0.0)))
            case Crossfade(deck=deck, fade=fade):
                self._enter(deck, fade, at)
            case Unload(deck=deck):
                voice = self._voices.pop(deck, None)
                if voice is not None:
                    self._report(at, DeckFreed(deck=deck, track_id=voice.track_id))
            case Fade(audible=audible):
                self._gate(audible, at)
            case Stop(fade=fade):
                for deck, voice in self._voices.items():
                    self._leave(deck, voice, Seconds(at + fade) if self._open else at)
                self._open, self.heard = True, None
            case Volume() | Shape() | Listen():
                pass

    def progress(self, at: Seconds) -> Progress:
        """What a real process would report now: all of it as if every frame had been written."""
        for deck, voice in self._voices.items():
            if voice.track_id == self.heard and voice.ends < NEVER and not voice.leaving:
                length = self._lengths.get(voice.track_id, Seconds(0.0))
                return _progress(deck, voice.track_id, Seconds(max(length - (voice.ends - at), 0.0)), at)
        return _progress(-1, "", Seconds(0.0), at)

    def pop(self) -> AudioReport:
        _, _, _, voice, report = heappop(self._queue)
        if isinstance(report, DeckFreed) and voice is not None:
            if self._voices.get(report.deck) is voice:
                del self._voices[report.deck]
            if not voice.leaving:  # it ended and nothing followed
                self.heard = None
        self._look()
        return report

    def _enter(self, deck: int, fade: Seconds, at: Seconds) -> None:
        entering = self._voices[deck]
        for other, voice in self._voices.items():
            if voice is not entering and voice.ends < NEVER and not voice.leaving:
                self._leave(other, voice, Seconds(min(at + fade, voice.ends)))
        if entering.leaving:  # called back while it fades out
            entering.left = max(entering.left, 1.0)
        entering.leaving = False
        self.heard = entering.track_id
        self._run(deck, entering, at)
        self._report(at, Heard(deck=deck, track_id=entering.track_id, frame=Frames(0)))

    def _run(self, deck: int, voice: Voice, at: Seconds) -> None:
        """It is heard from now on: announce its end."""
        voice.ticket += 1
        voice.ends = Seconds(at + voice.left)
        left, name = Seconds(min(ANNOUNCED, voice.left)), voice.track_id
        self._report(Seconds(voice.ends - left), DeckEnding(deck=deck, track_id=name, remaining=left), voice)
        self._report(voice.ends, DeckFreed(deck=deck, track_id=name), voice)

    def _leave(self, deck: int, voice: Voice, at: Seconds) -> None:
        voice.ticket += 1
        voice.leaving, voice.ends = True, at
        self._report(at, DeckFreed(deck=deck, track_id=voice.track_id), voice)

    def _gate(self, audible: bool, at: Seconds) -> None:
        """Paused music stands still."""
        if audible is self._open:
            return
        self._open = audible
        for deck, voice in self._voices.items():
            if voice.leaving:
                continue
            if audible and voice.left < 0.0:
                voice.left = -voice.left
                self._run(deck, voice, at)
                self.heard = voice.track_id
            elif not audible and voice.ends < NEVER:
                voice.ticket += 1
                voice.left, voice.ends = -max(voice.ends - at, 0.1), NEVER
                self.heard = None
        self._look()

    def _report(self, at: Seconds, report: AudioReport, voice: Voice | None = None) -> None:
        self._count += 1
        heappush(self._queue, (at, self._count, voice.ticket if voice else 0, voice, report))
        self._look()

    def _look(self) -> None:
        queue = self._queue
        while queue and (voice := queue[0][3]) is not None and voice.ticket != queue[0][2]:
            heappop(queue)
        self.due = queue[0][0] if queue else NEVER


def _progress(deck: int, track_id: TrackId, position: Seconds, at: Seconds) -> Progress:
    return Progress(
        deck=deck,
        track_id=track_id,
        position=position,
        frames_written=Frames(int(at * SAMPLE_RATE)),
        underruns=0,
        ring=Seconds(10.0),
        peak=Decibels(-12.0),
    )
