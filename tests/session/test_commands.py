"""People's commands act at once; `stop` always wins and holds; what staff refused stays away."""

from player.model import AdaptMode, DeckEnding, Feedback, Shape, Verb
from player.session.messages import FeedbackArrived, Memory, Mix, Resume
from player.settings import AudioSettings, HearingSettings, Profile, Settings, Taste, VolumeSettings
from player.units import Decibels, Percent, Seconds
from tests.support.world import LIBRARY, World, entry


def reason_of(world: World, verb: Verb, **more: str) -> str:
    reply = world.command(verb, **more)
    assert reply is not None and reply.ok == (not reply.reason)
    return reply.reason


def test_stop_holds_against_agitation_and_the_end_of_time() -> None:
    world = World().begin()
    world.command(Verb.STOP)
    world.run(1.0)
    for _ in range(40):
        world.agitated(1.0)
        world.run(10.0)
    assert world.sound.silent and world.playback.state == "held"
    assert world.playback.reason.startswith("Stopped by staff")


def test_stop_wins_over_a_piece_that_is_still_loading() -> None:
    world = World().begin()
    world.command(Verb.NEXT)
    world.command(Verb.STOP)
    world.run(3.0)
    assert world.sound.silent


def test_play_after_stop_goes_on_where_it_was() -> None:
    world = World().begin()
    first = world.heard
    world.run(20.0)
    world.report(world.sound.progress())
    world.command(Verb.STOP)
    world.command(Verb.PLAY)
    world.run(2.0)
    assert world.heard == first
    assert world.decisions[-1].event_type == "resume"
    assert world.sound.progress().position >= 20.0


def test_a_hold_by_staff_outlives_a_restart() -> None:
    world = World().begin()
    world.command(Verb.STOP)
    again = World(memory=world.memory).begin()
    again.run(5.0)
    assert again.sound.silent and again.playback.state == "held"
    again.command(Verb.PLAY)
    again.run(1.0)
    assert not again.sound.silent


def test_the_resident_cannot_lift_a_hold_by_staff() -> None:
    world = World().begin()
    world.command(Verb.STOP)
    reply = world.command(Verb.PLAY, by="resident")
    world.run(2.0)
    assert reply is not None and reply.reason == "held-by-staff" and world.sound.silent


def test_pause_keeps_the_place() -> None:
    world = World().begin()
    first = world.heard
    world.command(Verb.PAUSE)
    world.run(30.0)
    assert world.sound.silent and world.playback.state == "paused"
    world.command(Verb.PLAY_PAUSE)
    world.run(1.0)
    assert world.heard == first


def test_calm_while_paused_is_heard() -> None:
    world = World(profile=Profile(id="demo", quiet_hours=None, first_track="t1")).begin()
    world.command(Verb.PAUSE)
    world.run(1.0)
    world.command(Verb.CALM)
    world.run(1.0)
    assert world.heard == "t9"


def test_a_pause_survives_a_crash_of_the_audio_process() -> None:
    world = World().begin()
    first = world.heard
    world.run(10.0)
    world.report(world.sound.progress())
    world.command(Verb.PAUSE)
    world.crash_audio()
    world.run(2.0)
    assert world.sound.silent
    world.command(Verb.PLAY)
    world.run(1.0)
    assert world.heard == first and world.sound.progress().position >= 10.0


def test_never_bars_a_track_for_ever_and_leaves_it() -> None:
    world = World().begin()
    barred = world.heard
    world.command(Verb.NEVER)
    world.run(2.0)
    assert world.heard != barred
    again = World(
        memory=world.memory, profile=Profile(id="demo", quiet_hours=None, loved=Taste(tracks=(str(barred),)))
    )
    again.begin()
    for _ in range(30):
        assert again.heard != barred
        again.command(Verb.NEXT)
        again.run(8.0)


def test_a_never_is_taken_back_by_name() -> None:
    world = World().begin()
    barred = str(world.heard)
    world.command(Verb.NEVER)
    world.run(2.0)
    assert barred in world.memory.never
    assert reason_of(world, Verb.ALLOW) == "bad-value", "of which piece?"
    world.command(Verb.LIKE, track_id=barred)
    assert barred in world.memory.never, "a “good” does not lift a “never”"
    assert reason_of(world, Verb.ALLOW, track_id=barred) == ""
    assert world.memory.never == ()
    assert reason_of(world, Verb.ALLOW, track_id=barred) == "", "a second time it changes nothing"


