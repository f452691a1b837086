"""The journal's rows in order, read while Lull runs, one at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, json

from player.errors import StoreError
from player.model import Progress
from player.session.messages import (
    AgitationState,
    AudioLost,
    AudioReported,
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    Fault,
    FeedbackArrived,
    Memory,
    ReadingArrived,
    Show,
    Tick,
)
from player.units import Seconds

UNREADABLE: Final = (ValueError, RecursionError, TypeError)
QUARTER, DAY = 900.0, 86_400.0
EASTMOST: Final = 14 * 3600.0  # offset of local time from UTC, s
QUIET, TICK = b"[]", b'{"type":"Tick"'
TICK_EVERY: Final = 60.0  # s
NAMED: Final = 20  # broken rows that are named; the others are counted


class PolicyRow(Struct, frozen=True):
    name: str = ""
    agitation_on: float = 0.6
    response_window_s: float = 180.0


class SettingsRow(Struct, frozen=True):
    player: str = ""
    policy: PolicyRow = PolicyRow()


class ConsentRow(Struct, frozen=True):
    randomise: bool = False


class ProfileRow(Struct, frozen=True):
    id: str
    consent: ConsentRow = ConsentRow()


class StartedRow(Struct, frozen=True, tag="Started"):
    """What the report needs of a run: it shall read what any version wrote."""

    at: Seconds
    minute: int
    profile: ProfileRow
    settings: SettingsRow = SettingsRow()


class Moment(Struct, gc=False):
    """One row. offset: of local time from UTC, s."""

    row: int
    boot: str
    at: float
    offset: float
    event: Event | StartedRow | None  # None: of no interest here
    effects: list[Effect]

    @property
    def day(self) -> date:
        return local_day(self.at, self.offset)

    @property
    def local(self) -> str:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(self.at + self.offset))
        return moment.strftime("%Y-%m-%d %H:%M:%S")

    @property
    def shown(self) -> Iterator[AgitationState]:
        return (e.state for e in self.effects if isinstance(e, Show) and isinstance(e.state, AgitationState))

    @property
    def decisions(self) -> Iterator[Decision]:
        return (e.decision for e in self.effects if isinstance(e, Decide))

    @property
    def faults(self) -> Iterator[Fault]:
        return (e for e in self.effects if isinstance(e, Fault))


def local_day(at: float, offset: float) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at + offset)).date()


class Broken(Struct, frozen=True):
    """Rows that cannot be read: the first few by number, and how many there are."""

    count: int
    rows: tuple[int, ...]


# Which events are decoded, by the name they begin with; all others only pass.
_started: Final = json.Decoder(StartedRow)
_events: Final[dict[bytes, json.Decoder[Any]]] = {
    b"Started": _started,
    b"Tick": json.Decoder(Tick),
    b"ReadingArrived": json.Decoder(ReadingArrived),
    b"CommandArrived": json.Decoder(CommandArrived),
    b"FeedbackArrived": json.Decoder(FeedbackArrived),
    b"AudioReported": json.Decoder(AudioReported),
    b"AudioLost": json.Decoder(AudioLost),
}
_effects: Final = json.Decoder(list[Effect])
_PREFIX: Final = b'{"type":"'


class JournalRows:
    """journal.db, opened for reading. Raises `StoreError` when it is not there or cannot be read."""

    def __init__(self, path: Path, resident: str) -> None:
        self._path, self._resident = path, resident
        self._broken: list[int] = []
        self._broken_count = 0
        self.read = 0  # rows of this resident's runs, till now

    @property
    def broken(self) -> Broken:
        """Of what was read till now."""
        return Broken(self._broken_count, tuple(self._broken))

    def memory(self) -> Memory | None:
        """None: there is none, or another version wrote it."""
        try:
            with closing(self._connect()) as connection:
                found = connection.execute(
                    "SELECT CAST(json AS BLOB) FROM memory WHERE resident = ?", (self._resident,)
                ).fetchone()
            return json.decode(found[0], type=Memory) if found else None
        except sqlite3.Error as error:
            raise self._failed(error) from error
        except UNREADABLE:
            return None

    def runs(self) -> dict[str, StartedRow]:
        """The runs of this resident, oldest first, by name."""
        found: dict[str, StartedRow] = {}
        firsts = "SELECT MIN(id) FROM entries GROUP BY boot"
        query = f"SELECT boot, event FROM entries WHERE id IN ({firsts}) ORDER BY id"
        try:
            with closing(self._connect()) as connection:
                for boot, event in connection.execute(query):
                    try:
                        started = _started.decode(event)
                    except UNREADABLE:
                        continue  # not one of this resident's, as far as can be told
                    if started.profile.id == self._resident:
                        found[boot] = started
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return found

    def moments(self, since: Seconds | None = None) -> Iterator[Moment]:
        """Rows of this resident's runs, in order. Those that cannot be read are counted in `broken`.

        Of ticks that caused nothing only one a minute is given, and the last of a run.
        """
        self.read = self._broken_count = 0
        self._broken.clear()
        runs = self.runs()
        offsets = {boot: offset_of(started.at, started.minute) for boot, started in runs.items()}
        query = "SELECT id, boot, at, event, effects FROM entries WHERE at >= ? ORDER BY id"
        try:
            with closing(self._connect()) as connection:
                skipped: Moment | None = None
                ticked, running = 0.0, ""
                for row, boot, at, event, effects in connection.execute(query, (since or 0.0,)):
                    if boot not in offsets:
                        continue
                    self.read += 1
                    if boot != running:
                        if skipped is not None:
                            yield skipped
                        skipped, running, ticked = None, boot, 0.0
                    quiet = effects == QUIET
                    if quiet and event.startswith(TICK) and 0.0 <= at - ticked < TICK_EVERY:
                        skipped = Moment(row, boot, at, offsets[boot], None, [])
                        continue
                    try:
                        known = _decode(event)
                        caused = [] if quiet else _effects.decode(effects)
                    except UNREADABLE:
                        self._note(row)
                        continue
                    if type(known) is Tick:
                        ticked, offsets[boot] = at, offset_of(known.at, known.minute)
                    skipped = None
                    yield Moment(row, boot, at, offsets[boot], known, caused)
                if skipped is not None:
                    yield skipped
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _note(self, row: int) -> None:
        self._broken_count += 1
        if len(self._broken) < NAMED:
            self._broken.append(row)

    def _connect(self) -> sqlite3.Connection:
        if not self._path.exists():
            raise StoreError(f"{self._path} is not there: nothing was played with this `data:` folder yet.")
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)

    def _failed(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"{self._path} cannot be read ({error}): restart Lull, which mends it if it can.")


def _decode(event: bytes) -> Event | StartedRow | None:
    """Raises `ValueError` for what is no event."""
    if not event.startswith(_PREFIX):
        raise msgspec.DecodeError("no event")
    decoder = _events.get(event[len(_PREFIX) : event.index(b'"', len(_PREFIX))])
    known: Event | StartedRow | None = decoder.decode(event) if decoder is not None else None
    return known


def offset_of(at: float, minute: int) -> float:
    """Of local time from UTC, s, from a moment whose minute of the local day is known."""
    offset = round((60.0 * minute + 30.0 - at % DAY) / QUARTER) * QUARTER % DAY
    return offset - DAY if offset > EASTMOST else offset


def progress_of(moment: Moment) -> Progress | None:
    event = moment.event
    if isinstance(event, AudioReported) and isinstance(event.report, Progress):
        return event.report
    return None
