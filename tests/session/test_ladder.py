"""Stream → next piece → comfort set → pad, and back."""

from functools import partial

from msgspec import structs

from player.model import Ahead, CatalogueEntry, DeckStarving, NowPlaying, Track, TrackId, Verb
from player.session.guard import judge
from player.session.ladder import PAD_ID
from player.session.messages import (
    CatalogueChanged,
    ComfortKept,
    Fault,
    KeepComfort,
    ProfileChanged,
    Tick,
)
from player.settings import Profile, Taste
from player.units import Lu, Seconds
from tests.support.world import LIBRARY, World, entry

RADIO = CatalogueEntry(
    track=Track(id="radio", uri="http://radio", title="Radio", duration=Seconds(0.0), live=True)
)


def radio_world(*more: CatalogueEntry) -> World:
    profile = Profile(id="demo", quiet_hours=None, first_track="Radio")
    world = World((RADIO, *more), profile=profile)
    world.sound.lengths["radio"] = Seconds(1e9)
    return world.begin()


def starve(world: World, left: float = 2.0) -> None:
    """The stream stalls; its server is away from now on."""
    track_id = str(world.heard)
    world.sound.lengths.pop(track_id, None)
    deck = world.sound.progress().deck
    world.report(DeckStarving(deck=deck, track_id=track_id, remaining=Seconds(left)))


def silence_while(world: World, seconds: float) -> float:
    silent = 0.0
    for _ in range(round(seconds / 0.25)):
        world.run(0.25)
        world.handle(Tick(at=world.at, minute=world.minute))
        silent += 0.25 * world.sound.silent
    return silent


def copies(*pieces: CatalogueEntry) -> tuple[CatalogueEntry, ...]:
    return tuple(
        structs.replace(piece, track=structs.replace(piece.track, uri=f"/data/comfort/{piece.track.id}"))
        for piece in pieces
    )


def break_all(world: World, keep: tuple[TrackId, ...] = ()) -> None:
    for track_id in [t for t in world.sound.lengths if t not in keep]:
        del world.sound.lengths[track_id]


def test_a_station_is_heard_only_when_it_is_asked_for() -> None:
    world = World((RADIO, *LIBRARY))
    world.sound.lengths["radio"] = Seconds(1e9)
    world.begin()
    for _ in range(40):
        world.command(Verb.NEXT)
        world.run(2.0)
        assert world.heard != "radio"
    assert radio_world(*LIBRARY).playback.step == "stream"


def test_what_a_station_plays_is_shown() -> None:
    world = radio_world(*LIBRARY)
    world.report(NowPlaying(deck=0, track_id="radio", title="Vera Lynn - We’ll Meet Again"))
    assert world.playback.now_playing == "Vera Lynn - We’ll Meet Again"
    world.command(Verb.NEXT)
    world.run(8.0)
    assert world.playback.now_playing == ""


def test_a_stalled_stream_is_followed_by_a_piece_before_its_buffer_is_empty() -> None:
    world = radio_world(*LIBRARY)
    starve(world)
    assert silence_while(world, 10.0) == 0.0
    assert world.heard in {e.track.id for e in LIBRARY}
    assert world.playback.step == "library"
    assert "Radio" in world.playback.step_reason and "no more sound" in world.playback.step_reason


def test_the_station_comes_back_at_the_end_of_a_piece() -> None:
    world = radio_world(*LIBRARY)
    starve(world)
    world.run(20.0)
    piece = world.heard
    world.sound.lengths["radio"] = Seconds(1e9)
    world.run(100.0)
    assert world.heard == piece, "no piece is broken off"
    assert silence_while(world, 120.0) == 0.0
    assert world.heard == "radio"
    assert world.playback.step == "stream" and world.playback.step_reason == ""


def test_a_station_that_stays_away_is_named_once() -> None:
    world = radio_world(*LIBRARY)
    starve(world)
    world.run(600.0)
    assert len([e for e in world.effects if isinstance(e, Fault)]) == 0
    assert not world.sound.silent and world.playback.step == "library"


