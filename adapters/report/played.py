"""How long music was really played: from the positions and frames that the sound process reported."""

from collections import defaultdict
from datetime import date
from typing import Final

from adapters.report.rows import Moment, local_day, progress_of
from player.model import Heard, Progress, SinkOpened, TrackId
from player.session.messages import AudioLost, AudioReported
from player.units import SAMPLE_RATE

GAP: Final = 90.0  # s between two reports; over more only the position counts


class Played:
    """Between two reports that follow each other in one run counts, in seconds:

    - the same piece in both: how far its position moved, at most the frames that were written meanwhile;
    - another piece than before: the time from its first frame, or all if music was heard before;
    - silence in the later one: nothing.

    So the error is below one reporting interval (5 s) at each change.
    """

    def __init__(self) -> None:
        self.by_day: dict[date, float] = defaultdict(float)
        self.to_no_device: dict[date, float] = defaultdict(float)
        self.by_track: dict[TrackId, float] = defaultdict(float)
        self.plays: dict[TrackId, int] = defaultdict(int)
        self.underruns = 0
        self._boot = ""
        self._last: tuple[float, Progress] | None = None
        self._entered: float | None = None  # when a piece was first heard since the last report
        self._device = True

    def take(self, moment: Moment) -> None:
        if moment.boot != self._boot:
            self._boot, self._last, self._entered, self._device = moment.boot, None, None, True
        event = moment.event
        if isinstance(event, AudioLost):
            self._last, self._entered = None, None
            return
        if not isinstance(event, AudioReported):
            return
        match event.report:
            case SinkOpened(device=device, fallback_reason=reason):
                self._device = not reason and device != "null"
            case Heard(track_id=track_id):
                self.plays[track_id] += 1
                self._entered = moment.at
        now = progress_of(moment)
        if now is not None:
            self._count(moment, now)

    def _count(self, moment: Moment, now: Progress) -> None:
        last, entered = self._last, self._entered
        self._last, self._entered = (moment.at, now), None
        if last is None:
            return
        before_at, before = last
        self.underruns += max(now.underruns - before.underruns, 0)
        played = min(_seconds(before_at, before, moment.at, now, entered), max(moment.at - before_at, 0.0))
        if played > 0.0:
            kind = self.by_day if self._device else self.to_no_device
            kind[local_day(moment.at, moment.offset)] += played
            self.by_track[now.track_id] += played


def _seconds(then: float, before: Progress, at: float, now: Progress, entered: float | None) -> float:
    written = (now.frames_written - before.frames_written) / SAMPLE_RATE
    if now.deck < 0 or written <= 0.0:
        return 0.0
    if now.track_id == before.track_id and before.deck >= 0:
        return min(max(now.position - before.position, 0.0), written)
    if at - then > GAP:
        return min(now.position, written)
    if before.deck >= 0:
        return written
    return min(at - entered, written) if entered is not None else 0.0