def test_dislike_blocks_softly_and_twice_for_good() -> None:
    world = World().begin()
    track = str(world.heard)
    world.command(Verb.DISLIKE)
    world.run(2.0)
    assert world.heard != track
    first = world.memory.blocks[track]
    world.command(Verb.DISLIKE, track_id=track)
    second = world.memory.blocks[track]
    assert first.until is not None and second.until is None
    world.command(Verb.LIKE, track_id=track)
    assert track not in world.memory.blocks


def test_refusing_the_only_piece_is_silence_with_a_reason() -> None:
    world = World((entry("only"),)).begin()
    world.command(Verb.NEVER)
    world.run(2.0)
    assert world.sound.silent and world.playback.state == "idle"
    assert "never to be played" in world.playback.reason
    world.handle_found(LIBRARY)
    world.run(2.0)
    assert not world.sound.silent


def test_volume_stays_below_the_cap_and_says_so() -> None:
    profile = Profile(
        id="demo", quiet_hours=None, volume=VolumeSettings(start=Percent(35.0), max=Percent(60.0))
    )
    world = World(profile=profile).begin()
    assert world.sound.level == -32.5
    reply = world.command(Verb.VOLUME, value=100.0)
    assert reply is not None and reply.ok and reply.reason == "at-limit"
    assert world.sound.level == -20.0
    world.command(Verb.QUIETER)
    assert world.sound.level == -22.5


def test_a_restart_is_never_louder_than_the_start_volume() -> None:
    world = World(memory=Memory(volume=Percent(70.0))).begin()
    assert world.sound.level == -32.5


def test_calibration_lowers_the_cap() -> None:
    settings = Settings(audio=AudioSettings(full_scale_dba=110.0))
    world = World(settings=settings).begin()
    world.command(Verb.VOLUME, value=70.0)
    assert world.sound.level == 70.0 - 110.0 + 23.0


def test_off_is_silent_until_play() -> None:
    world = World().begin()
    world.command(Verb.MODE, mode=AdaptMode.OFF)
    world.run(2.0)
    assert world.sound.silent
    world.command(Verb.PLAY)
    world.run(2.0)
    assert not world.sound.silent


def test_a_rating_by_staff_counts_as_evidence() -> None:
    world = World(profile=Profile(id="demo", quiet_hours=None, first_track="t1")).begin()
    for _ in range(14):
        world.command(Verb.RATE, value=4.0)
        world.run(5.0)
    assert world.heard == "t9" and world.decisions[-1].trigger == "agitation"


def test_feedback_counts_once() -> None:
    world = World().begin()
    track = str(world.heard)
    for _ in range(2):
        world.handle(FeedbackArrived(at=world.at, feedback=Feedback(id="f1", rating=1)))
    assert world.memory.likes == {track: 1}


def test_resume_after_a_restart_goes_on_where_it_was() -> None:
    world = World(memory=Memory(resume=Resume(track_id="t5", position=Seconds(60.0)))).begin()
    assert world.heard == "t5" and world.sound.progress().position >= 60.0
    assert world.decisions[-1].event_type == "resume"


def test_a_track_that_is_gone_is_not_resumed() -> None:
    world = World(memory=Memory(resume=Resume(track_id="lost", position=Seconds(60.0)))).begin()
    assert world.heard is not None and world.heard != "lost"


def test_feedback_that_comes_hours_late_is_not_about_this_piece() -> None:
    world = World().begin()
    late = Feedback(id="f1", rating=-1, given=Seconds(world.at - 7200.0))
    world.handle(FeedbackArrived(at=world.at, feedback=late))
    assert world.memory.likes == {}


def test_a_piece_refused_while_paused_is_followed_by_another_on_play() -> None:
    world = World().begin()
    refused = world.heard
    world.command(Verb.PAUSE)
    world.run(1.0)
    world.command(Verb.NEVER)
    world.run(30.0)
    assert world.sound.silent
    world.command(Verb.PLAY)
    world.run(2.0)
    assert world.heard not in (None, refused)


