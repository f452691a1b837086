"""The music goes on: ends, faults, an empty library, a lost audio process."""

import pytest
from msgspec import structs

from player.errors import SelectionError
from player.model import DeckEnding, DeckFailed, Listened, Load, Verb
from player.session.messages import CatalogueChanged, Fault, Mix, SaveFeatures
from player.settings import PolicySettings, Settings
from player.units import Seconds
from tests.support.world import LIBRARY, World, entry


def test_pieces_follow_each_other_without_silence() -> None:
    world = World().begin()
    heard = set()
    for _ in range(1200):
        world.run(0.5)
        assert not world.sound.silent
        heard.add(world.heard)
    assert len(heard) >= 3 and world.sound.faults == []


def test_a_single_piece_repeats_rather_than_fall_silent() -> None:
    world = World((entry("only", length=30.0),)).begin()
    silent = 0
    for _ in range(400):
        world.run(0.25)
        silent += world.sound.silent
    assert silent <= 4 * 3  # a piece cannot fade into itself: at most a breath at each end


def test_music_begins_when_it_appears() -> None:
    world = World(()).begin()
    assert world.playback.state == "idle" and "No music found" in world.playback.reason
    world.handle_found(LIBRARY)
    world.run(1.0)
    assert world.heard is not None


def test_a_broken_file_is_passed_over_and_named() -> None:
    library = (entry("broken", length=60.0), *LIBRARY)
    world = World(library)
    world.sound.lengths.pop("broken")
    world.begin()
    for _ in range(20):
        world.command(Verb.NEXT)
        world.run(3.0)
        assert world.heard != "broken" and not world.sound.silent
    faults = [e for e in world.effects if isinstance(e, Fault) and e.part == "track"]
    assert len(faults) <= 1


def test_every_file_broken_is_the_pad_with_a_reason() -> None:
    world = World(tuple(entry(f"b{n}") for n in range(4)))
    world.sound.lengths.clear()
    world.begin()
    world.run(30.0)
    assert not world.sound.silent and world.playback.state == "playing"
    assert world.playback.step == "pad" and "could not be played" in world.playback.step_reason
    assert len([e for e in world.effects if isinstance(e, Fault)]) == 4


def test_a_source_that_breaks_while_heard_is_followed_by_another() -> None:
    world = World().begin()
    first = str(world.heard)
    deck = world.sound.progress().deck
    world.report(DeckFailed(deck=deck, track_id=first, reason="read error"))
    world.sound.lengths[first] = Seconds(1.0)
    world.sound._voices[deck].length = Seconds(world.sound._voices[deck].position + 2.0)
    world.run(12.0)
    assert world.heard is not None and world.heard != first


def test_the_audio_process_dies_and_the_music_goes_on_at_its_place() -> None:
    world = World().begin()
    world.run(30.0)
    before, position = world.heard, world.sound.progress().position
    world.crash_audio()
    world.run(1.0)
    assert world.heard == before
    assert world.sound.progress().position == pytest.approx(position, abs=2.0)


def test_the_audio_process_dies_in_the_middle_of_a_swap() -> None:
    world = World().begin()
    world.command(Verb.NEXT)
    target = world.decisions[-1].to_track
    world.crash_audio()
    world.run(1.0)
    assert target is not None and world.heard == target.id


def test_complete_live_analysis_is_kept() -> None:
    unknown, known = entry("unknown", None), entry("x", 0.7)
    assert known.features is not None
    world = World((unknown,)).begin()
    world.report(Listened(deck=0, track_id="unknown", features=known.features, complete=True))
    assert [e for e in world.effects if isinstance(e, SaveFeatures)]


def test_removed_files_are_not_chosen_again() -> None:
    world = World().begin()
    gone = tuple(e.track.id for e in LIBRARY if e.track.id != "t3")
    world.handle(CatalogueChanged(at=world.at, gone=gone))
    world.command(Verb.NEXT)
    world.run(1.0)
    assert world.heard == "t3"


def test_a_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SelectionError, match="calmest-familiar"):
        World(settings=Settings(policy=PolicySettings(name="calmest")))


def test_mix_commands_come_before_what_is_published() -> None:
    world = World().begin()
    effects = world.handle_command(Verb.STOP)
    kinds = [isinstance(e, Mix) for e in effects]
    assert kinds[0]


def test_a_folder_that_was_away_is_tried_again_and_floods_nobody() -> None:
    world = World().begin()
    lengths = dict(world.sound.lengths)
    world.sound.lengths.clear()
    world.crash_audio()
    world.sound.lengths.clear()
    world.run(200.0)
    assert world.playback.step == "pad"
    assert len([e for e in world.effects if isinstance(e, Fault) and e.part == "track"]) <= len(LIBRARY)
    world.sound.lengths.update(lengths)
    world.run(200.0)
    heard = set()
    for _ in range(20):
        world.command(Verb.NEXT)
        world.run(6.0)
        heard.add(world.heard)
    assert len(heard) >= 5


def test_a_stall_is_judged_by_the_frames_that_do_not_come() -> None:
    world = World().begin()
    stalled = world.heard
    for _ in range(8):
        world.run(0.25)
        world.report(structs.replace(world.sound.progress(), ring=Seconds(0.0)))
    world.run(1.0)
    assert world.heard not in (None, stalled)
    assert world.decisions[-1].trigger == "fault"


def test_the_last_frames_of_a_piece_are_no_stall() -> None:
    world = World().begin()
    progress = world.sound.progress()
    world.report(DeckEnding(deck=progress.deck, track_id=progress.track_id, remaining=Seconds(12.0)))
    for _ in range(8):
        world.run(0.25)
        world.report(structs.replace(world.sound.progress(), ring=Seconds(0.0)))
    assert not [d for d in world.decisions if d.trigger == "fault"]


def test_an_audio_crash_before_a_piece_was_heard_begins_it_at_its_beginning() -> None:
    world = World().begin()
    world.run(100.0)
    world.report(world.sound.progress())
    world.sound.lengths.clear()
    world.command(Verb.NEXT)
    world.crash_audio()
    loads = [e.command for e in world.effects if isinstance(e, Mix) and isinstance(e.command, Load)]
    assert loads[-1].start == 0.0


def test_a_removed_file_is_still_known_while_it_is_heard() -> None:
    world = World().begin()
    heard = str(world.heard)
    world.handle(CatalogueChanged(at=world.at, gone=(heard,)))
    assert world.playback.track is not None
    assert world.playback.track.id == heard
    reply = world.command(Verb.NEVER)
    world.run(1.0)
    assert reply is not None
    assert reply.ok
    assert world.heard != heard
