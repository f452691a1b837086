"""Which track is on which deck, and the commands that move the music from one to another.

It believes only what the audio process reports: a track has entered when its first frame was written.
"""

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from player.model import (
    Ahead,
    AudioReport,
    CatalogueEntry,
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    DeckStarving,
    Fade,
    Heard,
    Listened,
    Load,
    MicrophoneState,
    MixCommand,
    NowPlaying,
    Progress,
    RoomHeard,
    SinkOpened,
    Stop,
    TrackFeatures,
    TrackId,
    Unload,
)
from player.units import PROGRAMME_LUFS, Decibels, Seconds

STALL = Seconds(1.0)  # without a frame from a source that has not ended
DECKS = 4  # playing, leaving, leaving before that, standing by
MAX_AMPLIFICATION = Decibels(12.0)  # own judgement: a very quiet recording is raised no further
PEAK_CEILING = Decibels(-1.0)  # dBTP; amplification stops here


class Phase(Enum):
    LOADING = "loading"
    READY = "ready"  # decoded and silent
    HEARD = "heard"  # entering or playing
    LEAVING = "leaving"  # fading out of a swap
    STOPPING = "stopping"  # fading out for good
    EMPTYING = "emptying"  # unloaded: free once the audio process says so


class Slot:
    """One deck."""

    def __init__(self, track_id: TrackId) -> None:
        self.track_id = track_id
        self.phase = Phase.LOADING
        self.position = Seconds(0.0)
        self.dry_since: Seconds | None = None  # nothing decoded was left, and more should have come
        self.entered = False  # its first frame was written
        self.leaves_at: Seconds | None = None  # when the ring will be empty, once the source has ended


class Target(Struct, frozen=True, kw_only=True):
    """A track that shall be heard: as soon as it is decoded and not before `not_before`."""

    entry: CatalogueEntry
    fade: Seconds
    start: Seconds = Seconds(0.0)
    not_before: Seconds = Seconds(0.0)
    gentle: bool = False  # no louder than what is heard


class Entered(Struct, frozen=True, kw_only=True):
    track_id: TrackId


class Broke(Struct, frozen=True, kw_only=True):
    """The source failed. `wanted`: it was to be heard. `dry`: it is heard and nothing comes any more."""

    track_id: TrackId
    reason: str
    wanted: bool = False
    dry: bool = False
    left: Seconds | None = None  # of it that can still be heard; None: not known


class Ending(Struct, frozen=True, kw_only=True):
    track_id: TrackId
    at: Seconds  # when the last frame will have been written


class RanOut(Struct, frozen=True, kw_only=True):
    """The track that played is over and nothing follows."""

    track_id: TrackId


Outcome = Entered | Broke | Ending | RanOut


def track_gain(features: TrackFeatures | None) -> Decibels | None:
    """Gain that brings a track to −23 LUFS (EBU R 128), kept below the true-peak ceiling; None: unknown."""
    if features is None or features.integrated_loudness is None:
        return None
    gain = min(PROGRAMME_LUFS - features.integrated_loudness, MAX_AMPLIFICATION)
    if features.true_peak is not None and gain > 0.0:
        gain = max(min(gain, PEAK_CEILING - features.true_peak), 0.0)
    return Decibels(gain)


