"""The last hours: read from the journal once, drawn, and told in words."""

from functools import partial
from pathlib import Path

import pytest
from msgspec import json

from adapters.attendance import Attendance
from adapters.page.records import PageRecords
from adapters.page.report import make_report
from adapters.store.catalogue import Catalogue
from adapters.store.journal import SqliteJournal
from adapters.web.house import Mark, Point
from adapters.web.pictures import FADES, SPAN, WIDTH, draw, thinned
from adapters.web.translation import languages
from player.errors import LullError
from player.model import Command, ListenerState, Quantity, Reading, Trend, Verb
from player.ports.records import JournalEntry
from player.session.messages import (
    AgitationState,
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    Memory,
    Show,
    Started,
    Tick,
)
from player.settings import Profile, Settings
from player.units import Seconds

ENGLISH = languages()["en"]
NOON = 1_800_000_000.0


def shown(at: float, level: float, confidence: float = 0.8) -> Effect:
    listener = ListenerState(
        agitation=level, confidence=confidence, trend=Trend.STEADY, why=(), at=Seconds(at)
    )
    return Show(state=AgitationState(listener=listener))


def keep(journal: SqliteJournal, event: Event, *effects: Effect) -> None:
    entry = JournalEntry(boot="b", at=event.at, event=json.encode(event), effects=json.encode(list(effects)))
    journal.append(entry)


def test_what_was_done_comes_from_the_journal(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", resident="heron")
    records = PageRecords(
        journal, Catalogue(tmp_path / "catalogue.db"), partial(make_report, tmp_path, "heron")
    )
    keep(journal, Tick(at=Seconds(NOON - 9_000.0), minute=0), shown(NOON - 9_000.0, 0.1))
    keep(journal, Tick(at=Seconds(NOON), minute=0), shown(NOON, 0.7))
    command = CommandArrived(at=Seconds(NOON + 1.0), command=Command(verb=Verb.CALM))
    decision = Decision(event_type="swap", at=Seconds(NOON + 1.0), reason="Because.", trigger="staff")
    keep(journal, command, Decide(decision=decision))
    keep(journal, Tick(at=Seconds(NOON + 2.0), minute=0), shown(NOON + 2.0, 0.6, confidence=0.0))
    journal.close()
    for _ in range(2):  # what was read is not counted again
        points, marks = records.past(Seconds(NOON - 60.0))
        assert [(point.at, point.level) for point in points] == [(NOON, 0.7), (NOON + 2.0, None)]
        assert [(mark.what, mark.by) for mark in marks] == [("calm", "staff"), ("swap", "staff")]
    earlier, _ = records.past(Seconds(NOON - 10_000.0))  # more than was asked for first
    assert [point.level for point in earlier] == [0.1, 0.7, None]


def test_an_entry_of_another_version_is_passed_over(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", resident="heron")
    journal.append(
        JournalEntry(boot="b", at=Seconds(NOON), event=b'{"type":"CommandArrived"}', effects=b"[]")
    )
    keep(journal, Tick(at=Seconds(NOON), minute=0), shown(NOON, 0.7))
    journal.close()
    points, marks = PageRecords(
        journal, Catalogue(tmp_path / "c.db"), partial(make_report, tmp_path, "heron")
    ).past(Seconds(0.0))
    assert (len(points), len(marks)) == (1, 0)


def test_silence_of_the_sensors_is_a_gap_and_not_a_line() -> None:
    points = [
        Point(at=Seconds(NOON), level=0.2),
        Point(at=Seconds(NOON + 60.0), level=0.3),
        Point(at=Seconds(NOON + 120.0), level=None),
        Point(at=Seconds(NOON + 600.0), level=0.4),
        Point(at=Seconds(NOON + 600.0 + 2 * FADES), level=0.5),  # long after: the one before has faded
    ]
    picture = draw(points, [], Seconds(NOON + SPAN), ENGLISH)
    assert len(picture.lines) == 3


def test_marks_stand_where_they_happened() -> None:
    half = Mark(at=Seconds(NOON - SPAN / 2), what="swap", title="Träumerei")
    before = Mark(at=Seconds(NOON - SPAN - 60.0), what="calm")
    picture = draw([], [before, half], Seconds(NOON), ENGLISH)
    assert [(sign.kind, round(sign.x)) for sign in picture.signs] == [("swap", round(WIDTH / 2))]
    assert [event.words for event in picture.events] == ["Calmer: Träumerei"]
    assert picture.summary == "No sensor has told anything in the last 6 hours."


def test_a_reading_each_second_is_a_point_each_minute_and_keeps_the_peaks() -> None:
    points = [Point(at=Seconds(NOON + n), level=0.9 if n == 1_000 else n % 5 / 10.0) for n in range(3_600)]
    few = thinned(points)
    assert len(few) <= 61
    assert max(point.level or 0.0 for point in few) == 0.9


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_any_number_of_points_is_drawn_within_the_frame(count: int) -> None:
    points = [Point(at=Seconds(NOON - n), level=n % 7 / 5.0) for n in range(count, 0, -1)]
    picture = draw(points, [], Seconds(NOON), ENGLISH)
    for line in picture.lines:
        for pair in line.path[1:].split("L"):
            x, y = map(float, pair.split())
            assert 0.0 <= x <= WIDTH and 0.0 <= y <= picture.floor


def heard(attendance: Attendance, source: str, every: float, count: int) -> None:
    for n in range(count):
        reading = Reading(source=source, quantity=Quantity.EDA, value=1.0, at=Seconds(NOON + n * every))
        attendance.heard(reading, Seconds(NOON + n * every))


def test_a_sensor_that_falls_out_of_its_rhythm_is_missing() -> None:
    attendance = Attendance()
    heard(attendance, "wrist", 1.0, 20)
    assert attendance.missing(Seconds(NOON + 100.0)) == ()
    assert attendance.missing(Seconds(NOON + 200.0)) == (("wrist", NOON + 19.0),)
    heard(attendance, "wrist", 1.0, 250)  # it is back
    assert attendance.missing(Seconds(NOON + 260.0)) == ()


def test_a_sensor_that_tells_of_events_is_never_missing() -> None:
    attendance = Attendance()
    heard(attendance, "door", 7_200.0, 20)
    heard(attendance, "button", 1.0, 2)
    assert attendance.missing(Seconds(NOON + 10**6)) == ()


def test_sensors_without_end_take_no_memory_without_end() -> None:
    attendance = Attendance()
    for n in range(1_000):
        heard(attendance, f"sensor-{n}", 1.0, 6)
    assert len(attendance.missing(Seconds(NOON + 10**6))) == 64


async def test_the_report_is_made_in_another_process(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", resident="heron")
    started = Started(
        at=Seconds(NOON),
        minute=0,
        boot="b",
        seed=1,
        settings=Settings(),
        profile=Profile(id="heron"),
        memory=Memory(),
    )
    keep(journal, started, shown(NOON, 0.7))
    keep(journal, Tick(at=Seconds(NOON + 60.0), minute=1), shown(NOON + 60.0, 0.6))
    journal.close()
    html = await make_report(tmp_path, "heron", "de")
    assert b"heron" in html and b'<html lang="de"' in html


async def test_a_report_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(LullError, match="lull report"):
        await make_report(tmp_path / "nowhere", "heron", "en")
