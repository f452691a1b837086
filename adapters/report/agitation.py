"""What was believed of agitation, weighted by time: each estimate holds until the next one was shown."""

from collections import defaultdict
from datetime import date

from adapters.report.rows import Moment, local_day
from player.model import ListenerState

HOUR, DAY = 3600.0, 86_400.0


class Agitation:
    """Seconds known and restless and the integral of the estimate, by hour of the local day, and by day."""

    def __init__(self) -> None:
        self.threshold = 0.6
        self.known = [0.0] * 24
        self.restless = [0.0] * 24
        self.integral = [0.0] * 24
        self.known_of_day: dict[date, float] = defaultdict(float)
        self.restless_of_day: dict[date, float] = defaultdict(float)
        self.running_of_day: dict[date, float] = defaultdict(float)
        self.now: ListenerState | None = None  # None: nothing was shown in this run
        self._boot = ""
        self._at = 0.0  # up to which everything is counted

    @property
    def level(self) -> float | None:
        """The estimate that holds; None: nothing is known."""
        return self.now.agitation if self.now is not None and self.now.confidence > 0.0 else None

    def take(self, moment: Moment) -> None:
        """Call before anything looks at `level`, with the effects of the row still to come."""
        if moment.boot != self._boot:
            self._boot, self.now = moment.boot, None
        else:
            self._count(self._at, moment.at, moment.offset)
        self._at = moment.at

    def show(self, moment: Moment) -> None:
        for state in moment.shown:
            self.now = state.listener

    def _count(self, begin: float, end: float, offset: float) -> None:
        """Split at whole hours of the local day."""
        while begin < end:
            local = begin + offset
            until = min(end, begin + HOUR - local % HOUR)
            seconds, day = until - begin, local_day(begin, offset)
            self.running_of_day[day] += seconds
            level = self.level
            if level is not None:
                hour = int(local % DAY // HOUR)
                self.known[hour] += seconds
                self.integral[hour] += seconds * level
                self.known_of_day[day] += seconds
                if level >= self.threshold:
                    self.restless[hour] += seconds
                    self.restless_of_day[day] += seconds
            begin = until
