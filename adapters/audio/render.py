"""The render thread: commands in, 20-ms blocks out, reports of what was really written."""

import logging
import queue
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from adapters.audio.decoder import Decoder, Head, Listener
from adapters.audio.keeper import SinkKeeper
from adapters.audio.listening import Analysis
from adapters.decode.web import shown
from player.errors import MixingError
from player.mixing.mixer import Mixer
from player.model import (
    AudioReport,
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    DeckStarving,
    Heard,
    Listen,
    Load,
    MixCommand,
    NowPlaying,
    Progress,
    Stop,
    Unload,
)
from player.ports.audio import Pcm
from player.units import (
    SAMPLE_RATE,
    Decibels,
    Frames,
    Seconds,
    amplitude_to_db,
    frames_to_seconds,
)

log = logging.getLogger(__name__)

BLOCK: Final = 960  # frames, 20 ms: a command waits no longer; shorter blocks cost more processor time
PROGRESS_BLOCKS: Final = 12  # 4 reports a second
STARVING: Final = Seconds(2.5)  # left in the ring, and no frame came for
QUIET: Final = Seconds(1.0)  # so long: time to fade to something else; tuning constants
ENDING: Final = Seconds(12.0)  # left in the ring when the end is announced
INBOX: Final = 1024  # commands and news of decoders; full: the sender waits


class Loaded(Struct, frozen=True):
    """A decoder has enough for its deck to start."""

    decoder: Decoder
    head: Head


class Failed(Struct, frozen=True):
    decoder: Decoder
    problem: str


class Lower(Struct, frozen=True):
    """Louder music is coming on a deck whose gain was guessed."""

    decoder: Decoder
    gain: Decibels


Item = MixCommand | Loaded | Failed | Lower


