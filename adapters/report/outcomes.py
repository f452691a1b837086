"""What followed each swap within the response window."""

from collections import Counter, defaultdict
from typing import Final

from adapters.report.figures import CHANGED
from adapters.report.rows import Moment
from adapters.report.statistics import Sums
from player.model import TrackId, Verb
from player.selection.reward import NaturalChange
from player.selection.selector import LOT
from player.session.messages import CommandArrived, Decision

CALMER, SAME, WORSE = "calmer", "same", "worse"
UPSET, REFUSED, CUT_SHORT, UNKNOWN = "upset", "refused", "cut_short", "unknown"
LEAVES: Final = {"swap", "start", "next", "rest", "hold", "resume", "release"}  # end what was being watched
ENOUGH: Final = 0.5  # of the window, when the piece was over by itself; own judgement
DAY = 86_400.0


class PerTrack:
    def __init__(self) -> None:
        self.swaps = self.upset = self.refused = 0
        self.change = Sums()


class Swaps:
    """`now`: the estimate that holds at each call. natural: change that is expected without a swap."""

    def __init__(self, natural: NaturalChange | None) -> None:
        self._natural = natural
        self.window = 180.0
        self.counts: Counter[str] = Counter()
        self.change, self.beyond = Sums(), Sums()
        self.first, self.second = Sums(), Sums()  # of the lot
        self.tracks: dict[TrackId, PerTrack] = defaultdict(PerTrack)
        self.titles: dict[TrackId, tuple[str, str]] = {}
        self.basis: dict[TrackId, dict[str, float]] = {}  # the newest of each
        self.prompts = 0
        self._watched: Decision | None = None
        self._minute = 0
        self._boot = ""

    def take(self, moment: Moment, level: float | None) -> None:
        """level: the estimate before the effects of this row."""
        if moment.boot != self._boot:
            self._end(CUT_SHORT)
            self._boot = moment.boot
        watched = self._watched
        if watched is not None and moment.at >= watched.at + self.window:
            self._measure(watched, level)
        if self._watched is not None and _refuses(moment, self._watched):
            self._end(REFUSED, level)
        for decision in moment.decisions:
            self._decided(decision, moment, level)

    def finish(self) -> None:
        self._end(CUT_SHORT)

    def _decided(self, decision: Decision, moment: Moment, level: float | None) -> None:
        self.prompts += decision.event_type == "prompt"
        watched, ended = self._watched, decision.trigger == "ended"
        if watched is not None and ended and moment.at >= watched.at + ENOUGH * self.window:
            self._measure(watched, level)  # heard to its end: a shorter window
        if decision.event_type in LEAVES:
            self._end(UPSET if decision.trigger == "upset" else CUT_SHORT, level)
        track = decision.to_track
        if track is None:
            return
        self.titles[track.id] = (track.title, track.artist)
        if decision.basis:
            self.basis[track.id] = decision.basis
        if decision.event_type == "swap":
            self.counts["swaps"] += 1
            self.tracks[track.id].swaps += 1
            self._watched = decision
            self._minute = int((moment.at + moment.offset) % DAY // 60.0)

    def _measure(self, swap: Decision, after: float | None) -> None:
        before = swap.agitation
        if before is None or after is None or swap.to_track is None:
            self._end(UNKNOWN)
            return
        change = after - before
        self._end(CALMER if change <= -CHANGED else WORSE if change >= CHANGED else SAME, after)
        self.change.add(change)
        if self._natural is not None:
            self.beyond.add(change - self._natural.predict_one(before, self._minute)[0])
        self.tracks[swap.to_track.id].change.add(change)

    def _end(self, outcome: str, level: float | None = None) -> None:
        watched, self._watched = self._watched, None
        if watched is None:
            return
        self.counts[outcome] += 1
        self._compare(watched, level)
        if watched.to_track is not None:
            track = self.tracks[watched.to_track.id]
            track.upset += outcome == UPSET
            track.refused += outcome == REFUSED

    def _compare(self, swap: Decision, level: float | None) -> None:
        """Of the lot every swap counts as it was drawn, however it ended: one that upsets or is refused ends
        early, and without it the worse side would look better than it is.
        """
        lot = swap.context.get(LOT)
        if lot is not None and level is not None and swap.agitation is not None:
            (self.first if lot else self.second).add(level - swap.agitation)


def _refuses(moment: Moment, watched: Decision) -> bool:
    event = moment.event
    if not isinstance(event, CommandArrived) or event.command.verb not in (Verb.DISLIKE, Verb.NEVER):
        return False
    meant = event.command.track_id
    return meant is None or (watched.to_track is not None and meant == watched.to_track.id)
