"""Agitation and `calm` move the music to something calmer that the resident knows."""

import pytest

from player.model import AdaptMode, Crossfade, Load, Verb
from player.session.messages import Mix, PlaybackState, Show, Wake
from player.settings import PolicySettings, Profile, Settings, Taste
from tests.support.world import World, entry


def lively_first(**details: object) -> World:
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    return World(profile=profile, **details).begin()  # type: ignore[arg-type]


def test_calm_moves_to_the_calmest_familiar_track_at_once() -> None:
    world = lively_first()
    assert world.heard == "t1"
    reply = world.command(Verb.CALM)
    assert reply is not None and reply.ok
    commands = [e.command for e in world.effects[-6:] if isinstance(e, Mix)]
    assert any(isinstance(c, Crossfade) for c in commands), "the standby deck needs no loading"
    world.run(1.0)
    assert world.heard == "t9"
    decision = world.decisions[-1]
    assert decision.event_type == "swap" and decision.trigger == "staff"
    assert decision.from_track is not None and decision.from_track.id == "t1"
    assert "t9" in decision.reason and "calmness 0.90" in decision.reason
    assert world.playback.state == "soothing"


def test_a_known_calm_piece_beats_a_slightly_calmer_stranger() -> None:
    profile = Profile(id="demo", quiet_hours=None, first_track="t1", loved=Taste(tracks=("t8",)))
    world = World(profile=profile).begin()
    world.command(Verb.CALM)
    world.run(1.0)
    assert world.heard == "t8"


def test_never_more_arousing_than_the_present_piece() -> None:
    world = lively_first()
    calmness = {
        e.track.id: e.features.affect.calmness for e in world.library if e.features and e.features.affect
    }
    for _ in range(5):
        before = world.heard
        reply = world.command(Verb.CALM)
        world.run(6.0)
        assert before is not None and world.heard is not None and reply is not None
        if reply.ok:
            assert calmness[world.heard] >= calmness[before]
        else:
            assert reply.reason == "nothing-calmer" and world.heard == before


def test_agitation_must_persist() -> None:
    world = lively_first(settings=Settings(policy=PolicySettings(persist_s=60.0)))  # type: ignore[arg-type]
    for _ in range(11):
        world.agitated(0.9)
        world.run(5.0)
    assert world.heard == "t1"
    world.agitated(0.9)
    world.run(8.0)
    assert world.heard == "t9"
    assert "restless for 60 s" in world.decisions[-1].reason and "wristband" in world.decisions[-1].reason


def test_the_session_asks_to_be_woken_when_persistence_is_due() -> None:
    world = lively_first()
    world.agitated(0.9)
    wakes = [e for e in world.effects if isinstance(e, Wake)]
    assert wakes[-1].at == pytest.approx(world.at + 60.0)


def test_a_dip_below_the_lower_threshold_starts_the_count_again() -> None:
    world = lively_first()
    for value in [0.9] * 10 + [0.1] + [0.9] * 10:
        world.agitated(value)
        world.run(5.0)
    assert world.heard == "t1"


def test_refractory_time_and_hourly_limit_hold_for_sensors_but_not_for_staff() -> None:
    policy = PolicySettings(persist_s=10.0, refractory_s=600.0)  # type: ignore[arg-type]
    world = lively_first(settings=Settings(policy=policy))
    for _ in range(60):
        world.agitated(0.95)
        world.run(5.0)
    swaps = [d for d in world.decisions if d.trigger == "agitation"]
    assert len(swaps) == 1
    world.command(Verb.NEXT)
    world.run(1.0)
    assert world.command(Verb.CALM) is not None
    assert len([d for d in world.decisions if d.event_type == "swap"]) >= 1


def test_manual_mode_ignores_sensors() -> None:
    world = lively_first(settings=Settings(policy=PolicySettings(persist_s=10.0)))  # type: ignore[arg-type]
    world.command(Verb.MODE, mode=AdaptMode.MANUAL)
    for _ in range(10):
        world.agitated(0.95)
        world.run(5.0)
    assert world.heard == "t1"


def test_without_a_sensor_nothing_changes() -> None:
    world = lively_first()
    world.run(170.0)
    assert [d.event_type for d in world.decisions] == ["start", "next"]


def test_a_startling_or_unanalysed_piece_never_soothes() -> None:
    library = (entry("lively", 0.1), entry("crash", 0.95, rise=12.0), entry("new", None), entry("soft", 0.6))
    profile = Profile(id="demo", quiet_hours=None, first_track="lively")
    world = World(library, profile=profile).begin()
    world.command(Verb.CALM)
    world.run(1.0)
    assert world.heard == "soft"


def test_nothing_calmer_is_said_and_the_music_goes_on() -> None:
    world = World((entry("only", 0.3),)).begin()
    reply = world.command(Verb.CALM)
    world.run(2.0)
    assert reply is not None and not reply.ok and reply.reason == "nothing-calmer"
    assert world.heard == "only" and not world.sound.silent


def test_a_swap_interrupts_a_swap() -> None:
    world = lively_first()
    for _ in range(6):
        world.command(Verb.NEXT)
        world.run(0.5)
        assert not world.sound.silent
    world.run(8.0)
    assert not world.sound.silent and world.sound.faults == []


def test_silence_and_restlessness_start_music_outside_quiet_hours() -> None:
    settings = Settings(autostart="idle", policy=PolicySettings(persist_s=10.0))  # type: ignore[arg-type]
    world = World(settings=settings).begin()
    assert world.sound.silent
    for _ in range(4):
        world.agitated(0.9)
        world.run(5.0)
    assert world.heard == "t9"


def test_at_night_only_staff_start_music_and_at_night_level() -> None:
    settings = Settings(autostart="idle", policy=PolicySettings(persist_s=10.0))  # type: ignore[arg-type]
    profile = Profile(id="demo", quiet_hours="21:30-07:00")
    world = World(settings=settings, profile=profile, minute=23 * 60).begin()
    for _ in range(4):
        world.agitated(0.9)
        world.run(5.0)
    assert world.sound.silent
    world.command(Verb.PLAY)
    world.command(Verb.VOLUME, value=90.0)
    world.run(1.0)
    assert not world.sound.silent
    assert world.sound.level == -25.0  # night_max 50 %


def test_live_analysis_of_an_unknown_piece_sets_the_floor() -> None:
    library = (entry("unknown", None), entry("low", 0.2), entry("high", 0.8))
    profile = Profile(id="demo", quiet_hours=None, first_track="unknown")
    world = World(library, profile=profile).begin()
    loads = [e.command for e in world.effects if isinstance(e, Mix) and isinstance(e.command, Load)]
    assert loads[0].gain is None and loads[-1].gain is not None
    world.command(Verb.CALM)
    world.run(1.0)
    assert world.heard == "high"


def test_position_alone_is_not_announced() -> None:
    world = lively_first()
    shown = len([e for e in world.effects if isinstance(e, Show) and isinstance(e.state, PlaybackState)])
    for _ in range(5):
        world.run(1.0)
        world.report(world.sound.progress())
    after = len([e for e in world.effects if isinstance(e, Show) and isinstance(e.state, PlaybackState)])
    assert after == shown
