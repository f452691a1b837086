"""The room's microphone and the volume: down freely, up a little, for a steady noise, not when restless."""

from hypothesis import given, settings
from hypothesis import strategies as st

from player.listener.evidence import EvidencePool
from player.model import ROOM_MICROPHONE, AudioReport, Listen, Quantity, Reading, RoomHeard, Volume
from player.session.messages import Mix, ProfileChanged
from player.session.room import DOWN, MOST_UP, STEADY_FOR, RoomVolume, readings
from player.session.volume import VolumeControl
from player.settings import AudioSettings, Consent, Profile, Settings, VolumeSettings
from player.units import Decibels, Percent, Seconds, volume_to_db
from tests.support.world import World

NOISE = RoomHeard(level=Decibels(14.0), voice=0.0, shout=0.0, calls=0.0, quality=1.0)
TALK = RoomHeard(level=Decibels(14.0), voice=0.6, shout=0.1, calls=0.0, quality=1.0)
QUIET = RoomHeard(level=Decibels(0.0), voice=0.0, shout=0.0, calls=0.0, quality=1.0)

windows = st.builds(
    RoomHeard,
    level=st.one_of(st.none(), st.floats(-40.0, 60.0).map(Decibels)),
    voice=st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.5]),
    shout=st.floats(0.0, 1.0),
    calls=st.floats(0.0, 1.0),
    quality=st.sampled_from([0.0, 0.3, 1.0]),
)


def after(heard: list[RoomHeard], *, step: float = 2.0, restless: bool = False) -> Decibels:
    room = RoomVolume()
    for number, each in enumerate(heard):
        room.observe(each, Seconds(step * number))
    return room.offset(Seconds(step * (len(heard) - 1)), restless=restless)


def test_up_for_a_steady_noise_of_a_minute_and_not_before() -> None:
    assert after([NOISE] * 30) == 0.0
    assert after([NOISE] * 31) == MOST_UP
    assert after([NOISE] * 31, restless=True) == 0.0
    assert after([NOISE] * 30 + [TALK]) == 0.0, "one voice ends it"
    assert after([NOISE] * 20 + [QUIET] + [NOISE] * 20) == 0.0, "it was not steady"
    assert after([NOISE] * 31, step=10.0) == 0.0, "nobody knows what was between"


def test_down_while_people_talk_and_back_when_they_are_done() -> None:
    assert after([TALK] * 4) == DOWN
    assert after([TALK] * 4, restless=True) == DOWN
    assert after([QUIET, TALK, QUIET, QUIET]) == 0.0, "one word is no talk"
    assert after([TALK] * 4 + [QUIET] * 9) == DOWN
    assert after([TALK] * 4 + [QUIET] * 11) == 0.0


@settings(max_examples=200)
@given(st.lists(st.one_of(windows, st.just(NOISE)), max_size=60), st.floats(0.5, 8.0), st.booleans())
def test_never_more_than_three_decibels_up_nor_without_its_reasons(
    heard: list[RoomHeard], step: float, restless: bool
) -> None:
    room = RoomVolume()
    for number, each in enumerate(heard):
        at = Seconds(step * number)
        room.observe(each, at)
        offset = room.offset(at, restless=restless)
        assert offset <= MOST_UP == 3.0
        if offset > 0.0:
            minute = [one for n, one in enumerate(heard[: number + 1]) if at - step * n <= STEADY_FOR]
            assert not restless and at >= STEADY_FOR == 60.0
            assert all(one.level is not None and one.voice < 0.1 for one in minute)
    assert room.offset(Seconds(step * len(heard) + 60.0), restless=False) == 0.0, (
        "what is gone counts no more"
    )


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.floats(-20.0, 3.0), st.integers(0, 1439))
def test_the_ceiling_is_the_ceiling(wanted: float, most: float, room: float, minute: int) -> None:
    limits = VolumeSettings(max=Percent(most), night_max=Percent(most / 2))
    volume = VolumeControl(Profile(id="demo", volume=limits), None, None)
    volume.set(wanted, minute)
    volume.room = Decibels(room)
    assert volume.level(minute) <= volume_to_db(volume.cap(minute)) + 1e-9
    assert volume.level(minute) <= volume_to_db(volume.percent(minute)) + 3.0 + 1e-9
    if volume.percent(minute) == 0.0:
        assert volume.level(minute) == volume_to_db(0.0), "silence stays silence"


def levels(world: World) -> list[Decibels]:
    return [e.command.level for e in world.effects if isinstance(e, Mix) and isinstance(e.command, Volume)]


def hear(world: World, report: AudioReport, windows: int) -> None:
    for _ in range(windows):
        world.report(report)
        world.run(2.0)


def test_in_the_session_it_moves_the_level_and_agitation_takes_it_back() -> None:
    world = World().begin()
    plain = levels(world)[-1]
    hear(world, NOISE, 32)
    assert levels(world)[-1] == plain + MOST_UP
    world.agitated(0.9)
    assert levels(world)[-1] == plain
    talk = World().begin()
    hear(talk, TALK, 4)
    assert levels(talk)[-1] == plain + DOWN


def test_a_hidden_room_says_nothing_and_a_shout_says_something() -> None:
    hidden = RoomHeard(level=None, voice=0.9, shout=1.0, calls=1.0, quality=0.1)
    assert readings(hidden, Seconds(1.0)) == ()
    pool = EvidencePool()
    before = pool.estimate(Seconds(100.0))
    shout = RoomHeard(level=Decibels(30.0), voice=0.5, shout=0.95, calls=0.9, quality=1.0)
    for reading in readings(shout, Seconds(100.0)):
        assert reading.source == ROOM_MICROPHONE
        pool.observe(reading)
    now = pool.estimate(Seconds(101.0))
    assert before.confidence == 0.0 and 0.0 < now.confidence < 0.4, "a hint, not a proof"
    assert {piece.quantity for piece in now.why} >= {Quantity.SHOUT, Quantity.REPETITIVE_CALL}


def test_its_level_is_not_taken_for_the_music() -> None:
    """The player's own part is taken away already: nothing more is subtracted while music plays."""
    pool = EvidencePool()
    pool.playing(Decibels(-30.0), Seconds(0.0))
    for n in range(200):
        level = Reading(
            source=ROOM_MICROPHONE, quantity=Quantity.SOUND_LEVEL, value=0.5 * (n % 2), at=Seconds(n)
        )
        pool.observe(level)
    assert Quantity.SOUND_LEVEL in {piece.quantity for piece in pool.estimate(Seconds(200.0)).why}


def test_the_room_is_listened_to_with_consent_alone() -> None:
    wish = Settings(audio=AudioSettings(microphone="default"))
    agreed = Profile(id="demo", quiet_hours=None, consent=Consent(microphone=True))
    world = World(settings=wish, profile=agreed).begin()
    assert listens(world) == [Listen(on=True)]
    world.crash_audio()
    assert listens(world) == [Listen(on=True)] * 2, "a new process is told anew"
    world.handle(ProfileChanged(at=world.at, profile=Profile(id="demo", quiet_hours=None)))
    assert listens(world)[-1] == Listen(on=False)
    assert listens(World(settings=wish).begin()) == []
    assert listens(World(profile=agreed).begin()) == [], "no device is named"


def listens(world: World) -> list[Listen]:
    return [e.command for e in world.effects if isinstance(e, Mix) and isinstance(e.command, Listen)]
