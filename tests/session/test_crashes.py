"""The audio process ends again and again."""

from player.session.aftermath import BLAMED
from tests.support.world import LIBRARY, World


def test_a_piece_that_ends_the_audio_process_twice_is_not_tried_a_third_time() -> None:
    world = World().begin()
    first = world.heard
    assert first is not None
    world.crash_audio()
    world.run(2.0)
    assert world.heard == first, "once may be chance: it goes on at its place"
    world.crash_audio()
    world.run(2.0)
    assert world.heard not in (first, None)


def test_two_crashes_with_time_between_them_have_nothing_to_do_with_the_piece() -> None:
    world = World().begin()
    first = world.heard
    for _ in range(3):
        world.run(BLAMED + 1.0)
        world.crash_audio()
        world.run(2.0)
        assert world.heard == first


def test_a_library_of_one_piece_that_crashes_is_not_the_end_of_the_sound() -> None:
    world = World(LIBRARY[:1]).begin()
    for _ in range(2):
        world.crash_audio()
        world.run(2.0)
    assert world.heard not in (None, LIBRARY[0].track.id), "the pad stands in"
