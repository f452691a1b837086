"""What people state of the resident is in force at once, outlives a restart, and can be forgotten."""

from msgspec import json

from player.listener.sensors import Habits
from player.model import Verb
from player.session.messages import Calibrated, Forgotten, Memory, ProfileChanged, Started
from player.session.session import Session
from player.settings import Profile, Taste, VolumeSettings
from player.units import Percent
from tests.support.world import LIBRARY, World, entry


def stated(world: World, profile: Profile) -> None:
    world.handle(ProfileChanged(at=world.at, profile=profile))


def never(*tracks: str) -> Profile:
    return Profile(id="demo", never=Taste(tracks=tracks))


def test_a_piece_that_is_barred_now_is_left() -> None:
    world = World().begin()
    first = str(world.heard)
    stated(world, never(first))
    world.run(10.0)
    assert world.heard not in (None, first)
    assert world.decisions[-1].event_type == "next"
    assert "never" in world.decisions[-1].reason.lower() or "profile" in world.decisions[-1].reason


def test_what_was_stated_outlives_a_restart_and_never_of_either_side_wins() -> None:
    first = World(profile=never("t1")).begin()
    stated(first, never("t2", "t3"))
    again = World(profile=never("t1"), memory=first.memory).begin()
    heard = set()
    for _ in range(30):
        again.command(Verb.NEXT)
        again.run(10.0)
        heard.add(again.heard)
    assert heard == {f"t{n}" for n in range(4, 10)}


def test_the_pseudonym_of_the_file_stays() -> None:
    world = World(profile=Profile(id="heron")).begin()
    stated(world, Profile(id="other", birth_year=1930))
    assert world.memory.profile == Profile(id="other", birth_year=1930)
    assert world.session.profile.id == "heron"
    assert world.session.profile.birth_year == 1930


def test_new_limits_hold_at_once() -> None:
    world = World().begin()
    world.command(Verb.VOLUME, value=60.0)
    world.run(1.0)
    before = world.sound.level
    stated(
        world,
        Profile(id="demo", volume=VolumeSettings(start=Percent(20), max=Percent(30), night_max=Percent(20))),
    )
    world.run(1.0)
    assert world.sound.level == before - 15.0  # dB: 60 to 30 percent


def test_a_calibration_bounds_the_level_at_once() -> None:
    world = World().begin()
    world.command(Verb.VOLUME, value=70.0)
    world.run(1.0)
    world.handle(Calibrated(at=world.at, full_scale_dba=110.0))
    world.run(1.0)
    assert world.sound.level == 70.0 - (110.0 - 23.0)  # max_dba at the ear
    world.handle(Calibrated(at=world.at, full_scale_dba=None))
    world.run(1.0)
    assert world.sound.level == -15.0


def test_the_music_goes_on_when_the_resident_is_forgotten() -> None:
    world = World(memory=Memory(never=("t1",), likes={"t2": 3})).begin()
    stated(world, never("t3"))
    world.run(30.0)
    heard = world.heard
    world.handle(Forgotten(at=world.at))
    assert world.memory.never == () and world.memory.likes == {} and world.memory.profile is None
    assert world.memory.plays == {} and world.memory.learned is None and world.memory.habits == Habits()
    world.run(5.0)
    assert world.heard == heard and not world.sound.silent


def test_a_hold_stays_a_hold_when_the_resident_is_forgotten() -> None:
    world = World().begin()
    world.command(Verb.STOP)
    world.handle(Forgotten(at=world.at))
    world.run(30.0)
    again = World(memory=world.memory).begin()
    again.run(5.0)
    assert world.sound.silent and again.sound.silent


def test_all_of_it_replays() -> None:
    world = World(library=(*LIBRARY, entry("t10", 0.95))).begin()
    stated(world, never(str(world.heard)))
    world.run(20.0)
    world.agitated(0.9)
    world.run(90.0)
    world.handle(Forgotten(at=world.at))
    world.run(20.0)
    started = world.events[0]
    assert isinstance(started, Started)
    session = Session(started)
    again = [effect for event in world.events for effect in session.handle(event)]
    assert json.encode(again) == json.encode(world.effects)
