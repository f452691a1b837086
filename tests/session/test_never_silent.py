"""Whatever breaks, in whatever order: music, or the pad, is heard again within seconds."""

from random import Random

import pytest

from player.model import Verb
from player.session.messages import ComfortKept, Tick
from player.settings import Profile
from player.units import Seconds
from tests.session.test_ladder import RADIO, copies
from tests.support.world import World, entry

WORLDS, MISHAPS = 60, 40
LONGEST = 3.5  # s: a piece that does not open is waited for a second, its copy as well, then the pad opens


def broken_world(random: Random) -> World:
    """After stalls of the sound process, its ends, files and a station that come and go, and presses."""
    pieces = tuple(
        entry(f"t{n}", n / 10, length=random.choice((5.0, 60.0))) for n in range(random.randint(1, 5))
    )
    library = (RADIO, *pieces) if random.random() < 0.5 else pieces
    profile = Profile(id="demo", quiet_hours=None, first_track=library[0].track.title)
    world = World(library, profile=profile)
    lengths = {each.track.id: each.track.duration or Seconds(1e9) for each in library}
    world.sound.lengths.update(lengths)
    world.begin()
    world.handle(ComfortKept(at=world.at, kept=copies(*pieces[:2])))
    for _ in range(MISHAPS):
        track_id = random.choice(library).track.id
        match random.randrange(8):
            case 0 | 1 | 2:
                world.run(random.choice((0.25, 1.0, 10.0)))
            case 3:
                stall(world, random.choice((0.5, 1.2, 2.5)), random)
            case 4:
                world.crash_audio()
                world.sound.lengths.update(lengths)
            case 5:
                world.command(random.choice((Verb.PLAY, Verb.NEXT, Verb.CALM)))
            case 6:
                world.sound.lengths.pop(track_id, None)
            case 7:
                world.sound.lengths[track_id] = lengths[track_id]
    return world


def stall(world: World, seconds: float, random: Random) -> None:
    """The sound process stands still; time and sensors do not."""
    for _ in range(round(seconds / 0.05)):
        world.at = Seconds(world.at + 0.05)
        if random.random() < 0.3:
            world.handle(Tick(at=world.at, minute=world.minute))
        if random.random() < 0.2:
            world.agitated(random.random())


@pytest.mark.parametrize("seed", range(WORLDS))
def test_music_comes_back(seed: int) -> None:
    world = broken_world(Random(seed))
    silent = longest = 0.0
    for _ in range(120):
        world.run(0.25)
        world.handle(Tick(at=world.at, minute=world.minute))
        silent = silent + 0.25 if world.sound.silent else 0.0
        longest = max(longest, silent)
    assert longest <= LONGEST, world.playback.reason