class Deck:
    """A deck in use. `cue` is known once it is attached to the mixer."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.cue: Seconds | None = None
        self.ending_told = False
        self.starving_told = False


class Renderer:
    """Owns mixer and sink. `post` may be called from any thread; `run` is the render thread."""

    def __init__(
        self,
        sink: SinkKeeper,
        report: Callable[[AudioReport], None],
        analysis: Analysis,
        written: Callable[[Pcm], None] | None = None,
    ) -> None:
        """written: is given every block that the sink took; never waits."""
        self._sink, self._report = sink, report
        self._written = written
        self._mixer = Mixer()
        self._inbox: queue.Queue[Item] = queue.Queue(INBOX)
        self._decks: dict[int, Deck] = {}
        self._current = -1  # deck of the newest crossfade
        self._entered: Crossfade | None = None  # not yet written
        self._blocks = 0
        self._peak = 0.0
        self._intervals: deque[float] = deque(maxlen=PROGRESS_BLOCKS)
        self._closing = False
        self._listener = Listener(
            ready=lambda decoder, head: self.post(Loaded(decoder, head)),
            failed=lambda decoder, problem: self.post(Failed(decoder, problem)),
            analyse=analysis.push,
            lower=lambda decoder, gain: self.post(Lower(decoder, gain)),
        )

    def post(self, item: Item) -> None:
        self._inbox.put(item)

    def close(self) -> None:
        """Let `run` return after the present block."""
        self._closing = True

    def run(self) -> None:
        written_at = time.monotonic()
        while not self._closing:
            while not self._inbox.empty():
                self._take(self._inbox.get_nowait())
                self._tell_freed()
            block = self._mixer.render(BLOCK)
            before = self._sink.frames_written
            self._sink.write(block)
            if self._written is not None:
                self._written(block)
            now = time.monotonic()
            self._intervals.append(now - written_at)
            written_at = now
            self._tell_heard(before)
            self._peak = max(self._peak, float(np.abs(block).max()))
            self._tell_freed()
            self._blocks += 1
            if self._blocks % PROGRESS_BLOCKS == 0:
                self._tell_progress()
        self._sink.close()

    # --- commands ---------------------------------------------------------------------------------

    def _take(self, item: Item) -> None:
        try:
            self._handle(item)
        except MixingError as error:
            log.warning("%s: %s", type(item).__name__, error)
            if isinstance(item, Load | Unload | Crossfade):  # the deck is heard, or ran out meanwhile
                track_id = item.track_id if isinstance(item, Load) else self._track(item.deck)
                self._report(DeckFailed(deck=item.deck, track_id=track_id, reason=str(error)))

    def _handle(self, item: Item) -> None:
        match item:
            case Load():
                self._release(item.deck)
                self._decks[item.deck] = Deck(Decoder(item, self._listener))
                self._decks[item.deck].decoder.start()
            case Unload(deck=deck):
                self._release(deck)
            case Stop():
                self._mixer.apply(item)
                for number in [n for n, deck in self._decks.items() if deck.cue is None]:
                    self._release(number)
            case Loaded(decoder, head):
                self._attach(decoder, head)
            case Failed(decoder, problem):
                self._fail(decoder, problem)
            case Lower(decoder, gain):
                if self._is_current(decoder):
                    self._mixer.set_gain(decoder.load.deck, gain)
            case Crossfade():
                self._crossfade(item)
            case Listen():
                pass  # of the microphone, which has a thread of its own
            case _:
                self._mixer.apply(item)

    def _crossfade(self, command: Crossfade) -> None:
        self._mixer.apply(command)
        self._current, self._entered = command.deck, command
        for number, deck in self._decks.items():
            deck.decoder.audible = number == command.deck

    def _attach(self, decoder: Decoder, head: Head) -> None:
        load = decoder.load
        if not self._is_current(decoder):
            return
        self._decks[load.deck].cue = head.cue
        self._mixer.attach(load.deck, decoder.ring, head.gain)
        self._report(DeckLoaded(deck=load.deck, track_id=load.track_id, gain=head.gain, cue=head.cue))

    def _fail(self, decoder: Decoder, problem: str) -> None:
        if self._is_current(decoder):
            load = decoder.load
            self._report(
                DeckFailed(deck=load.deck, track_id=load.track_id, reason=f"{shown(load.uri)}: {problem}")
            )

    def _release(self, number: int) -> None:
        deck = self._decks.get(number)
        if deck is None:
            return
        if deck.cue is not None:
            self._mixer.detach(number)
        del self._decks[number]
        deck.decoder.cancel()
        self._report(DeckFreed(deck=number, track_id=deck.decoder.load.track_id))

    def _is_current(self, decoder: Decoder) -> bool:
        deck = self._decks.get(decoder.load.deck)
        return deck is not None and deck.decoder is decoder

    def _track(self, number: int) -> str:
        deck = self._decks.get(number)
        return deck.decoder.load.track_id if deck else ""

    # --- reports ----------------------------------------------------------------------------------

    def _tell_heard(self, before: Frames) -> None:
        if self._entered is not None:
            deck, self._entered = self._entered.deck, None
            frame = Frames(before + self._mixer.latency)
            self._report(Heard(deck=deck, track_id=self._track(deck), frame=frame))

    def _tell_freed(self) -> None:
        for number in self._mixer.freed():
            deck = self._decks.pop(number, None)
            if deck is not None:
                deck.decoder.cancel()
                self._report(DeckFreed(deck=number, track_id=deck.decoder.load.track_id))

    def _tell_progress(self) -> None:
        number = self._current
        deck = self._decks.get(number)
        position, ring = Seconds(0.0), Seconds(0.0)
        if deck is None or deck.cue is None:
            number = -1
        else:
            status = self._mixer.status(number)
            position = Seconds(deck.cue + max(0.0, frames_to_seconds(status.position - self._mixer.latency)))
            ring = frames_to_seconds(status.level)
            self._tell_ending(number, deck, ring)
            self._tell_starving(number, deck, ring)
            self._tell_title(number, deck, status.position)
        late = np.array(self._intervals) - BLOCK / SAMPLE_RATE
        self._report(
            Progress(
                deck=number,
                track_id=self._track(number),
                position=position,
                frames_written=self._sink.frames_written,
                underruns=self._mixer.underruns + self._sink.underruns,
                ring=ring,
                peak=amplitude_to_db(self._peak),
                lateness_p99=Seconds(max(0.0, float(np.percentile(late, 99)))),
            )
        )
        self._peak = 0.0

    def _tell_ending(self, number: int, deck: Deck, ring: Seconds) -> None:
        if deck.decoder.source_ended and not deck.ending_told and ring <= ENDING:
            deck.ending_told = True
            track_id = deck.decoder.load.track_id
            self._report(DeckEnding(deck=number, track_id=track_id, remaining=ring))

    def _tell_starving(self, number: int, deck: Deck, ring: Seconds) -> None:
        """By frames that did not come, whatever the source says of itself."""
        decoder = deck.decoder
        if ring > STARVING or decoder.source_ended:
            deck.starving_told = False
        elif time.monotonic() - decoder.came >= QUIET and not deck.starving_told:
            deck.starving_told = True
            self._report(DeckStarving(deck=number, track_id=decoder.load.track_id, remaining=ring))

    def _tell_title(self, number: int, deck: Deck, position: Frames) -> None:
        """As it reaches the ear."""
        titles = deck.decoder.titles
        title = None
        while titles and titles[0][0] <= position - self._mixer.latency:
            title = titles.popleft()[1]
        if title is not None:
            self._report(NowPlaying(deck=number, track_id=deck.decoder.load.track_id, title=title))
