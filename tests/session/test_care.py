"""Swap → response window → keep, another, the surest and a word to staff; harm; alarms."""

from msgspec import json

from player.model import Feedback, Quantity, Reading, Verb
from player.session.messages import CatalogueChanged, FeedbackArrived, Memory, ReadingArrived
from player.settings import PolicySettings, Profile, Settings
from player.units import Seconds
from tests.support.world import World, entry

POLICY = PolicySettings(persist_s=10.0)  # type: ignore[arg-type]


def restless(policy: PolicySettings = POLICY, **details: object) -> World:
    """A lively piece is heard, and the resident has been restless until the music changed."""
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    world = World(profile=profile, settings=Settings(policy=policy), **details).begin()  # type: ignore[arg-type]
    feel(world, 0.7, 15.0)
    assert world.playback.state == "soothing"
    return world


def feel(world: World, agitation: float, seconds: float) -> None:
    for _ in range(round(seconds / 5.0)):
        world.agitated(agitation)
        world.run(5.0)


def kinds(world: World) -> list[str]:
    return [d.event_type for d in world.decisions]


def test_what_helps_goes_on() -> None:
    world = restless()
    feel(world, 0.2, 185.0)
    assert world.heard in ("t9", "t8"), "calm music follows"
    assert world.playback.state == "playing"
    assert kinds(world)[-1] == "keep" and "seems calm" in world.decisions[-1].reason


def test_a_fall_that_is_not_yet_calm_counts_as_help() -> None:
    world = restless()
    feel(world, 0.51, 185.0)
    assert "seems to help (agitation 0.70 before" in world.decisions[-1].reason


def test_what_does_not_help_is_followed_by_another_piece_without_a_new_swap_by_sensors() -> None:
    world = restless(PolicySettings(persist_s=10.0, max_swaps_per_hour=1, name="random-approved"))  # type: ignore[arg-type]
    feel(world, 0.7, 185.0)
    swaps = [d for d in world.decisions if d.event_type == "swap"]
    assert [d.trigger for d in swaps] == ["agitation", "retry"]
    assert "Still restless after 3 min" in swaps[1].reason


def test_after_three_pieces_the_surest_one_and_a_word_to_staff() -> None:
    library = tuple(
        entry(f"t{n}", 0.1 if n == 1 else 0.8, artist="Known" if n == 3 else "") for n in range(1, 9)
    )
    memory = Memory(likes={"t3": 3})
    world = restless(PolicySettings(persist_s=10.0, name="random-approved"), library=library, memory=memory)  # type: ignore[arg-type]
    feel(world, 0.7, 3 * 185.0)
    assert kinds(world).count("swap") == 4
    assert world.heard == "t3" and "the most familiar one" in world.decisions[-1].reason
    prompts = [d for d in world.decisions if d.event_type == "prompt"]
    assert len(prompts) == 1 and "pain, thirst, toilet, noise" in prompts[0].reason
    feel(world, 0.7, 185.0)
    assert world.playback.state == "playing", "no more is tried"
    feel(world, 0.7, 1500.0)
    assert kinds(world).count("prompt") == 1, "staff are not asked again and again"
    assert kinds(world).count("swap") == 4, "what no piece has helped is left alone"
    feel(world, 0.2, 60.0)
    feel(world, 0.7, 60.0)
    assert kinds(world).count("swap") == 5, "a new episode is a new occasion"


def test_a_lost_sensor_is_no_reason_to_try_more() -> None:
    world = restless()
    world.run(400.0)
    assert kinds(world).count("swap") == 1
    assert any("cannot be told" in d.reason for d in world.decisions)


def test_agitation_that_rises_with_the_music_ends_it_and_blocks_the_piece() -> None:
    world = restless()
    piece = world.heard
    assert piece is not None
    feel(world, 1.0, 90.0)
    assert world.sound.silent and world.playback.state == "idle"
    assert world.memory.blocks[piece].upsets == 1
    assert kinds(world)[-2:] == ["rest", "prompt"]
    feel(world, 0.9, 300.0)
    assert world.sound.silent, "sensors wait for the refractory time"
    world.command(Verb.PLAY)
    world.run(1.0)
    assert world.heard not in (None, piece)


def test_a_moment_of_agitation_blames_nothing() -> None:
    world = restless()
    for value in (1.0, 0.7, 1.0, 0.7, 1.0, 0.6):
        feel(world, value, 20.0)
    assert not world.memory.blocks


