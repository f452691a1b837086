"""Time and memory of a choice among 1,000 to 1,000,000 tracks: `python -m tests.bench.selection`."""

import argparse
import time
import tracemalloc
from random import Random

from player.model import Affect, CatalogueEntry, Track, TrackFeatures, TrackId
from player.selection.context import Context, History, Situation
from player.selection.policies import POLICIES
from player.selection.selector import Selector
from player.settings import Profile, Taste
from player.units import Lu, Lufs, Seconds

SIZES = (1_000, 10_000, 100_000, 1_000_000)
CHOICES = 40
KINDS = 20_011  # different features, shared among a larger library to leave memory for a million tracks
REMEMBERED = 1_000  # tracks heard here before: as many as are remembered
PROFILE = Profile(id="bench", birth_year=1938, loved=Taste(artists=("Artist 7",), tracks=("Piece 11",)))


def music(size: int) -> list[CatalogueEntry]:
    """As uneven as a real library: arousal normal, calmness mostly its opposite."""
    random = Random(size)
    kinds = [_features(random) for _ in range(min(size, KINDS))]
    return [
        CatalogueEntry(
            track=Track(
                id=f"{random.getrandbits(128):032x}",
                uri=f"/music/{number % 997}/{number}.ogg",
                title=f"Piece {number}",
                artist=f"Artist {number % 997}",
                year=random.randint(1930, 2020),
                duration=Seconds(200.0),
            ),
            features=kinds[number % KINDS],
        )
        for number in range(size)
    ]


def _features(random: Random) -> TrackFeatures:
    arousal = min(max(random.gauss(0.0, 0.35), -1.0), 1.0)
    calmness = min(max(0.5 - 0.45 * arousal + random.gauss(0.0, 0.08), 0.0), 1.0)
    affect = Affect(
        arousal=arousal, arousal_se=0.2, valence=0.0, valence_se=0.3, calmness=calmness, calmness_se=0.1
    )
    return TrackFeatures(
        heard=Seconds(200.0),
        integrated_loudness=Lufs(-16.0),
        largest_rise=Lu(random.gauss(4.0, 2.5)),
        affect=affect,
    )


def history(entries: list[CatalogueEntry]) -> History:
    heard = Random(1).sample([e.track.id for e in entries], min(REMEMBERED, len(entries) // 4))
    since: dict[TrackId, Seconds] = {t: Seconds(600.0 * n) for n, t in enumerate(heard)}
    return History(plays=dict.fromkeys(heard, 2), since_play=since)


def choose_all(selector: Selector, entries: list[CatalogueEntry], before: History) -> list[float]:
    """Processor time of each choice, ms: to soothe, in turn with ordinary playing."""
    random, spent = Random(3), []
    for number in range(CHOICES):
        present = random.choice(entries)
        assert present.features is not None and present.features.affect is not None
        context = Context(
            at=Seconds(1e6 + 300.0 * number),
            soothe=number % 4 != 0,
            floor=present.features.affect.calmness if number % 4 else 0.0,
            present=present,
            step=number % 3,
            situation=Situation(agitation=0.6, minute=17 * 60),
        )
        began = time.process_time()
        selector.choose(context, before, random)
        spent.append(1000.0 * (time.process_time() - began))
    return spent


def measure(sizes: tuple[int, ...] = SIZES) -> None:
    for size in sizes:
        entries = music(size)
        before = history(entries)
        for name in POLICIES if size <= 100_000 else ("calmest-familiar", "learn"):
            _time(name, entries, before)
        _weigh(entries, before)


def _time(name: str, entries: list[CatalogueEntry], before: History) -> None:
    selector = Selector(name, PROFILE)
    began = time.process_time()
    selector.update(entries)
    built = time.process_time() - began
    began = time.process_time()
    selector.update([entries[len(entries) // 2]])
    one = 1000.0 * (time.process_time() - began)
    spent = sorted(choose_all(selector, entries, before))
    print(
        f"selection: {name:16} among {len(entries):>9,}: median {spent[len(spent) // 2]:.1f} ms, "
        f"p95 {spent[int(0.95 * len(spent))]:.1f} ms, worst {spent[-1]:.1f} ms; "
        f"all ordered in {built:.1f} s, one changed in {one:.2f} ms",
        flush=True,
    )


def _weigh(entries: list[CatalogueEntry], before: History) -> None:
    tracemalloc.start()
    selector = Selector("learn", PROFILE)
    selector.update(entries)
    choose_all(selector, entries, before)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"selection: memory beside the catalogue of {len(entries):,}: {held / 2**20:.1f} MiB held, "
        f"{peak / 2**20:.1f} MiB at most, {held / len(entries):.0f} bytes a track",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.selection", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    measure(tuple(parser.parse_args().sizes))