def test_the_end_of_a_piece_does_not_undo_a_pause() -> None:
    world = World((entry("a", length=20.0), entry("b", length=20.0))).begin()
    first = world.heard
    world.run(6.9)
    world.command(Verb.PAUSE)
    progress = world.sound.progress()
    world.report(DeckEnding(deck=progress.deck, track_id=progress.track_id, remaining=Seconds(12.0)))
    world.run(60.0)
    assert world.sound.silent
    assert world.playback.state == "paused"
    world.command(Verb.PLAY)
    world.run(1.0)
    assert world.heard == first
    for _ in range(60):
        world.run(0.25)
        assert not world.sound.silent
    assert world.heard != first


def test_a_failed_load_does_not_undo_a_pause() -> None:
    world = World().begin()
    world.sound.lengths.clear()
    world.command(Verb.NEXT)
    world.command(Verb.PAUSE)
    world.run(30.0)
    assert world.sound.silent
    assert world.playback.state == "paused"


def test_a_pause_outlives_a_restart() -> None:
    world = World().begin()
    first = world.heard
    world.run(10.0)
    world.report(world.sound.progress())
    world.command(Verb.PAUSE)
    again = World(memory=world.memory).begin()
    again.run(30.0)
    assert again.sound.silent
    assert again.playback.state == "paused"
    again.command(Verb.PLAY)
    again.run(1.0)
    assert again.heard == first


def test_in_quiet_hours_the_resident_does_not_start_the_music() -> None:
    profile = Profile(id="demo", quiet_hours="21:30-07:00")
    world = World(profile=profile, minute=23 * 60).begin()
    reply = world.command(Verb.PLAY, by="resident")
    world.run(2.0)
    assert reply is not None
    assert reply.reason == "quiet-hours"
    assert world.sound.silent


def test_calm_by_the_resident_ends_a_hold_of_their_own() -> None:
    world = World().begin()
    world.command(Verb.STOP, by="resident")
    world.run(1.0)
    reply = world.command(Verb.CALM, by="resident")
    world.run(1.0)
    assert reply is not None
    assert reply.ok
    assert not world.sound.silent


def test_quieter_is_heard_at_the_calibrated_limit() -> None:
    settings = Settings(audio=AudioSettings(full_scale_dba=110.0))
    world = World(settings=settings).begin()
    world.command(Verb.VOLUME, value=70.0)
    at_limit = world.sound.level
    world.command(Verb.QUIETER)
    assert world.sound.level == at_limit - 2.5


def test_the_programme_is_shaped_for_the_resident_as_often_as_the_sound_begins_anew() -> None:
    hearing = HearingSettings(mono=True, balance=0.25, presbycusis="mild")
    world = World(profile=Profile(id="demo", quiet_hours=None, hearing=hearing)).begin()
    world.crash_audio()
    commands = [e.command for e in world.effects if isinstance(e, Mix)]
    shape = Shape(mono=True, balance=0.25, treble=Decibels(3.0))
    assert commands[0] == shape and commands.count(shape) == 2
    plain = World().begin()
    assert not any(isinstance(e, Mix) and isinstance(e.command, Shape) for e in plain.effects)


def test_the_reason_does_not_name_what_comes_as_what_was_refused() -> None:
    for verb, refused in ((Verb.NEVER, "Never this piece again"), (Verb.DISLIKE, "Not this piece")):
        world = World().begin()
        world.command(verb)
        world.run(10.0)
        assert f"“{world.heard}”" in world.playback.reason
        assert world.playback.reason.startswith(f"{refused}, said staff; instead: “")


def test_the_silence_after_the_last_never_is_a_decision_with_its_reason() -> None:
    world = World(library=(entry("only"),)).begin()
    world.command(Verb.NEVER)
    world.run(2.0)
    assert world.sound.silent and world.playback.state == "idle"
    last = world.decisions[-1]
    assert (last.event_type, last.trigger) == ("rest", "nothing-left")
    assert "Add music" in last.reason