def test_an_alarm_silences_at_once_and_nothing_starts_until_it_is_over() -> None:
    world = restless()
    alarm(world, 1.0)
    world.run(0.5)
    assert world.sound.silent and world.playback.reason == "Paused by alarm."
    feel(world, 0.9, 60.0)
    world.command(Verb.PLAY, by="resident")
    assert world.sound.silent
    alarm(world, 0.0)
    world.run(1.0)
    assert not world.sound.silent


def test_an_alarm_in_silence_keeps_sensors_from_starting_music() -> None:
    world = World(settings=Settings(autostart="idle", policy=POLICY)).begin()
    alarm(world, 1.0)
    feel(world, 0.9, 60.0)
    assert world.sound.silent
    world.command(Verb.PLAY)
    world.run(1.0)
    assert not world.sound.silent, "a person may"


def alarm(world: World, value: float) -> None:
    reading = Reading(source="fire", quantity=Quantity.ALARM, value=value, at=world.at)
    world.handle(ReadingArrived(at=world.at, reading=reading))


def test_what_staff_say_is_learned_and_kept_over_a_restart() -> None:
    world = restless(PolicySettings(persist_s=10.0, name="learn"))  # type: ignore[arg-type]
    piece = world.heard
    feel(world, 0.5, 120.0)
    feedback = Feedback(id="f1", rating=1)
    world.handle(FeedbackArrived(at=world.at, feedback=feedback))
    learned = world.memory.learned
    assert piece is not None and learned is not None and learned.tracks[piece].y > 0.0
    feel(world, 0.2, 90.0)
    assert world.memory.natural is not None, "what sensors saw counts at the end of the window"
    stored = json.decode(json.encode(world.memory), type=Memory)
    assert stored == world.memory
    again = World(memory=stored, at=world.at, settings=Settings(policy=PolicySettings(name="learn"))).begin()
    again.command(Verb.CALM)
    again.run(1.0)
    assert again.memory.learned == stored.learned


def test_what_is_refused_is_credited_with_the_reason() -> None:
    world = restless(PolicySettings(persist_s=10.0, name="learn"))  # type: ignore[arg-type]
    piece = world.heard
    feel(world, 0.7, 60.0)
    world.command(Verb.DISLIKE)
    assert piece is not None and world.memory.learned is not None
    assert world.memory.learned.tracks[piece].y < 0.0


def test_a_choice_is_logged_with_its_situation_and_what_the_policy_knew() -> None:
    swap = next(d for d in restless().decisions if d.event_type == "swap")
    assert swap.context["soothe"] == 1.0 and swap.context["present_calmness"] == 0.1
    assert swap.agitation is not None and 0.6 < swap.agitation < 0.8
    assert swap.context["agitation"] == swap.agitation, "as it is now, not as the piece was made ready"
    assert swap.basis["calmness"] == 0.9 and 0.0 < swap.propensity <= 1.0 and swap.policy


def test_one_rating_changes_the_music_once_and_says_nothing_of_what_came_then() -> None:
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    policy = PolicySettings(persist_s=10.0, name="learn")  # type: ignore[arg-type]
    world = World(profile=profile, settings=Settings(policy=policy)).begin()
    world.run(60.0)
    world.command(Verb.RATE, value=3.0)
    world.run(2400.0, step=1.0)
    swaps = [d for d in world.decisions if d.event_type == "swap"]
    assert [d.trigger for d in swaps] == ["agitation"]
    assert any("cannot be told" in d.reason for d in world.decisions)
    assert world.memory.learned is None, "no piece is blamed for a word that was said before it"
    world.command(Verb.RATE, value=3.0)
    world.run(60.0)
    assert kinds(world).count("swap") == 2, "a new word counts"


def test_a_rating_that_nothing_could_answer_still_stands_when_calmer_music_is_known() -> None:
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    policy = PolicySettings(persist_s=10.0)  # type: ignore[arg-type]
    world = World((entry("t1", 0.1),), profile=profile, settings=Settings(policy=policy))
    world.sound.lengths["t1"] = Seconds(3600.0)
    world.begin().run(30.0)
    world.command(Verb.RATE, value=3.0)
    world.run(60.0)
    assert "swap" not in kinds(world)
    world.handle(CatalogueChanged(at=world.at, found=(entry("t2", 0.9),)))
    world.sound.lengths["t2"] = Seconds(300.0)
    world.run(policy.refractory_s + 60.0, step=1.0)
    assert [d.trigger for d in world.decisions if d.event_type == "swap"] == ["agitation"]


