"""A virtual audio process: takes mix commands, answers with the reports of a real one, in virtual time."""

from heapq import heappop, heappush
from itertools import count

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
    SinkOpened,
    Stop,
    TrackId,
    Unload,
    Volume,
)
from player.session.ladder import PAD_URI
from player.units import SAMPLE_RATE, Decibels, Frames, Seconds

ENDLESS = Seconds(1e9)
LOAD_TIME = Seconds(0.05)
FIRST_FRAME = Seconds(0.12)  # from a command to its first frame: the device buffer
LOOK_AHEAD = Seconds(12.0)  # the end of a track is announced this long before


class Voice:
    """A track on a virtual deck."""

    def __init__(self, load: Load, length: Seconds) -> None:
        self.track_id = load.track_id
        self.position = load.start
        self.length = length
        self.loaded = False
        self.audible = False
        self.frees_at: Seconds | None = None
        self.announced = False


class VirtualSound:
    """`lengths` gives the duration of each track; a track without one cannot be opened.

    `advance` moves virtual time and returns the reports due, each with its moment, in order.
    """

    def __init__(self, lengths: dict[TrackId, Seconds], at: Seconds) -> None:
        self.lengths = lengths
        self._at = at
        self._voices: dict[int, Voice] = {}
        self._due: list[tuple[Seconds, int, AudioReport]] = []
        self._order = count()
        self._closes: Seconds | None = None  # when the programme gate is closed; None: it is open
        self.level = Decibels(-120.0)
        self.faults: list[str] = []  # commands that a real process would have refused
        self._later(at, SinkOpened(device="virtual"))

    @property
    def _open(self) -> bool:
        return self._closes is None or self._at < self._closes

    @property
    def heard(self) -> TrackId | None:
        """The track that is entering or playing; None while the programme is closed."""
        voices = [v for v in self._voices.values() if v.audible and v.frees_at is None]
        return voices[0].track_id if voices and self._open else None

    @property
    def silent(self) -> bool:
        return not self._open or not any(voice.audible for voice in self._voices.values())

    def take(self, command: MixCommand) -> None:
        match command:
            case Load(deck=deck):
                if deck in self._voices:
                    self.faults.append(f"load on a deck in use: {command}")
                    return
                endless = command.uri == PAD_URI
                length = ENDLESS if endless else self.lengths.get(command.track_id)
                self._voices[deck] = Voice(command, length or Seconds(0.0))
                loaded: AudioReport
                if length is None:
                    loaded = DeckFailed(deck=deck, track_id=command.track_id, reason="no such file")
                else:
                    loaded = DeckLoaded(deck=deck, track_id=command.track_id, gain=Decibels(0.0))
                self._later(Seconds(self._at + LOAD_TIME), loaded)
            case Unload(deck=deck):
                voice = self._voices.get(deck)
                if voice is not None and voice.audible:
                    self.faults.append(f"unload of a deck that is heard: {command}")
                elif voice is not None:
                    self._free(deck, voice, self._at)
            case Crossfade(deck=deck, fade=fade):
                self._crossfade(deck, fade)
            case Fade(audible=audible, fade=fade):
                self._closes = None if audible else Seconds(self._at + fade)
            case Shape() | Listen():
                pass
            case Volume(level=level):
                self.level = level
            case Stop(fade=fade):
                for voice in self._voices.values():
                    voice.frees_at = Seconds(self._at + (fade if self._open else 0.0))
                self._closes = None

    def advance(self, to: Seconds) -> list[tuple[Seconds, AudioReport]]:
        elapsed = Seconds(to - self._at)
        for deck, voice in list(self._voices.items()):
            self._move(deck, voice, elapsed, to)
        self._at = to
        ready: list[tuple[Seconds, AudioReport]] = []
        while self._due and self._due[0][0] <= to:
            at, _, report = heappop(self._due)
            ready.append((at, report))
        return ready

    def progress(self) -> Progress:
        deck, voice = next(((d, v) for d, v in self._voices.items() if v.audible), (-1, None))
        return Progress(
            deck=deck,
            track_id=voice.track_id if voice else "",
            position=voice.position if voice else Seconds(0.0),
            frames_written=Frames(int(self._at * SAMPLE_RATE)),
            underruns=0,
            ring=Seconds(10.0),
            peak=Decibels(-12.0),
        )

    def _crossfade(self, deck: int, fade: Seconds) -> None:
        entering = self._voices.get(deck)
        if entering is None:
            self.faults.append(f"crossfade to an empty deck {deck}")
            return
        for voice in self._voices.values():
            if voice is not entering and voice.audible and voice.frees_at is None:
                voice.frees_at = Seconds(self._at + fade)
        entering.audible, entering.frees_at = True, None
        at = Seconds(self._at + FIRST_FRAME)
        self._later(at, Heard(deck=deck, track_id=entering.track_id, frame=Frames(int(at * SAMPLE_RATE))))

    def _move(self, deck: int, voice: Voice, elapsed: Seconds, to: Seconds) -> None:
        if voice.frees_at is not None and voice.frees_at <= to:
            self._free(deck, voice, voice.frees_at)
            return
        if not voice.audible or not self._open:
            return
        voice.position = Seconds(voice.position + elapsed)
        remaining = voice.length - voice.position
        if remaining <= 0.0:
            self._free(deck, voice, Seconds(to + remaining))
        elif remaining <= LOOK_AHEAD and not voice.announced:
            voice.announced = True
            self._later(to, DeckEnding(deck=deck, track_id=voice.track_id, remaining=Seconds(remaining)))

    def _free(self, deck: int, voice: Voice, at: Seconds) -> None:
        del self._voices[deck]
        self._later(at, DeckFreed(deck=deck, track_id=voice.track_id))

    def _later(self, at: Seconds, report: AudioReport) -> None:
        heappush(self._due, (at, next(self._order), report))
