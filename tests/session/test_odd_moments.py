"""Moments in which two things meet: alarms and buttons, restarts and holds, refusals and the next piece."""

import math

import pytest

from player.model import AdaptMode, Quantity, Verb
from player.session.messages import CatalogueChanged, Memory, Stopping
from player.settings import PolicySettings, Profile, Settings
from tests.session.test_care import alarm, feel, kinds, restless
from tests.session.test_schedule import at_rest, clock, tell
from tests.support.world import LIBRARY, World, entry


@pytest.mark.parametrize("verb", [Verb.NEXT, Verb.PLAY, Verb.CALM])
def test_the_resident_ends_no_silence_of_staff_or_of_an_alarm(verb: Verb) -> None:
    for silence in (Verb.PAUSE, Verb.STOP, None):
        world = World().begin()
        if silence is None:
            alarm(world, 1.0)
        else:
            world.command(silence)
        world.command(Verb.STOP, by="resident")
        reply = world.command(verb, by="resident")
        world.run(1.0)
        assert reply is not None and not reply.ok and world.sound.silent


def test_a_pause_by_staff_outlasts_the_alarm_in_which_it_was_pressed() -> None:
    world = World().begin()
    alarm(world, 1.0)
    assert world.command(Verb.PAUSE).ok  # type: ignore[union-attr]
    alarm(world, 0.0)
    world.run(5.0)
    assert world.sound.silent and world.playback.reason == "Paused by staff."


def test_an_alarm_outlives_a_restart_and_is_not_ended_by_another_or_by_nonsense() -> None:
    world = World().begin()
    alarm(world, 1.0)
    world = World(memory=world.memory).begin()
    tell(world, Quantity.ALARM, 0.0)  # from another source
    tell(world, Quantity.ALARM, math.nan)
    world.run(5.0)
    assert world.sound.silent
    alarm(world, 0.0)
    world.run(5.0)
    assert not world.sound.silent


def test_a_short_alarm_a_new_episode_or_a_restart_makes_no_session_endless() -> None:
    policy = PolicySettings(persist_s=10.0, session_s=600.0, refractory_s=30.0)  # type: ignore[arg-type]
    interrupted, renewed, restarted = (at_rest(policy, memory=Memory(resting="Quiet.")) for _ in range(3))
    for world in (interrupted, renewed, restarted):
        feel(world, 0.9, 20.0)
        assert not world.sound.silent
    alarm(interrupted, 1.0)
    interrupted.run(5.0)
    alarm(interrupted, 0.0)
    feel(renewed, 0.2, 585.0)
    feel(renewed, 0.9, 30.0)
    restarted = World(memory=restarted.memory, settings=Settings(policy=policy)).begin()
    for world in (interrupted, renewed, restarted):
        feel(world, 0.1, 1500.0)
        assert world.sound.silent


def test_the_clock_going_back_lifts_no_hold_and_neither_does_a_restart_prolong_it() -> None:
    policy = PolicySettings(hold_until="07:00")
    world = World(settings=Settings(policy=policy), minute=21 * 60).begin()
    world.command(Verb.STOP)
    clock(world, 2 * 60 + 59)
    world.minute = 2 * 60
    world.run(3.0)
    assert world.playback.state == "held"
    clock(world, 6 * 60 + 30)
    settings = Settings(policy=policy)
    later = World(memory=world.memory, settings=settings, minute=6 * 60 + 30, at=world.at).begin()
    clock(later, 7 * 60)
    assert later.playback.state == "idle"


def test_what_staff_switched_off_stays_off_in_the_morning() -> None:
    world = World(settings=Settings(policy=PolicySettings(hold_until="07:00")), minute=20 * 60).begin()
    world.command(Verb.MODE, mode=AdaptMode.OFF)
    clock(world, 8 * 60)
    assert world.playback.state == "held"


def test_a_restart_hours_later_is_silent_in_quiet_hours() -> None:
    profile = Profile(id="demo", quiet_hours="21:30-07:00")
    day = World(profile=profile).begin()
    day.handle(Stopping(at=day.at))
    night = World(profile=profile, memory=day.memory, minute=180, at=day.at + 36_000.0).begin()
    night.run(30.0)
    assert night.sound.silent and "Quiet hours" in night.playback.reason


def test_music_that_was_missed_comes_back_when_there_is_some() -> None:
    world = World((entry("only", 0.5),), settings=Settings(autostart="idle")).begin()
    world.command(Verb.PLAY)
    world.run(1.0)
    world.handle(CatalogueChanged(at=world.at, gone=("only",)))
    world.crash_audio()
    world.run(5.0)
    assert world.playback.step == "pad" and "a gentle sound" in world.playback.reason
    world.handle_found(LIBRARY)
    world.run(20.0)
    assert world.playback.step == "library"


def test_one_reading_is_no_restlessness_that_lasts() -> None:
    world = at_rest(PolicySettings())
    for value in (0.1, 0.1, 0.95, 0.1, 0.1):
        world.agitated(value)
        world.run(65.0)
    assert world.sound.silent


def test_what_helps_is_left_alone() -> None:
    world = World().begin()
    world.command(Verb.CALM)
    feel(world, 0.9, 30.0)
    feel(world, 0.7, 200.0)
    swaps = kinds(world).count("swap")
    feel(world, 0.65, 120.0)
    assert kinds(world).count("swap") == swaps


def test_a_wristband_on_the_table_is_no_sleep() -> None:
    world = World().begin()
    tell(world, Quantity.BED_OCCUPIED, 1.0)
    for _ in range(120):
        tell(world, Quantity.MOVEMENT, 0.001)
        tell(world, Quantity.SKIN_TEMPERATURE, 21.0)
        world.run(10.0)
    assert not world.sound.silent and "sleeps" not in world.playback.reason


def test_staff_are_asked_also_when_nothing_can_be_done() -> None:
    world = World((entry("only", 0.9),)).begin()
    feel(world, 0.85, 1500.0)
    assert "prompt" in kinds(world)


def test_two_quick_presses_refuse_one_piece() -> None:
    world = World().begin()
    heard = world.heard
    for _ in range(3):
        world.command(Verb.DISLIKE)
        world.run(0.3)
    assert set(world.memory.blocks) == {heard}


def test_learning_outlives_another_policy() -> None:
    world = restless(PolicySettings(persist_s=10.0, name="learn"))  # type: ignore[arg-type]
    feel(world, 0.5, 200.0)
    learned = world.memory.learned
    policy, later = PolicySettings(persist_s=10.0, name="iso"), world.at + 1000.0  # type: ignore[arg-type]
    other = restless(policy, memory=world.memory, at=later)
    feel(other, 0.5, 200.0)
    assert learned is not None and other.memory.learned == learned