def test_a_person_who_wants_another_piece_does_not_get_the_station_back() -> None:
    world = radio_world(*LIBRARY)
    starve(world)
    world.run(10.0)
    world.sound.lengths["radio"] = Seconds(1e9)
    world.command(Verb.NEXT)
    for _ in range(100):
        world.run(5.0)
        assert world.heard != "radio"


def test_all_steps_down_and_up() -> None:
    world = radio_world(*LIBRARY)
    world.handle(ComfortKept(at=world.at, kept=copies(entry("own", 0.8))))
    world.sound.lengths["own"] = Seconds(180.0)
    starve(world)
    world.run(10.0)
    assert world.playback.step == "library"
    break_all(world, keep=("own",))
    assert silence_while(world, 200.0) <= 1.0
    assert world.heard == "own" and world.playback.step == "comfort" and world.playback.step_reason
    world.sound.lengths.clear()
    silent = 0.0
    while world.heard != PAD_ID:
        world.run(0.25)
        silent += 0.25 * world.sound.silent
        assert silent < 2.0
    world.run(1.0)
    assert world.playback.step == "pad" and world.playback.track is not None
    world.sound.lengths.update({e.track.id: e.track.duration for e in LIBRARY})
    assert silence_while(world, 90.0) == 0.0
    assert world.playback.step == "library"
    world.sound.lengths["radio"] = Seconds(1e9)
    assert silence_while(world, 400.0) == 0.0
    assert world.playback.step == "stream"


def test_folders_that_vanish_leave_the_comfort_set() -> None:
    world = World().begin()
    world.handle(ComfortKept(at=world.at, kept=copies(*LIBRARY[:2])))
    gone = tuple(e.track.id for e in LIBRARY)
    world.handle(CatalogueChanged(at=world.at, gone=gone, complete=True))
    assert silence_while(world, 400.0) <= 1.0
    assert world.playback.step == "comfort"
    world.handle(CatalogueChanged(at=world.at, found=LIBRARY, complete=True))
    world.run(90.0)
    assert world.playback.step == "library"


def test_a_disk_that_was_pulled_out_costs_no_silence_at_the_end_of_the_piece() -> None:
    world = World(LIBRARY).begin()
    world.handle(ComfortKept(at=world.at, kept=copies(*LIBRARY[:3])))
    world.handle(
        CatalogueChanged(at=world.at, gone=tuple(piece.track.id for piece in LIBRARY), complete=True)
    )
    assert silence_while(world, 900.0) == 0.0
    assert world.playback.step == "comfort"
    assert "early" not in world.playback.step_reason  # it ended when it should


def test_another_piece_of_the_comfort_set_for_who_asks_for_one() -> None:
    world = World(LIBRARY).begin()
    world.handle(ComfortKept(at=world.at, kept=copies(*LIBRARY[:3])))
    gone = tuple(e.track.id for e in LIBRARY)
    world.handle(CatalogueChanged(at=world.at, gone=gone, complete=True))
    world.run(400.0)
    why = world.playback.step_reason
    for _ in range(4):
        before = world.heard
        reply = world.command(Verb.NEXT, by="staff")
        assert reply is not None and reply.ok
        world.run(10.0)
        assert world.heard not in (before, PAD_ID) and world.playback.step == "comfort"
        assert world.playback.step_reason == why  # the fault, not the wish
        assert world.decisions[-1].trigger == "staff"
    world.handle(ComfortKept(at=world.at, kept=()))
    world.command(Verb.NEXT)
    world.run(10.0)
    assert world.heard == PAD_ID
    reply = world.command(Verb.NEXT)
    assert reply is not None and reply.reason == "nothing-to-play"


def test_the_comfort_set_is_heard_at_a_start_without_folders() -> None:
    world = World(())
    world.sound.lengths["t1"] = Seconds(100.0)
    world.handle(ComfortKept(at=world.at, kept=copies(LIBRARY[0])))
    world.begin()
    assert world.heard == "t1" and world.playback.step == "comfort"


