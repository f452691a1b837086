"""What the page reads from disk: the last hours from the journal, covers from the files."""

import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from adapters.store.catalogue import Catalogue
from adapters.store.journal import SqliteJournal
from adapters.web.house import Cover, Mark, Point
from player.model import TrackId
from player.session.messages import (
    AgitationState,
    CommandArrived,
    Decide,
    Effect,
    Event,
    Show,
)
from player.units import Seconds

MOST_POINTS: Final = 20_000  # some days of changes, 1 MiB
MOST_MARKS: Final = 2_000
FURTHEST: Final = Seconds(86_400.0)  # what is read goes so far beyond what is asked for first
SHOWN: Final = frozenset({"swap", "start", "hold", "prompt"})  # decisions that changed what is heard
PARTS: Final = (b'"AgitationState"', b'"Decide"', b'"CommandArrived"')
_event = msgspec.json.Decoder(Event)
_effects = msgspec.json.Decoder(list[Effect])


class PageRecords:
    """`adapters.web.house.Records`. What was read once is kept, up to a bound."""

    def __init__(
        self, journal: SqliteJournal, catalogue: Catalogue, make_report: Callable[[str], Awaitable[bytes]]
    ) -> None:
        self._journal, self._catalogue, self._make_report = journal, catalogue, make_report
        self._lock = threading.Lock()
        self._points: deque[Point] = deque(maxlen=MOST_POINTS)
        self._marks: deque[Mark] = deque(maxlen=MOST_MARKS)
        self._last = 0  # number of the last entry read

    def past(self, since: Seconds) -> tuple[list[Point], list[Mark]]:
        with self._lock:
            end = self._journal.last_number()
            for number, event, effects in self._journal.holding(
                *PARTS, after=self._last, since=since - FURTHEST
            ):
                end = max(end, number)
                self._read(event, effects)
            self._last = end
            points = [point for point in self._points if point.at >= since]
            return points, [mark for mark in self._marks if mark.at >= since]

    def cover(self, track_id: TrackId) -> Cover | None:
        from adapters.library.cover import read_cover  # mutagen: only where it is needed

        for path in self._catalogue.paths(track_id):
            found = read_cover(path)
            if found is not None:
                return Cover(media_type=found.media_type, data=found.data)
        return None

    async def report(self, language: str) -> bytes:
        return await self._make_report(language)

    def _read(self, event: bytes, effects: bytes) -> None:
        """An entry that this version cannot read is of another: the picture does without it."""
        try:
            happened, caused = _event.decode(event), _effects.decode(effects)
        except msgspec.DecodeError:
            return
        if isinstance(happened, CommandArrived):
            command = happened.command
            self._marks.append(Mark(at=happened.at, what=command.verb.value, by=command.by))
        for effect in caused:
            match effect:
                case Show(state=AgitationState(listener=listener)):
                    level = listener.agitation if listener.confidence > 0.0 else None
                    self._points.append(Point(at=happened.at, level=level))
                case Decide(decision=decision) if decision.event_type in SHOWN:
                    title = decision.to_track.title if decision.to_track else ""
                    self._marks.append(
                        Mark(at=decision.at, what=decision.event_type, by=decision.trigger, title=title)
                    )
                case _:
                    pass
