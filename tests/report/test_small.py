"""Small journals written by hand, whose figures are known beforehand."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import json

from adapters.report.figures import Report
from adapters.report.gather import gather
from adapters.report.page import html
from adapters.report.rows import JournalRows, offset_of
from adapters.report.statistics import Sums, difference, interval
from adapters.store.journal import SqliteJournal
from player.errors import StoreError
from player.model import (
    AudioReport,
    Command,
    Heard,
    ListenerState,
    Progress,
    Quantity,
    Reading,
    SinkOpened,
    Trend,
    Verb,
)
from player.ports.records import JournalEntry
from player.session.messages import (
    AgitationState,
    AudioReported,
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    Memory,
    ReadingArrived,
    Show,
    Started,
    Tick,
    TrackView,
)
from player.settings import Profile, Settings
from player.units import SAMPLE_RATE, Decibels, Frames, Seconds

NOON = Seconds(1_700_000_000.0 - 1_700_000_000.0 % 86_400.0 + 43_200.0)  # UTC; a home one hour east of it
MADE = datetime(2026, 1, 2, tzinfo=UTC)


class Book:
    """A journal of one resident; times in seconds from noon UTC."""

    def __init__(self, path: Path, resident: str = "heron") -> None:
        self.path, self.resident = path, resident
        self.journal = SqliteJournal(path, resident)
        self.boot = "one"
        self.start(0.0)

    def start(self, at: float, boot: str = "one", resident: str | None = None) -> None:
        self.boot = boot
        profile = Profile(id=resident or self.resident)
        self.put(
            at,
            Started(
                at=Seconds(NOON + at), minute=13 * 60, boot=boot, seed=1,
                settings=Settings(), profile=profile, memory=Memory(),
            ),
        )  # fmt: skip

    def put(self, at: float, event: Event, *effects: Effect) -> None:
        self.raw(at, json.encode(event), json.encode(effects))

    def raw(self, at: float, event: bytes, effects: bytes = b"[]") -> None:
        entry = JournalEntry(boot=self.boot, at=Seconds(NOON + at), event=event, effects=effects)
        self.journal.append(entry)

    def tick(self, at: float, *effects: Effect) -> None:
        self.put(at, Tick(at=Seconds(NOON + at), minute=int(13 * 60 + at // 60)), *effects)

    def sound(self, at: float, report: AudioReport) -> None:
        self.put(at, AudioReported(at=Seconds(NOON + at), report=report))

    def progress(self, at: float, position: float, track: str = "a") -> None:
        deck = 0 if track else -1
        report = Progress(
            deck=deck, track_id=track, position=Seconds(position),
            frames_written=Frames(int(at * SAMPLE_RATE)),
            underruns=0, ring=Seconds(5.0), peak=Decibels(-20.0),
        )  # fmt: skip
        self.sound(at, report)

    def report(self) -> Report:
        self.journal.close()
        return gather(JournalRows(self.path, self.resident), self.resident)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "journal.db")


def agitation(value: float, confidence: float = 0.8) -> Show:
    listener = ListenerState(
        agitation=value, confidence=confidence, trend=Trend.STEADY, why=(), at=Seconds(0.0)
    )
    return Show(state=AgitationState(listener=listener))


def swap(at: float, before: float | None, to: str = "a") -> Decide:
    track = TrackView(id=to, title=f"Piece {to}", artist="", duration=Seconds(300.0))
    decision = Decision(
        event_type="swap",
        at=Seconds(NOON + at),
        reason="",
        to_track=track,
        trigger="agitation",
        agitation=before,
    )
    return Decide(decision=decision)


def decided(kind: str, at: float, trigger: str) -> Decide:
    return Decide(decision=Decision(event_type=kind, at=Seconds(NOON + at), reason="", trigger=trigger))


def test_only_what_was_written_to_a_device_counts_as_heard(book: Book) -> None:
    book.sound(0.0, SinkOpened(device="speaker"))
    book.progress(10.0, 0.0)
    book.progress(70.0, 60.0)  # a minute
    book.progress(130.0, 60.0)  # paused: nothing moved
    book.progress(140.0, 0.0, track="")  # silence
    book.sound(150.0, Heard(deck=0, track_id="b", frame=Frames(0)))
    book.progress(180.0, 500.0, track="b")  # entered half a minute ago, in its middle
    book.sound(190.0, SinkOpened(device="null", fallback_reason="unplugged"))
    book.progress(240.0, 560.0, track="b")  # a minute that nobody heard
    report = book.report()
    assert [(d.day, d.played_min, d.to_no_device_min) for d in report.days] == [("2023-11-14", 1.5, 1.0)]
    assert report.tracks == ()


def test_agitation_by_hour_of_the_local_day_weighted_by_time(book: Book) -> None:
    book.tick(0.0, agitation(0.2))
    book.tick(3000.0, agitation(0.8))  # ten minutes before two o'clock
    book.tick(4200.0, agitation(0.5, confidence=0.0))  # nothing known any more
    book.tick(7200.0)
    hours = {h.hour: h for h in book.report().hours if h.known_min}
    assert set(hours) == {13, 14}
    assert hours[13].known_min == pytest.approx(60.0) and hours[13].restless_min == pytest.approx(10.0)
    assert hours[13].mean == pytest.approx((50 * 0.2 + 10 * 0.8) / 60)
    assert hours[14].known_min == pytest.approx(10.0)
    assert hours[14].mean is None  # below half an hour: not enough data


def test_each_swap_has_one_outcome(book: Book) -> None:
    book.tick(0.0, agitation(0.8))
    book.tick(1.0, swap(1.0, 0.8))
    book.tick(100.0, agitation(0.3))
    book.tick(181.0)  # calmer by 0.5
    book.tick(200.0, swap(200.0, 0.3))
    book.tick(380.0, swap(380.0, 0.3))  # the same, and the next one
    book.tick(400.0, decided("rest", 400.0, "upset"))
    book.tick(500.0, swap(500.0, 0.3))
    book.put(520.0, CommandArrived(at=Seconds(NOON + 520), command=Command(verb=Verb.DISLIKE)))
    book.tick(600.0, swap(600.0, 0.3))
    book.tick(610.0, decided("hold", 610.0, "staff"))
    book.tick(700.0, agitation(0.0, confidence=0.0), swap(700.0, 0.3))
    book.tick(900.0)
    of = book.report().outcomes
    assert (of.swaps, of.calmer, of.same, of.upset, of.refused, of.cut_short, of.unknown) == (
        6,
        1,
        1,
        1,
        1,
        1,
        1,
    )
    assert of.change is not None and of.change.mean == pytest.approx(-0.25)
    assert not of.enough


def test_sensors_that_fell_silent_and_nonsense(book: Book) -> None:
    def reads(at: float, value: float, quality: float = 1.0) -> None:
        reading = Reading(
            source="strap", quantity=Quantity.HEART_RATE, value=value, at=Seconds(NOON + at), quality=quality
        )
        book.put(at, ReadingArrived(at=Seconds(NOON + at), reading=reading))

    for minute in range(5):
        reads(60.0 * minute, 70.0)
    reads(250.0, 70.0, quality=0.1)
    book.tick(600.0)
    (strap,) = book.report().sensors
    assert (strap.readings, strap.low_quality) == (6, 1)
    assert strap.coverage == pytest.approx(0.5)
    assert strap.longest_silence_min == pytest.approx(350.0 / 60.0)


def test_broken_rows_are_named_and_skipped(book: Book) -> None:
    book.progress(10.0, 0.0)
    book.raw(20.0, b"\xff nonsense")
    book.raw(30.0, b'{"type":"AudioReported","at":5}')
    book.raw(40.0, b'{"type":"Tick","at":1.0,"minute":3}', b'[{"type":"OfTomorrow"}]')
    book.raw(50.0, b'{"type":"OfTomorrow"}')  # an event of another version is no damage
    book.progress(70.0, 60.0)
    report = book.report()
    assert report.broken.count == 3 and report.broken.rows == (3, 4, 5)
    assert report.days[0].to_no_device_min + report.days[0].played_min == pytest.approx(1.0)
    assert "3, 4, 5" in html(report, "en", MADE)


def test_another_resident_on_the_same_player_is_left_out(book: Book) -> None:
    book.progress(10.0, 0.0)
    book.progress(70.0, 60.0)
    book.start(100.0, boot="two", resident="robin")
    book.progress(110.0, 0.0)
    book.progress(710.0, 600.0)
    report = book.report()
    assert report.runs == 1
    assert sum(day.played_min for day in report.days) == pytest.approx(1.0)


def test_the_page_says_so_where_data_are_missing_and_names_nothing_outside(book: Book) -> None:
    book.tick(0.0, swap(0.0, 0.5, to="<script>alert(1)</script>$x$"))
    page = html(book.report(), "en", MADE)
    assert page.count("Not enough data") >= 3
    assert "<script" not in page and "alert(1)" in page
    links = [
        part for part in page.replace("http://www.w3.org", "").split('"') if part.startswith(("http", "//"))
    ]
    assert links == []


@pytest.mark.parametrize(("minutes", "share"), [(29, "not enough data"), (31, "100 %")])
def test_a_few_known_minutes_make_no_share(book: Book, minutes: int, share: str) -> None:
    """One rating holds for some minutes: “100 % of the time” would say more than it carries."""
    book.tick(0.0, agitation(0.9))
    book.tick(minutes * 60.0)
    assert f"<dt>Restless, of the time known</dt><dd>{share}</dd>" in html(book.report(), "en", MADE)


def test_german(book: Book) -> None:
    book.tick(0.0, agitation(0.2))
    book.tick(7200.0)
    page = html(book.report(), "de", MADE)
    assert '<html lang="de">' in page and "Zu wenig Daten" in page and "02.01.2026" in page
    assert "0,20" in page
    assert "Not enough" not in page and "What was" not in page


def test_days_on_which_lull_was_off_are_shown_as_such(book: Book) -> None:
    """Not those that a clock without a battery skips: nobody was there for forty years."""
    book.progress(10.0, 0.0)
    book.progress(70.0, 60.0)
    book.start(3 * 86_400.0, boot="two")
    book.tick(3 * 86_400.0 + 60.0)
    book.start(9_000 * 86_400.0, boot="three")
    book.tick(9_000 * 86_400.0 + 60.0)
    days = book.report().days
    assert [day.running_min > 0.0 for day in days] == [True, False, False, True, True]
    assert "<dt>Days</dt><dd>3</dd>" in html(book.report(), "en", MADE)


def test_what_was_pressed_and_measured_is_in_the_readers_words(book: Book) -> None:
    book.put(10.0, CommandArrived(at=Seconds(NOON + 10), command=Command(verb=Verb.DISLIKE)))
    reading = Reading(source="strap", quantity=Quantity.HEART_RATE, value=70.0, at=Seconds(NOON + 20))
    book.put(20.0, ReadingArrived(at=reading.at, reading=reading))
    page = html(book.report(), "de", MADE, back="/")
    assert "<td>Personal</td><td>Nicht dieses</td>" in page and "<td>Puls pro Minute</td>" in page
    assert '<a href="/">Zurück zur Musik</a>' in page
    assert "<nav>" not in html(book.report(), "de", MADE), "a file has nowhere to lead back to"


def test_it_is_read_while_lull_writes(book: Book) -> None:
    book.progress(10.0, 0.0)
    rows = JournalRows(book.path, "heron")
    book.journal.close()
    book.journal = SqliteJournal(book.path, "heron")
    moments = rows.moments()
    next(moments)
    book.progress(70.0, 60.0)  # in the middle of a report
    book.journal.close()
    assert len(list(moments)) == 1  # as it was when the report began
    assert gather(rows, "heron").rows == 3


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was played"):
        gather(JournalRows(tmp_path / "journal.db", "heron"), "heron")
    SqliteJournal(tmp_path / "journal.db", "heron").close()
    with pytest.raises(StoreError, match="Nothing is in the journal"):
        gather(JournalRows(tmp_path / "journal.db", "heron"), "heron")
    (tmp_path / "journal.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be read"):
        gather(JournalRows(tmp_path / "journal.db", "heron"), "heron")


@pytest.mark.parametrize(("minute", "hours"), [(780, 1.0), (720, 0.0), (390, -5.5), (1439, 12.0), (0, -12.0)])
def test_the_local_offset_is_found(minute: int, hours: float) -> None:
    assert offset_of(float(NOON), minute) in (hours * 3600.0, (hours + 24) * 3600.0 % 86_400.0)


def test_intervals_are_those_of_the_textbook() -> None:
    a, b = Sums(), Sums()
    for value in (5.0, 6.0, 7.0, 8.0, 9.0):
        a.add(value)
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        b.add(value)
    of = interval(a)
    assert of is not None and of.mean == 7.0
    assert of.high - of.mean == pytest.approx(2.776 * (2.5 / 5) ** 0.5)
    between = difference(a, b)
    assert between is not None and between.mean == 4.0
    assert between.high - between.mean == pytest.approx(2.306 * 1.0)  # 8 degrees of freedom
    assert interval(Sums()) is None


def test_damage_of_one_boot_does_not_hide_the_others(book: Book) -> None:
    book.progress(10.0, 0.0)
    book.boot = "torn"
    book.progress(70.0, 60.0)  # its beginning is missing: whose it is cannot be told
    assert book.report().rows == 2
    with sqlite3.connect(book.path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM entries").fetchone() == (3,)
