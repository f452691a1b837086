"""Follows what comes of choices while the day goes on, and says what is to be learned when it is known."""

from collections import deque

from msgspec import Struct, structs

from player.model import Selection, TrackId
from player.selection.reward import (
    LEAST_HEARD,
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
GAP = Seconds(90.0)  # between two observations, some sensors speak once a minute; more counts as not heard
LEVEL = Seconds(75.0)  # over which the level before and at the end is averaged: one reading is mostly noise
SETTLES = Seconds(30.0)  # from the beginning of a piece: does not yet count as its end
NEARLY = 0.9  # share of the window that counts as all of it: what helped and what did not alike
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
    """One piece and what followed. `before` None: nothing was known as it began.

    soothing: it was chosen to soothe; otherwise it is one of the matched moments, too.
    """

    choice: Selection
    begun: Seconds
    before: Observation | None
    soothing: bool
    heard: Seconds = Seconds(0.0)
    last: Observation | None = None
    refused: bool = False  # by a person, or it upset: said once


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
        self._lately: deque[Observation] = deque()  # usable ones within `LEVEL`
        self._quiet_from: Observation | None = None  # start of a window without a swap

    def entered(self, choice: Selection, at: Seconds, *, soothing: bool = True) -> list[Credit]:
        """A piece is heard from now on. A trial that was open ends here, heard in part."""
        credits = self._end()
        before = self._level(at, since=Seconds(at - LEVEL))
        self._open = Trial(choice=choice, begun=at, before=before, soothing=soothing)
        self._quiet_from = None
        return credits

    def observe(self, seen: Observation) -> list[Credit]:
        """Call about as often as estimates come, at least once a minute."""
        credits: list[Credit] = []
        trial, previous = self._open, self._previous
        if trial is not None and trial.heard > 0.0 and seen.heard != trial.choice.track_id:
            credits, trial = self._end(), None  # left without a choice: what follows is not of it
        if seen.usable:
            self._lately.append(seen)
        while self._lately and not 0.0 <= seen.at - self._lately[0].at <= LEVEL:
            self._lately.popleft()
        if trial is not None:
            if seen.heard == trial.choice.track_id:
                known = previous is not None and previous.heard == seen.heard
                step = seen.at - (max(trial.begun, previous.at) if previous and known else trial.begun)
                trial.heard = Seconds(trial.heard + (step if 0.0 < step <= GAP else 0.0))
            if seen.usable:
                trial.last = self._level(seen.at, since=Seconds(trial.begun + SETTLES))
            if (
                seen.at - trial.begun >= NEARLY * self._window
            ):  # before a next try: each ends at the same time
                credits = self._end()
        else:
            self._watch_nature(seen)
        self._previous = seen
        return credits

    def judged(self, rating: int, at: Seconds, given: Seconds | None = None) -> list[Credit]:
        """A person said better (+1), same (0) or worse (−1) at `given` of the piece that was heard then."""
        trial = self._meant(at if given is None else given)
        if trial is None or at - trial.begun > self._window + LATE:
            return []
        credit = by_staff(trial.choice, rating, trial.heard, self._window, self.natural.usual_rating)
        self.natural.learn_rating(rating, at)
        return [credit] if credit else []

    def stopped(self, reason: StopReason) -> list[Credit]:
        """The piece was left before its time, or refused at any time."""
        trial, refused = self._open, reason in (StopReason.UPSET, StopReason.DISLIKED)
        if trial is None and refused:
            trial = self._still_heard()
        if trial is None:
            return []
        said = by_stop(trial.choice, reason) if trial.heard > 0 else None
        trial.refused |= refused
        return [*self._end(), *([said] if said else [])]

    def _still_heard(self) -> Trial | None:
        """The piece whose window is over, while it plays on."""
        trial, seen = self._ended, self._previous
        if trial is None or trial.refused or seen is None or seen.heard != trial.choice.track_id:
            return None
        return trial

    def _meant(self, given: Seconds) -> Trial | None:
        """The piece that a word is about: the one before, while the present one was hardly heard."""
        trial = self._open
        hardly = trial is not None and (given < trial.begun or trial.heard < LEAST_HEARD * self._window)
        return self._ended or trial if trial is None or hardly else trial

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
        if not trial.soothing and trial.heard >= NEARLY * self._window:
            change = response.after - response.before
            self.natural.learn_one(response.before, response.minute, change, after.at)
        return [credit] if credit else []

    def _level(self, at: Seconds, *, since: Seconds) -> Observation | None:
        """The mean of what was seen lately, not before `since`; None: nothing was."""
        seen = [each for each in self._lately if each.at >= since and each.agitation is not None]
        if not seen or at - seen[-1].at > GAP:
            return None
        mean = sum(each.agitation or 0.0 for each in seen) / len(seen)
        sure = sum(each.confidence for each in seen) / len(seen)
        return structs.replace(seen[-1], agitation=mean, confidence=sure)

    def _watch_nature(self, seen: Observation) -> None:
        """Levels are means over the time that a trial takes: single readings fall back further."""
        start, previous = self._quiet_from, self._previous
        if not seen.usable or (previous is not None and seen.at - previous.at > GAP):
            self._quiet_from = None
        elif start is None:
            self._quiet_from = self._level(seen.at, since=Seconds(seen.at - LEVEL))
        elif seen.at - start.at >= self._window:
            now = self._level(seen.at, since=Seconds(seen.at - LEVEL))
            if now is not None:
                change = (now.agitation or 0.0) - (start.agitation or 0.0)
                self.natural.learn_one(start.agitation or 0.0, start.minute, change, seen.at)
            self._quiet_from = now
