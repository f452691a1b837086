"""How well the sensors did, and who pressed what."""

import math
from collections import Counter
from typing import Final

from adapters.report.figures import Presses, SensorFigures
from adapters.report.rows import Moment
from player.model import Heard, Reading, TrackId
from player.session.messages import AudioReported, CommandArrived, FeedbackArrived, ReadingArrived

MINUTE: Final = 60.0
LOW: Final = 0.5  # quality below which a reading counts as poor; own judgement
MOST: Final = 200  # sources and quantities that are told apart; the others count together
FRESH: Final = 120.0  # s; what was given earlier is not about the piece that is heard
OTHERS: Final = ("others", "")
RATINGS: Final = {1: "better", 0: "same", -1: "worse"}


class Source:
    def __init__(self) -> None:
        self.readings = self.low = self.rejected = self.minutes = 0
        self.silence = 0.0  # s, the longest while the service ran
        self.last = -math.inf  # running time of the newest reading, s
        self.minute: int | None = None

    def take(self, reading: Reading, ran: float) -> None:
        """ran: for how long the service has run, all runs together."""
        if not math.isfinite(reading.value):
            self.rejected += 1
            return
        self.readings += 1
        self.low += reading.quality < LOW
        if self.last > -math.inf:
            self.silence = max(self.silence, ran - self.last)
        self.last = ran
        minute = int(ran // MINUTE)
        if minute != self.minute:
            self.minute, self.minutes = minute, self.minutes + 1


class Sensors:
    def __init__(self) -> None:
        self._sources: dict[tuple[str, str], Source] = {}
        self._boot = ""
        self._at = 0.0
        self.ran = 0.0  # s

    def take(self, moment: Moment) -> None:
        if moment.boot == self._boot:
            self.ran += max(moment.at - self._at, 0.0)
        self._boot, self._at = moment.boot, moment.at
        event = moment.event
        if isinstance(event, ReadingArrived):
            key = (event.reading.source, event.reading.quantity.value)
            if key not in self._sources and len(self._sources) >= MOST:
                key = OTHERS
            self._sources.setdefault(key, Source()).take(event.reading, self.ran)

    def figures(self) -> tuple[SensorFigures, ...]:
        whole = max(math.ceil(self.ran / MINUTE), 1)
        return tuple(
            SensorFigures(
                source=source,
                quantity=quantity,
                readings=of.readings,
                coverage=min(of.minutes / whole, 1.0),
                longest_silence_min=max(of.silence, self.ran - max(of.last, 0.0)) / MINUTE,
                low_quality=of.low,
                rejected=of.rejected,
            )
            for (source, quantity), of in sorted(self._sources.items())
        )


class People:
    """Presses by who and what; feedback by what was said."""

    def __init__(self) -> None:
        self._presses: Counter[tuple[str, str]] = Counter()
        self._feedback: Counter[str] = Counter()
        self.better: Counter[TrackId] = Counter()
        self.worse: Counter[TrackId] = Counter()
        self._heard: TrackId | None = None

    def take(self, moment: Moment) -> None:
        match moment.event:
            case AudioReported(report=Heard(track_id=track_id)):
                self._heard = track_id
            case CommandArrived(command=command):
                key = (command.by, command.verb.value)
                if key not in self._presses and len(self._presses) >= MOST:
                    key = ("others", command.verb.value)
                self._presses[key] += 1
            case FeedbackArrived(feedback=feedback):
                said = RATINGS[max(-1, min(feedback.rating, 1))]
                self._feedback[said] += 1
                fresh = feedback.given is None or abs(moment.at - feedback.given) <= FRESH
                if self._heard is not None and fresh and feedback.about == "now":
                    self.better[self._heard] += said == "better"
                    self.worse[self._heard] += said == "worse"

    def presses(self) -> tuple[Presses, ...]:
        return tuple(
            Presses(who=who, verb=verb, count=count) for (who, verb), count in sorted(self._presses.items())
        )

    def feedback(self) -> dict[str, int]:
        return {said: self._feedback[said] for said in ("better", "same", "worse")}
