"""Follows what comes of choices while the day goes on, and says what is to be learned when it is known."""

from msgspec import Struct

from player.model import Selection, TrackId
from player.selection.reward import (
    Credit,
    NaturalChange,
    Response,
    StopReason,
    by_sensors,
    by_staff,
    by_stop,
)
from player.units import Seconds

LATE = Seconds(600.0)  # feedback is still about a piece that ended this long ago; own judgement
GAP = Seconds(30.0)  # between two observations; what is missing longer counts as not heard
LEAST_CONFIDENCE = 0.2  # of an estimate of agitation that is used at all; own judgement


class Observation(Struct, frozen=True, kw_only=True):
    """One look at the resident. agitation None: nothing fresh is known."""

    at: Seconds
    minute: int  # of the local day, 0-1439
    agitation: float | None
    confidence: float = 1.0
    heard: TrackId | None = None  # what is heard; None: silence

    @property
    def usable(self) -> bool:
        return self.agitation is not None and self.confidence >= LEAST_CONFIDENCE


class Trial(Struct, kw_only=True):
    """One swap and what followed. `before` None: nothing was known when the music changed."""

    choice: Selection
    begun: Seconds
    before: Observation | None
    heard: Seconds = Seconds(0.0)
    last: Observation | None = None


class OutcomeWatch:
    """One open trial at a time, and one that has ended, of which people may still speak.

    Moments without a swap teach `natural`: change from the start to the end of a window in which the music
    was not changed for the resident's sake. Only what was heard is credited.
    """

    def __init__(self, window: Seconds, natural: NaturalChange) -> None:
        """window: the response window."""
        self._window = window
        self.natural = natural
        self._open: Trial | None = None
        self._ended: Trial | None = None
        self._previous: Observation | None = None
        self._quiet_from: Observation | None = None  # start of a window without a swap

    def chosen(self, choice: Selection, at: Seconds) -> list[Credit]:
        """The music was changed to soothe. A trial that was open ends here, heard in part."""
        credits = self._end()
        previous = self._previous
        fresh = previous is not None and previous.usable and at - previous.at <= GAP
        self._open = Trial(choice=choice, begun=at, before=previous if fresh else None)
        self._quiet_from = None
        return credits

    def observe(self, seen: Observation) -> list[Credit]:
        """Call about as often as estimates come, at least twice a minute."""
        credits: list[Credit] = []
        trial, previous = self._open, self._previous
        if trial is not None:
            if previous is not None and seen.heard == trial.choice.track_id == previous.heard:
                trial.heard = Seconds(trial.heard + min(max(seen.at - previous.at, 0.0), GAP))
            if seen.usable:
                trial.last = seen
            if seen.at - trial.begun >= self._window:
                credits = self._end()
        else:
            self._watch_nature(seen)
        self._previous = seen
        return credits

    def judged(self, rating: int, at: Seconds) -> list[Credit]:
        """A person said better (+1), same (0) or worse (−1) of the last piece that was chosen to soothe."""
        trial = self._open or self._ended
        if trial is None or at - trial.begun > self._window + LATE:
            return []
        credit = by_staff(trial.choice, rating, trial.heard, self._window)
        return [credit] if credit else []

    def stopped(self, reason: StopReason) -> list[Credit]:
        """The piece was left before its time."""
        trial = self._open
        if trial is None:
            return []
        said = by_stop(trial.choice, reason) if trial.heard > 0 else None
        return [*self._end(), *([said] if said else [])]

    def _end(self) -> list[Credit]:
        trial, self._open = self._open, None
        if trial is None:
            return []
        self._ended = trial
        before, after = trial.before, trial.last
        if before is None or after is None or before.agitation is None or after.agitation is None:
            return []
        response = Response(
            before=before.agitation,
            after=after.agitation,
            confidence=min(before.confidence, after.confidence),
            minute=before.minute,
            heard=trial.heard,
            window=self._window,
        )
        credit = by_sensors(trial.choice, response, self.natural)
        return [credit] if credit else []

    def _watch_nature(self, seen: Observation) -> None:
        start, previous = self._quiet_from, self._previous
        if not seen.usable or (previous is not None and seen.at - previous.at > GAP):
            self._quiet_from = None
        elif start is None or start.agitation is None or seen.agitation is None:
            self._quiet_from = seen
        elif seen.at - start.at >= self._window:
            self.natural.learn_one(start.agitation, start.minute, seen.agitation - start.agitation, seen.at)
            self._quiet_from = seen