class Transport:
    """The decks of one audio process. `emit` takes each mix command in order."""

    def __init__(self, emit: Callable[[MixCommand], None]) -> None:
        self._emit = emit
        self._slots: dict[int, Slot] = {}
        self._target: Target | None = None
        self._ready = False
        self.silent_since: Seconds | None = None  # a target is to be heard by now, and nothing is

    # --- what is so -----------------------------------------------------------------------------

    @property
    def current(self) -> TrackId | None:
        """The track that is heard (a leaving one does not count)."""
        slot = self._heard()
        return slot[1].track_id if slot else None

    @property
    def settled(self) -> bool:
        """A track is heard from its first frame on, and no other is to come."""
        slot = self._heard()
        return slot is not None and slot[1].entered and self._target is None

    @property
    def position(self) -> Seconds:
        slot = self._heard()
        return slot[1].position if slot else Seconds(0.0)

    @property
    def target(self) -> TrackId | None:
        return self._target.entry.track.id if self._target else None

    @property
    def waits_until(self) -> Seconds | None:
        return self._target.not_before if self._target else None

    @property
    def leaves_at(self) -> Seconds | None:
        """When the piece that is heard will be over, once its end is decoded."""
        slot = self._heard()
        return slot[1].leaves_at if slot else None

    def phase(self, track_id: TrackId) -> Phase | None:
        """Of the deck that holds the track; None: no deck does."""
        deck = self._find(track_id)
        return None if deck is None else self._slots[deck].phase

    @property
    def tracks(self) -> frozenset[TrackId]:
        """On any deck, whatever they do there."""
        return frozenset(slot.track_id for slot in self._slots.values())

    @property
    def standby(self) -> TrackId | None:
        for slot in self._slots.values():
            if slot.phase in (Phase.LOADING, Phase.READY) and slot.track_id != self.target:
                return slot.track_id
        return None

    # --- what shall be ----------------------------------------------------------------------------

    def ready(self) -> None:
        """A new audio process with empty decks takes commands."""
        self._slots.clear()
        self._ready = True

    def lost(self) -> None:
        """The audio process ended: nothing is heard. The target is forgotten."""
        self._slots.clear()
        self._target = None
        self._ready = False

    def go(self, target: Target, at: Seconds) -> None:
        """Let `target` be heard; a target that still waits is replaced."""
        self._target, self.silent_since = target, None
        self._pursue(at)

    def prepare(self, entry: CatalogueEntry) -> None:
        """Keep `entry` decoded on a standby deck, if there is room."""
        if (
            not self._ready
            or self._stopping()
            or self.standby == entry.track.id
            or self._find(entry.track.id) is not None
        ):
            return
        self.drop_standby()
        deck = self._free()
        if deck is not None:
            self._load(deck, entry, Seconds(0.0))

    def tick(self, at: Seconds) -> None:
        if self._target is not None:
            self._pursue(at)
        target, heard = self._target, self._heard()
        if target is None or at < target.not_before or (heard and heard[1].dry_since is None):
            self.silent_since = None
        elif self.silent_since is None:
            self.silent_since = at

    def pause(self, fade: Seconds) -> None:
        self._emit(Fade(audible=False, fade=fade))

    def resume(self, fade: Seconds) -> None:
        self._emit(Fade(audible=True, fade=fade))

    def stop(self, fade: Seconds) -> None:
        """Silence everything and forget what should have come."""
        self._target = None
        for slot in self._slots.values():
            slot.phase = Phase.STOPPING
        self._emit(Stop(fade=fade))

    def cancel(self) -> None:
        """Forget a target that is not yet heard."""
        self._target = None

    # --- what the audio process reports -------------------------------------------------------------

    def report(self, report: AudioReport, at: Seconds) -> Outcome | None:
        match report:
            case DeckLoaded(deck=deck, track_id=track_id, cue=cue):
                self._loaded(deck, track_id, cue, at)
                return None
            case Heard(deck=deck, track_id=track_id):
                slot = self._slot(deck, track_id)
                if slot is None or slot.phase is not Phase.HEARD:
                    return None
                slot.entered = True
                return Entered(track_id=track_id)
            case Progress():
                return self._progress(report, at)
            case DeckEnding(deck=deck, track_id=track_id, remaining=remaining):
                slot = self._slot(deck, track_id)
                if slot is None or slot.phase is not Phase.HEARD:
                    return None
                slot.leaves_at = Seconds(at + remaining)
                return Ending(track_id=track_id, at=slot.leaves_at)
            case DeckStarving(deck=deck, track_id=track_id, remaining=remaining):
                slot = self._slot(deck, track_id)
                if slot is None or slot.phase is not Phase.HEARD:
                    return None
                return Broke(track_id=track_id, reason="no more sound came", dry=True, left=remaining)
            case DeckFailed(deck=deck, track_id=track_id, reason=reason):
                return self._failed(deck, track_id, reason)
            case DeckFreed(deck=deck, track_id=track_id):
                return self._freed(deck, track_id, at)
            case SinkOpened() | Listened() | NowPlaying() | Ahead() | RoomHeard() | MicrophoneState():
                return None

    def _progress(self, report: Progress, at: Seconds) -> Outcome | None:
        """A stall is judged by frames that did not come, not by the player's own state (DESIGN 5)."""
        slot = self._slot(report.deck, report.track_id)
        if slot is None:
            return None
        slot.position = report.position
        if report.ring > 0.0 or slot.phase is not Phase.HEARD or slot.leaves_at is not None:
            slot.dry_since = None
            return None
        if slot.dry_since is None:
            slot.dry_since = at
        if at - slot.dry_since < STALL:
            return None
        slot.dry_since = at
        return Broke(track_id=slot.track_id, reason="no more sound came", dry=True)

    def _loaded(self, deck: int, track_id: TrackId, cue: Seconds, at: Seconds) -> None:
        slot = self._slot(deck, track_id)
        if slot is None or slot.phase is not Phase.LOADING:
            return
        slot.phase = Phase.READY
        slot.position = max(slot.position, cue)
        if self.target == track_id:
            self._pursue(at)

    def _failed(self, deck: int, track_id: TrackId, reason: str) -> Outcome | None:
        slot = self._slot(deck, track_id)
        wanted = self.target == track_id
        if wanted:
            self._target = None
        if slot is None:
            return None
        if slot.phase in (Phase.LOADING, Phase.READY):
            self._unload(deck, slot)
        return Broke(track_id=track_id, reason=reason, wanted=wanted)

    def _freed(self, deck: int, track_id: TrackId, at: Seconds) -> Outcome | None:
        slot = self._slot(deck, track_id)
        if slot is None:
            return None
        del self._slots[deck]
        if slot.phase is Phase.HEARD and self._target is None:
            return RanOut(track_id=track_id)
        self.tick(at)
        return None

    # --- decks ----------------------------------------------------------------------------------------

    def _pursue(self, at: Seconds) -> None:
        target = self._target
        if target is None or not self._ready or self._stopping():
            return
        deck = self._find(target.entry.track.id)
        if deck is None:
            self.drop_standby()
            free = self._free()
            if free is not None:  # otherwise a leaving deck will be freed soon, and calls again
                self._load(free, target.entry, target.start)
            return
        slot = self._slots[deck]
        if slot.phase is Phase.HEARD:
            self._target = None
        elif slot.phase in (Phase.READY, Phase.LEAVING) and at >= target.not_before:
            for other in self._slots.values():
                if other.phase is Phase.HEARD:
                    other.phase = Phase.LEAVING
            slot.phase = Phase.HEARD
            self._target = None
            self._emit(Crossfade(deck=deck, fade=target.fade, gentle=target.gentle))

    def _load(self, deck: int, entry: CatalogueEntry, start: Seconds) -> None:
        self._slots[deck] = slot = Slot(entry.track.id)
        slot.position = start
        self._emit(
            Load(
                deck=deck,
                track_id=entry.track.id,
                uri=entry.track.uri,
                start=start,
                gain=None if entry.track.live else track_gain(entry.features),
                live=entry.track.live,
            )
        )

    def drop_standby(self) -> None:
        """Empty the decks that are silent and not to be heard."""
        for deck, slot in list(self._slots.items()):
            if slot.phase in (Phase.LOADING, Phase.READY) and slot.track_id != self.target:
                self._unload(deck, slot)

    def _unload(self, deck: int, slot: Slot) -> None:
        slot.phase = Phase.EMPTYING
        self._emit(Unload(deck=deck))

    def _free(self) -> int | None:
        return next((deck for deck in range(DECKS) if deck not in self._slots), None)

    def _stopping(self) -> bool:
        return any(slot.phase is Phase.STOPPING for slot in self._slots.values())

    def _find(self, track_id: TrackId) -> int | None:
        usable = (Phase.LOADING, Phase.READY, Phase.HEARD, Phase.LEAVING)
        slots = self._slots.items()
        return next((d for d, s in slots if s.track_id == track_id and s.phase in usable), None)

    def _slot(self, deck: int, track_id: TrackId) -> Slot | None:
        slot = self._slots.get(deck)
        return slot if slot is not None and slot.track_id == track_id else None

    def _heard(self) -> tuple[int, Slot] | None:
        for deck, slot in self._slots.items():
            if slot.phase is Phase.HEARD:
                return deck, slot
        return None