def test_after_a_rating_was_answered_the_sensors_are_heard_again() -> None:
    library = tuple(entry(f"t{n}", 0.1 if n == 1 else 0.8) for n in range(1, 9))
    policy = PolicySettings(persist_s=10.0, refractory_s=300.0, name="random-approved")  # type: ignore[arg-type]
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    world = World(library, profile=profile, settings=Settings(policy=policy)).begin()
    feel(world, 0.2, 30.0)
    world.command(Verb.RATE, value=4.0)
    world.command(Verb.CALM)
    feel(world, 0.2, 185.0)
    assert kinds(world).count("swap") == 1 and "seems calm (agitation 0.20)" in world.decisions[-1].reason
    feel(world, 0.9, 330.0)
    swaps = [d for d in world.decisions if d.event_type == "swap"]
    assert [d.trigger for d in swaps] == ["staff", "agitation"]


def test_a_reading_that_makes_it_severe_is_known_to_the_choice_that_it_causes() -> None:
    policy = PolicySettings(persist_s=10.0, name="learn")  # type: ignore[arg-type]
    profile = Profile(id="demo", quiet_hours=None, first_track="t1")
    world = World(profile=profile, settings=Settings(policy=policy)).begin()
    for _ in range(2):
        world.agitated(0.65)
        world.at = Seconds(world.at + 6.0)
    world.agitated(0.95)
    swap = next(d for d in world.decisions if d.event_type == "swap")
    assert swap.agitation == swap.context["agitation"] == 0.95 and swap.propensity == 1.0


def test_in_silence_a_restless_resident_gets_music_although_none_is_analysed() -> None:
    library = tuple(entry(f"t{n}", None) for n in range(4))
    world = World(library, settings=Settings(autostart="idle", policy=POLICY)).begin()
    feel(world, 0.9, 20.0)
    start = world.decisions[0]
    assert start.event_type == "start" and start.trigger == "agitation" and "restless for" in start.reason
    assert world.heard is not None and world.playback.state == "playing"


def test_a_restart_gives_sensors_no_new_swaps_and_what_follows_stays_calm() -> None:
    policy = PolicySettings(persist_s=10.0, refractory_s=600.0, max_swaps_per_hour=2)  # type: ignore[arg-type]
    world = restless(policy)
    stored = json.decode(json.encode(world.memory), type=Memory)
    again = World(memory=stored, at=world.at, settings=Settings(policy=policy)).begin()
    feel(again, 0.9, 500.0)
    assert "swap" not in kinds(again), "the refractory time goes on"
    calm = {"t6", "t7", "t8", "t9"}
    assert {d.to_track.id for d in again.decisions if d.to_track} <= calm
    feel(again, 0.9, 120.0)
    assert kinds(again).count("swap") == 1
    stored = json.decode(json.encode(again.memory), type=Memory)
    third = World(memory=stored, at=Seconds(again.at + 700.0), settings=Settings(policy=policy)).begin()
    feel(third, 0.9, 60.0)
    assert "swap" not in kinds(third), "two within the hour are enough"


def test_what_was_hardly_heard_teaches_nothing() -> None:
    world = restless(PolicySettings(persist_s=10.0, name="learn"))  # type: ignore[arg-type]
    feel(world, 0.9, 15.0)
    world.command(Verb.PAUSE)
    world.run(300.0)
    assert world.memory.learned is None


def test_staff_who_see_calm_are_believed_against_a_sensor_that_never_moves() -> None:
    world = restless()
    rating = Reading(source="nurse", quantity=Quantity.AGITATION_RATING, value=0.0, at=world.at)
    world.handle(ReadingArrived(at=world.at, reading=rating))
    before = len(world.decisions)
    feel(world, 0.9, 900.0)
    told = [(d.event_type, d.trigger) for d in world.decisions[before:]]
    assert ("keep", "window") in told
    assert {kind for kind, _ in told} <= {"keep", "next"}, "no swap, no prompt, no piece left out"
    assert world.memory.blocks == {}