def test_what_is_never_to_be_played_is_not_played_from_the_comfort_set() -> None:
    world = World().begin()
    world.handle(ComfortKept(at=world.at, kept=copies(*LIBRARY[:2])))
    world.command(Verb.NEVER, track_id="t1")
    world.command(Verb.NEVER, track_id="t2")
    break_all(world)
    world.command(Verb.NEXT)
    world.run(300.0)
    assert world.heard == PAD_ID


def test_people_who_forbid_everything_get_silence() -> None:
    world = World().begin()
    for piece in LIBRARY:
        world.command(Verb.NEVER, track_id=piece.track.id)
    world.run(10.0)
    assert world.sound.silent and world.playback.step == ""


def test_the_best_loved_pieces_are_kept() -> None:
    world = World().begin()
    wanted = [e for e in world.effects if isinstance(e, KeepComfort)]
    assert len(wanted) == 1 and len(wanted[0].pieces) == len(LIBRARY)
    for _ in range(3):
        world.command(Verb.LIKE, track_id="t3")
    world.run(2000.0, step=1.0)
    kept = [e for e in world.effects if isinstance(e, KeepComfort)][-1]
    assert kept.pieces[0].track.id == "t3"
    assert all(not piece.track.live for piece in kept.pieces)


def test_a_restless_resident_is_spared_what_a_station_is_about_to_play() -> None:
    world = radio_world(*LIBRARY)
    deck = world.sound.progress().deck
    speech = Ahead(deck=deck, track_id="radio", lead=Seconds(6.0), speech=0.97, speech_confidence=0.6)
    world.report(speech)
    world.run(10.0)
    assert world.heard == "radio", "nobody is restless"
    world.agitated(0.5)
    world.report(speech)
    world.run(8.0)
    assert world.heard in {e.track.id for e in LIBRARY}
    assert world.decisions[-1].trigger == "guard" and "speak" in world.decisions[-1].reason
    assert world.playback.step == "library" and "for a while" in world.playback.step_reason
    world.agitated(0.1)
    assert silence_while(world, 900.0) == 0.0
    assert world.heard == "radio"


def test_the_guard_knows_what_the_profile_wants() -> None:
    ahead = partial(Ahead, deck=0, track_id="radio", lead=Seconds(6.0))
    spoken = ahead(speech=0.97, speech_confidence=0.6)
    assert judge(spoken, 0.5, "exclude") is not None
    assert judge(spoken, 0.5, "allow") is None and judge(spoken, 0.5, "prefer") is None
    assert judge(spoken, 0.3, "exclude") is None and judge(spoken, None, "exclude") is None
    startle = judge(ahead(rise=Lu(11.0)), 0.5, "prefer")
    assert startle is not None and startle.fade == 5.0
    late = judge(Ahead(deck=0, track_id="radio", lead=Seconds(0.7), rise=Lu(11.0)), 0.5, "allow")
    assert late is not None and late.fade == 1.0
    assert judge(ahead(calmness=0.1), 0.5, "allow") is not None
    assert judge(ahead(calmness=0.5, rise=Lu(4.0), speech=0.2), 0.9, "exclude") is None


def test_a_copy_that_cannot_be_opened_is_not_tried_again_and_again() -> None:
    """It fails before it is heard: the pad comes, not the same copy for ever."""
    piece = entry("piece", length=30.0)
    world = World((piece,)).begin()
    world.handle(ComfortKept(at=world.at, kept=copies(piece)))
    break_all(world)  # the disk and its copies
    silent = silence_while(world, 45.0)
    assert world.heard == PAD_ID and silent <= 2.0
    assert len([d for d in world.decisions if d.trigger == "fault"]) <= 3


def test_a_copy_of_a_piece_that_the_profile_bars_since_is_not_heard() -> None:
    """The comfort set is made anew only now and then; what the profile says holds at once."""
    for never, heard in ((Taste(), "t4"), (Taste(tracks=("t4",)), PAD_ID)):
        world = World(())
        world.sound.lengths["t4"] = Seconds(100.0)
        world.handle(ComfortKept(at=world.at, kept=copies(LIBRARY[3])))
        world.handle(ProfileChanged(at=world.at, profile=structs.replace(world.profile, never=never)))
        world.begin()
        assert world.heard == heard
