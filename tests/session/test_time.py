"""Wall clocks that jump, boards that start in 1970, summer time: hours, doses and memory stay right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from player.listener.baseline import Baseline
from player.model import Feedback, Quantity, Reading, Verb
from player.selection.bandit import Learned
from player.selection.reward import Natural
from player.session.dating import SOFT_BLOCK, dated, newest, on, redated
from player.session.messages import Block, Day, FeedbackArrived, Memory, Play, ReadingArrived, Resume
from player.session.messages import RestlessHours as Hours
from player.settings import PolicySettings, Profile, Settings
from player.units import Seconds
from tests.support.timepiece import Board, BoardWorld, unix

YEAR = 365 * 86_400.0
NIGHT = Profile(id="demo", quiet_hours="21:30-07:00", usual_peak="16:00")


def quiet_world(board: Board, **details: object) -> BoardWorld:
    world = BoardWorld(board, profile=NIGHT, settings=Settings(autostart="idle"), **details)
    world.begin()
    return world


def is_quiet(world: BoardWorld) -> bool:
    """As the caps of the volume show it: the night has its own."""
    world.command(Verb.VOLUME, value=70.0)
    return world.session._volume.quiet_hours(world.minute)


# --- quiet hours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "quiet_at_end"),
    [
        (
            "2026-03-28 23:00",
            "2026-03-29 06:59",
            True,
        ),  # an hour is missing: the night ends at seven all the same
        ("2026-03-28 23:00", "2026-03-29 07:01", False),
        ("2026-10-24 23:00", "2026-10-25 06:59", True),  # an hour comes twice
        ("2026-10-24 23:00", "2026-10-25 07:01", False),
        ("2026-10-24 23:00", "2026-10-25 21:31", True),
    ],
)
def test_the_night_ends_by_the_clock_on_the_wall_when_summer_time_changes(
    before: str, after: str, quiet_at_end: bool
) -> None:
    board = Board(unix(before))
    world = quiet_world(board)
    assert is_quiet(world)
    world.live(unix(after) - unix(before), step=60.0)
    assert is_quiet(world) is quiet_at_end
    assert board.clock.ahead() == 0.0, "summer time is not a step of the clock"


def test_a_board_without_a_clock_keeps_the_night_of_its_journal_until_it_is_told_the_time() -> None:
    last = unix("2026-11-20 23:00")
    board = Board(12.0, newest=last)
    world = quiet_world(board)
    assert last <= world.at <= last + 2.0 and is_quiet(world), "23:00, not the afternoon or morning of 1970"
    board.set_to(unix("2026-11-21 10:15"))
    world.live(5.0)
    assert world.minute == 10 * 60 + 15 and not is_quiet(world)
    assert world.at == pytest.approx(last + 6.0, abs=9.0), "nothing in the session has jumped"


def test_the_wall_clock_jumps_back_and_forth_and_the_music_does_not() -> None:
    board = Board(unix("2026-11-20 12:00"))
    policy = PolicySettings(persist_s=10.0, session_s=1800.0)  # type: ignore[arg-type]
    world = BoardWorld(board, settings=Settings(autostart="idle", policy=policy))
    world.begin()
    for _ in range(5):
        world.agitated(0.9)
        world.live(5.0)
    heard, began = world.heard, world.memory.day.began
    assert heard is not None and began is not None
    decisions = len(world.decisions)
    for jump in (+7 * 86_400.0, -14 * 86_400.0, +3600.0, +YEAR):
        board.set_to(board.wall + jump)
        world.agitated(0.5)
        world.live(5.0)
        assert world.heard == heard
    assert len(world.decisions) == decisions, "no session ended, none began"


# --- the day ----------------------------------------------------------------------------------------------


def test_a_dose_is_of_one_day_whatever_the_clock_does() -> None:
    noon = Seconds(unix("2026-10-25 00:00"))
    day = Day(midnight=noon, dose=Seconds(5000.0), before_the_hour=True)
    assert on(day, Seconds(noon + 3600.0)) is day, "summer time"
    assert on(day, Seconds(noon - 3600.0)) is day
    tomorrow = on(day, Seconds(noon + 25 * 3600.0))
    assert tomorrow.dose == 0.0 and not tomorrow.before_the_hour
    back = on(day, Seconds(noon - 86_400.0))
    assert back.dose == 5000.0 and back.before_the_hour, "a clock set back gives no second dose"
    assert on(back, noon).dose == 0.0 and back.midnight == noon - 86_400.0
    years = on(structs.replace(day, midnight=Seconds(noon + 9 * YEAR)), noon)
    assert on(years, Seconds(noon + 86_400.0)).dose == 0.0, "a day of the future does not stay for years"


def test_the_music_before_the_usual_hour_comes_once_though_the_clock_is_set() -> None:
    board = Board(unix("2026-11-20 15:20"))
    world = quiet_world(board)
    world.live(15 * 60.0)
    assert [d.trigger for d in world.decisions].count("schedule") == 1
    world.command(Verb.PAUSE)
    world.command(Verb.STOP)
    world.command(Verb.PLAY)
    board.set_to(unix("2026-11-20 15:20"))  # a quarter of an hour back
    world.live(15 * 60.0)
    assert [d.trigger for d in world.decisions].count("schedule") == 1


def test_a_first_start_in_1970_and_the_time_a_minute_later() -> None:
    board = Board(30.0)
    world = BoardWorld(board).begin()
    world.live(60.0)
    played = world.heard
    board.set_to(unix("2026-11-20 15:20"))
    world.live(10.0)
    assert played is not None
    assert world.memory.plays[played].last == pytest.approx(board.wall, abs=120.0)
    assert world.memory.resume is not None and world.memory.resume.at == pytest.approx(board.wall, abs=120.0)
    assert world.memory.day.midnight == pytest.approx(unix("2026-11-20 00:00"), abs=61.0)


# --- memory -----------------------------------------------------------------------------------------------


def memory_at(moment: float) -> Memory:
    at = Seconds(moment)
    return Memory(
        blocks={"soft": Block(until=Seconds(at + SOFT_BLOCK), upsets=1), "hard": Block(until=None, upsets=2)},
        plays={"t1": Play(last=at, count=3, worn=1.0)},
        held_since=at,
        day=Day(midnight=at, began=at),
        resume=Resume(track_id="t1", position=Seconds(3.0), at=at),
        learned=Learned(at=at),
        natural=Natural(at=at),
        hours=Hours(weights=(1.0,) * 24, at=at),
    )


def moments(memory: Memory) -> list[float]:
    assert memory.resume and memory.learned and memory.natural and memory.day.began is not None
    soft = memory.blocks["soft"].until
    assert soft is not None
    return [
        soft - SOFT_BLOCK,
        memory.plays["t1"].last,
        memory.held_since,
        memory.day.began,
        memory.resume.at,
        memory.learned.at,
        memory.natural.at,
        memory.hours.at,
    ]


def test_a_journal_from_the_future_does_not_stay_for_years() -> None:
    now = unix("2026-11-20 15:20")
    world = BoardWorld(Board(now), memory=memory_at(now + 9 * YEAR)).begin()
    world.live(10.0)
    history = world.session._recall.history(world.at)
    assert all(0.0 <= since <= 20.0 for since in history.since_play.values())
    assert history.blocked == {"soft"} and history.refused == {"hard"}
    assert world.session._recall.history(Seconds(world.at + SOFT_BLOCK)).blocked == frozenset()
    assert newest(world.memory) <= world.at


@given(st.floats(0.0, 4e9), st.floats(1.0, 4e9))
def test_what_was_stored_never_lies_ahead_of_a_start(stored: float, now: float) -> None:
    after = moments(redated(memory_at(stored), Seconds(now)))
    assert after == pytest.approx([min(stored, now)] * len(after), abs=1e-3)
    assert redated(memory_at(stored), Seconds(now)).blocks["hard"].until is None


@given(st.floats(1e6, 2e9), st.floats(-1e9, 1e9), st.booleans())
def test_what_happened_in_this_run_is_stored_in_true_time_and_the_rest_as_it_was(
    began: float, ahead: float, of_this_run: bool
) -> None:
    stored = began + 10.0 if of_this_run else began - 10.0
    after = moments(dated(memory_at(stored), Seconds(began), Seconds(ahead)))
    assert after == pytest.approx([stored + (ahead if of_this_run else 0.0)] * len(after), abs=1e-3)


def test_a_block_made_before_the_clock_was_set_lasts_a_month_from_then() -> None:
    board = Board(30.0)
    world = BoardWorld(board).begin()
    world.live(60.0)
    assert world.heard is not None
    world.session._recall.upset(world.heard, world.at)
    board.set_to(unix("2026-11-20 15:20"))
    world.live(10.0)
    block = world.memory.blocks[world.heard]
    assert block.until == pytest.approx(board.wall + SOFT_BLOCK, abs=120.0)
    later = BoardWorld(Board(board.wall + 20 * 86_400.0), memory=world.memory)
    assert later.session._recall.history(later.at).blocked, "still away after twenty days"


def test_a_hold_that_ends_by_the_clock_ends_once_the_clock_is_known() -> None:
    policy = PolicySettings(hold_until="07:00")
    last = unix("2026-11-20 20:00")
    board = Board(5.0, newest=last)
    world = BoardWorld(
        board,
        settings=Settings(policy=policy),
        memory=Memory(held_by="staff", held_since=Seconds(last - 60.0)),
    )
    world.begin()
    world.live(30.0)
    assert world.playback.state == "held"
    board.set_to(unix("2026-11-21 07:30"))
    world.live(30.0)
    assert world.playback.state != "held", "eleven hours have passed, as is known now"


# --- learned hours and late words -------------------------------------------------------------------------


def test_habits_are_learned_by_the_true_hour() -> None:
    board = Board(30.0, newest=unix("2026-11-20 20:00", "UTC"))
    world = BoardWorld(board).begin()
    board.set_to(unix("2026-11-21 09:00", "UTC"))
    world.tick()
    for _ in range(120):
        world.live(5.0)
        reading = Reading(source="w", quantity=Quantity.HEART_RATE, value=80.0, at=world.at)
        world.handle(ReadingArrived(at=world.at, reading=reading))
    hours = world.session._evidence.habits().signals["w/heart_rate"].hours
    assert [n for n, (_, weight) in enumerate(hours) if weight > 0.0] == [9]


def test_the_baseline_asks_for_nothing_but_the_hour() -> None:
    one, other = Baseline(70, 4, 30, 900), Baseline(70, 4, 30, 900)
    for n in range(50):
        one.learn(70.0 + n % 3, 5.0, Seconds(5.0 * n))
        other.learn(70.0 + n % 3, 5.0, Seconds(5.0 * n + 400 * 86_400.0))
    assert one.habit() == other.habit()


def test_feedback_given_by_true_time_counts_though_the_session_counts_otherwise() -> None:
    board = Board(30.0)
    world = BoardWorld(board).begin()
    board.set_to(unix("2026-11-20 15:20"))
    world.live(10.0)
    assert world.heard is not None
    for rating_id, said, likes in (("late", board.wall - 3600.0, 0), ("now", board.wall - 5.0, 1)):
        feedback = Feedback(id=rating_id, rating=1, given=Seconds(said))
        world.handle(FeedbackArrived(at=world.at, feedback=feedback))
        assert world.memory.likes.get(world.heard, 0) == likes


# --- the clock itself -------------------------------------------------------------------------------------


def test_the_clock_goes_on_from_the_newest_moment_when_it_cannot_be_right() -> None:
    known = unix("2026-11-20 20:00")
    assert Board(5.0).clock.now() == 5.0, "the first run of a board without a clock"
    assert Board(5.0, newest=known).clock.now() == known
    assert Board(unix("2099-01-01 00:00"), newest=known).clock.now() == known, (
        "an empty battery says anything"
    )
    assert Board(known - 3600.0, newest=known).clock.now() == known - 3600.0, "it was wrong before"
    assert Board(known + 200 * 86_400.0, newest=known).clock.now() == known + 200 * 86_400.0


def test_now_never_goes_back_and_ahead_tells_where_the_wall_clock_is() -> None:
    board = Board(unix("2026-11-20 12:00"))
    before = board.clock.now()
    board.set_to(unix("2026-11-20 11:00"))
    board.passes(1.0)
    assert board.clock.now() == before + 1.0
    assert board.clock.ahead() == -3600.0 and board.clock.minute() == 11 * 60
    board.passes(0.4)
    board.wall += 0.5
    assert board.clock.ahead() == -3600.0, "two clocks drift; that is not a step"
    board.set_to(10.0)
    assert board.clock.ahead() == -3600.0, "1970 is not believed"
