"""Before the usual hour, not for ever, not into sleep; holds that end by the clock."""

import pytest

from player.model import AdaptMode, Quantity, Reading, Verb
from player.session.hours import usual_minute, with_episode
from player.session.messages import Memory, ReadingArrived, RestlessHours
from player.settings import PolicySettings, Profile, Settings
from player.units import Seconds
from tests.session.test_care import feel, kinds
from tests.support.world import World

PEAK = Profile(id="demo", quiet_hours="21:30-07:00", usual_peak="16:00")


def at_rest(policy: PolicySettings | None = None, **details: object) -> World:
    settings = Settings(autostart="idle", policy=policy or PolicySettings(persist_s=10.0))  # type: ignore[arg-type]
    return World(settings=settings, **details).begin()  # type: ignore[arg-type]


def clock(world: World, minute: int) -> None:
    """Time passes until this minute of the day."""
    world.at = Seconds(world.at + (minute - world.minute) % 1440 * 60.0)
    for at, report in world.sound.advance(world.at):
        world.report(report, at)
    world.minute = minute
    world.run(1.5)


def test_music_begins_half_an_hour_before_the_usual_hour_once_a_day() -> None:
    world = at_rest(profile=PEAK)
    clock(world, 15 * 60 + 29)
    assert world.sound.silent
    clock(world, 15 * 60 + 30)
    assert world.heard == "t9"
    assert world.decisions[-1].trigger == "schedule" and "(16:00)" in world.decisions[-1].reason
    world.command(Verb.STOP)
    world.command(Verb.PLAY)
    world.command(Verb.PAUSE)
    assert len([d for d in world.decisions if d.trigger == "schedule"]) == 1


def test_not_by_itself_when_people_alone_decide_or_after_a_stop() -> None:
    for verb, mode in ((Verb.MODE, AdaptMode.MANUAL), (Verb.STOP, None)):
        world = at_rest(profile=PEAK)
        world.command(verb, mode=mode)
        clock(world, 15 * 60 + 45)
        assert world.sound.silent


def test_the_hour_is_learned_from_episodes() -> None:
    hours = RestlessHours()
    assert usual_minute(hours, None, Seconds(0.0)) is None
    day = 86_400.0
    for n in range(4):
        hours = with_episode(hours, 17 * 60 + 10 * n, Seconds(n * day))
    assert usual_minute(hours, None, Seconds(4 * day)) == 17 * 60
    assert usual_minute(hours, "09:30", Seconds(4 * day)) == 9 * 60 + 30, "what is named wins"
    assert usual_minute(hours, None, Seconds(90 * day)) is None, "what was months ago says nothing"
    for n in range(40):
        hours = with_episode(hours, n * 240 % 1440, Seconds(4 * day + 4 * 3600.0 * n))
    assert usual_minute(hours, None, hours.at) is None, "any hour is no hour"
    for n in range(12):
        hours = with_episode(hours, 15 * 60, Seconds(40 * day + 300.0 * n))
    assert sum(hours.weights) < 20, "one bout counts once"


def test_a_session_that_a_sensor_began_ends_by_itself_and_one_of_a_person_does_not() -> None:
    policy = PolicySettings(persist_s=10.0, session_s=600.0)  # type: ignore[arg-type]
    world = at_rest(policy)
    feel(world, 0.9, 20.0)
    assert world.heard is not None
    feel(world, 0.2, 620.0)
    assert world.playback.reason == "The music has played for 10 min: the music fades out."
    world.run(31.0)
    assert world.sound.silent and kinds(world)[-1] == "rest"
    world.command(Verb.PLAY)
    world.run(1500.0)
    assert not world.sound.silent


def test_a_session_stretched_by_restlessness_tells_its_true_length() -> None:
    policy = PolicySettings(persist_s=10.0, session_s=600.0, response_window_s=300.0)  # type: ignore[arg-type]
    world = at_rest(policy)
    feel(world, 0.9, 1000.0)
    assert world.decisions[-1].trigger == "session"
    assert world.decisions[-1].reason == "The music has played for 15 min: the music fades out."


def test_who_takes_over_a_session_keeps_it() -> None:
    policy = PolicySettings(persist_s=10.0, session_s=600.0)  # type: ignore[arg-type]
    world = at_rest(policy)
    feel(world, 0.9, 20.0)
    world.command(Verb.NEXT)
    world.run(1000.0)
    assert not world.sound.silent


def test_the_dose_of_a_day_limits_what_begins_by_itself() -> None:
    policy = PolicySettings(persist_s=10.0, session_s=300.0, dose_s=200.0, refractory_s=10.0)  # type: ignore[arg-type]
    world = at_rest(policy)
    feel(world, 0.9, 20.0)
    feel(world, 0.1, 400.0)
    assert world.sound.silent
    feel(world, 0.9, 60.0)
    assert world.sound.silent, "the dose is used up"
    world.command(Verb.CALM)
    world.run(1.0)
    assert not world.sound.silent, "never for people"
    world.command(Verb.STOP)
    world.command(Verb.PLAY)
    clock(world, 8 * 60)
    assert world.minute == 8 * 60


def test_the_music_fades_over_minutes_when_the_resident_sleeps_and_comes_back_on_request() -> None:
    world = at_rest(PolicySettings(sleep_fade_s=120.0))  # type: ignore[arg-type]
    world.command(Verb.PLAY)
    tell(world, Quantity.BED_OCCUPIED, 1.0)
    for _ in range(95):
        tell(world, Quantity.MOVEMENT, 0.01)
        world.run(10.0)
    assert "sleeps" in world.playback.reason and world.playback.state == "playing"
    assert not world.sound.silent
    world.run(120.0)
    assert world.sound.silent and world.playback.state == "idle"
    world.command(Verb.PLAY)
    world.run(1.0)
    assert not world.sound.silent


def test_a_fade_out_is_taken_back_by_play_and_shortened_by_pause() -> None:
    for verb, silent in ((Verb.PLAY, False), (Verb.CALM, False), (Verb.PAUSE, True), (Verb.STOP, True)):
        policy = PolicySettings(persist_s=10.0, session_s=200.0)  # type: ignore[arg-type]
        world = at_rest(policy)
        feel(world, 0.9, 20.0)
        feel(world, 0.2, 205.0)
        assert "fades out" in world.playback.reason and not world.sound.silent
        world.command(verb)
        world.run(60.0)
        assert world.sound.silent is silent


def test_a_rest_outlives_a_restart() -> None:
    world = World(memory=Memory(resting="The resident sleeps: the music fades out.")).begin()
    world.run(60.0)
    assert world.sound.silent and "sleeps" in world.playback.reason
    feel(world, 0.9, 80.0)
    assert not world.sound.silent, "an occasion ends it"


@pytest.mark.parametrize(("until", "held"), [("07:00", False), (None, True)])
def test_a_stop_holds_until_the_configured_time(until: str | None, held: bool) -> None:
    policy = PolicySettings(persist_s=10.0, hold_until=until)  # type: ignore[arg-type]
    world = World(settings=Settings(policy=policy), minute=20 * 60).begin()
    world.command(Verb.STOP)
    clock(world, 6 * 60 + 59)
    feel(world, 0.9, 30.0)
    assert world.sound.silent and world.playback.state == "held"
    clock(world, 7 * 60)
    assert (world.playback.state == "held") is held
    feel(world, 0.9, 30.0)
    assert world.sound.silent is held


def tell(world: World, quantity: Quantity, value: float) -> None:
    reading = Reading(source="bed", quantity=quantity, value=value, at=world.at)
    world.handle(ReadingArrived(at=world.at, reading=reading))
