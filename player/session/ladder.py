"""What is heard when what should be heard does not come, and when it is tried again.

Stream → the next approved piece → the resident's comfort set on this disk → the built-in pad. A step down
is taken at once, a step up when what was tried on a silent deck has shown that it comes.
"""

from collections.abc import Callable
from enum import StrEnum
from random import Random

from msgspec import Struct

from player.model import Affect, CatalogueEntry, Track, TrackFeatures, TrackId
from player.session.catalogue import Catalogue
from player.session.recall import Recall
from player.units import PROGRAMME_LUFS, Lu, Lufs, Seconds

# Own judgement.
FIRST_TRY, LAST_TRY = Seconds(2.0), Seconds(60.0)  # after a step down, doubled each time
JITTER = 0.25  # share by which a try comes earlier or later: a ward's players do not all ask at once
TRY_FOR = Seconds(20.0)
STEADY = Seconds(3.0)  # a stream that came back stands ready for so long before it is believed

PAD_ID: TrackId = "0" * 32
PAD_URI = "lull:pad"
PAD = CatalogueEntry(
    track=Track(id=PAD_ID, uri=PAD_URI, title="Gentle sound", duration=Seconds(0.0)),
    features=TrackFeatures(
        heard=Seconds(60.0),
        integrated_loudness=Lufs(PROGRAMME_LUFS),  # as `adapters.decode.pad` is made
        largest_rise=Lu(1.0),
        affect=Affect(
            arousal=-0.9, arousal_se=0.1, valence=0.0, valence_se=0.5, calmness=0.98, calmness_se=0.05
        ),
    ),
)


class Step(StrEnum):
    STREAM = "stream"
    LIBRARY = "library"
    COMFORT = "comfort"
    PAD = "pad"


class Standing(Struct, frozen=True, kw_only=True):
    """Which step is heard. reason: why it is not a higher one; "" when it is what was chosen."""

    step: Step
    reason: str = ""


class Trial(Struct, kw_only=True):
    """A higher step, being tried on a silent deck."""

    entry: CatalogueEntry
    began: Seconds
    ready: Seconds | None = None


class Ladder:
    """`jitter` is set once by the session, so that a replay draws the same."""

    def __init__(self, catalogue: Catalogue, recall: Recall) -> None:
        self._catalogue, self._recall = catalogue, recall
        self.jitter = Random(0)
        self.comfort: dict[TrackId, CatalogueEntry] = {}  # copies on this disk, best first
        self.standing: Standing | None = None  # None: nothing was heard yet
        self.stream: CatalogueEntry | None = None  # left by a fault or by the guard; to be gone back to
        self.stream_back = False  # it has shown that it comes again
        self.trial: Trial | None = None
        self.trial_objected = False  # the guard does not want what it plays now
        self._why = ""  # of `stream`
        self._coming: dict[TrackId, Standing] = {}
        self.tries = 0  # in a row, without success
        self._next_try: Seconds | None = None
        self._last_comfort: TrackId | None = None
        catalogue.reserve[PAD_ID] = PAD

    # --- where we are -----------------------------------------------------------------------------------

    @property
    def low(self) -> bool:
        """Neither a stream nor the library is heard."""
        return self.standing is not None and self.standing.step in (Step.COMFORT, Step.PAD)

    def is_coming(self, track_id: TrackId, step: Step) -> bool:
        standing = self._coming.get(track_id)
        return standing is not None and standing.step is step

    def coming(self, entry: CatalogueEntry, reason: str | None = "") -> None:
        """`entry` will be heard. reason: the fault for which it was chosen, None: that which still holds."""
        if reason is None:
            reason = self.standing.reason if self.standing else ""
        step = Step.STREAM if entry.track.live else Step.LIBRARY
        if entry is PAD:
            step = Step.PAD
        elif self.comfort.get(entry.track.id) is entry:
            step = Step.COMFORT
        if step is Step.STREAM:
            self.forget()
        elif step is Step.LIBRARY and self.stream is not None:
            reason = self._why
        self._coming[entry.track.id] = Standing(step=step, reason=reason)

    def entered(self, track_id: TrackId, at: Seconds) -> None:
        standing = self._coming.pop(track_id, None)
        self._coming.clear()
        if standing is not None and standing != self.standing:
            was_low, self.standing = self.low, standing
            if self.low and not was_low:
                self.tries = 0
            if self.low or self.stream is not None:
                self._schedule(at)

    def keep(self, kept: tuple[CatalogueEntry, ...]) -> None:
        """The comfort set as it lies on the disk."""
        for track_id in self.comfort:
            self._catalogue.reserve.pop(track_id, None)
        self.comfort = {entry.track.id: entry for entry in kept}
        self._catalogue.reserve.update(self.comfort)

    # --- down -------------------------------------------------------------------------------------------

    def below(
        self, at: Seconds, present: TrackId | None, bars: Callable[[TrackId], bool], *, last: bool = False
    ) -> CatalogueEntry | None:
        """What a fault leaves: a comfort piece, or the pad. None when people, not faults, left nothing.

        bars: by the profile. last: the disk is too slow as well: the pad needs none.
        """
        history = self._recall.history(at)
        barred = history.barred | history.blocked | history.refused
        if len(self._catalogue) and not self._catalogue.broken(at):
            return None
        allowed = [
            entry
            for track_id, entry in self.comfort.items()
            if track_id not in barred
            and not bars(track_id)
            and track_id != present
            and not self._catalogue.copy_broken(track_id, at)
        ]
        if allowed and not last:
            fresh = [entry for entry in allowed if entry.track.id != self._last_comfort] or allowed
            chosen = min(fresh, key=lambda entry: -history.since_play.get(entry.track.id, 1e12))
            self._last_comfort = chosen.track.id
            return chosen
        return None if PAD_ID in barred else PAD

    def leave(self, stream: CatalogueEntry, why: str, at: Seconds, away: Seconds = FIRST_TRY) -> None:
        """The stream is to be gone back to, not before `away` has passed."""
        if self.stream is None or self.stream.track.id != stream.track.id:
            self.tries = 0
        self.stream, self.stream_back, self._why = stream, False, why
        self._schedule(at, away)

    def forget(self) -> None:
        """A person wanted something else, or it is what is heard."""
        self.stream, self.stream_back, self._why = None, False, ""
        self.trial, self._next_try = None, None

    # --- up ---------------------------------------------------------------------------------------------

    @property
    def due(self) -> Seconds | None:
        """When something is to be tried, or a trial has been long enough."""
        if self.trial is not None:
            ready = self.trial.ready
            return Seconds(ready + STEADY) if ready is not None else Seconds(self.trial.began + TRY_FOR)
        return self._next_try

    def begin(self, entry: CatalogueEntry, at: Seconds) -> None:
        self.trial, self._next_try, self.trial_objected = Trial(entry=entry, began=at), None, False

    def failed(self, at: Seconds) -> None:
        self.trial = None
        self.tries += 1
        self._schedule(at)

    def came(self) -> CatalogueEntry | None:
        """The trial has shown that its source comes."""
        trial, self.trial = self.trial, None
        if trial is not None and trial.entry.track.live:
            self.stream_back = True
        return trial.entry if trial else None

    def _schedule(self, at: Seconds, least: Seconds = FIRST_TRY) -> None:
        wait = max(min(FIRST_TRY * 2.0**self.tries, LAST_TRY), least)
        self._next_try = Seconds(at + wait * (1.0 + JITTER * (2.0 * self.jitter.random() - 1.0)))
