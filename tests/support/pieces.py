"""Pieces with given features, and any library and history, for tests of selection."""

from random import Random

from hypothesis import strategies as st
from msgspec import structs

from player.model import Affect, CatalogueEntry, Mode, ScanMode, Track, TrackFeatures
from player.selection.context import Context, History, Relax, Situation
from player.settings import Profile, Taste
from player.units import Lu, Lufs, Seconds

PROFILE = Profile(
    id="demo", birth_year=1938, loved=Taste(artists=("Loved",)), never=Taste(artists=("Never",))
)


def features(calmness: float = 0.5, arousal: float | None = None, **details: object) -> TrackFeatures:
    """Analysed in full; arousal: by default the opposite of calmness."""
    affect = Affect(
        arousal=1.0 - 2.0 * calmness if arousal is None else arousal,
        arousal_se=0.1,
        valence=0.0,
        valence_se=0.3,
        calmness=calmness,
        calmness_se=0.1,
    )
    plain = TrackFeatures(
        heard=Seconds(180.0), integrated_loudness=Lufs(-20.0), largest_rise=Lu(1.0), affect=affect
    )
    return structs.replace(plain, **details)


def piece(name: str, known: TrackFeatures | None = None, **tags: object) -> CatalogueEntry:
    track = Track(id=name, uri=f"/music/{name}.ogg", title=name, duration=Seconds(180.0))
    return CatalogueEntry(track=structs.replace(track, **tags), features=known)


def row(count: int) -> list[CatalogueEntry]:
    """From lively to calm: calmness 0.05 to 0.95, equally familiar."""
    return [piece(f"p{n:03}", features(0.05 + 0.9 * n / max(count - 1, 1))) for n in range(count)]


def ids(entries: list[CatalogueEntry]) -> list[str]:
    return [entry.track.id for entry in entries]


units = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 0.9, 1.0]) | st.floats(0.0, 1.0)
some_features = st.builds(
    features,
    units,
    st.floats(-1.0, 1.0),
    largest_rise=st.sampled_from([None, Lu(1.0), Lu(12.0)]),
    loudness_range=st.sampled_from([None, Lu(4.0), Lu(30.0)]),
    integrated_loudness=st.sampled_from([Lufs(-20.0), Lufs(-20.0), Lufs(-20.0), None]),
    scan_mode=st.sampled_from([ScanMode.FULL, ScanMode.FULL, ScanMode.QUICK]),
    mode=st.sampled_from([None, Mode.MAJOR, Mode.MINOR]),
    key_confidence=st.sampled_from([0.3, 0.9]),
    speech=st.sampled_from([None, 0.1, 0.1, 0.95]),
    speech_confidence=st.just(0.9),
)
tags = st.fixed_dictionaries(
    {
        "artist": st.sampled_from(["", "", "Loved", "Other", "Never"]),
        "year": st.sampled_from([None, 1930, 1955, 1970, 2010]),
        "language": st.sampled_from(["", "en", "de"]),
    }
)


@st.composite
def libraries(draw: st.DrawFn, most: int = 30) -> list[CatalogueEntry]:
    size = draw(st.integers(0, most))
    return [piece(f"p{n:03}", draw(st.none() | some_features), **draw(tags)) for n in range(size)]


@st.composite
def histories(draw: st.DrawFn, entries: list[CatalogueEntry]) -> History:
    names = ids(entries)
    if not names:
        return History()
    some = st.lists(st.sampled_from(names), max_size=5).map(frozenset)
    plays = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 9), max_size=8))
    return History(
        barred=draw(some),
        blocked=draw(some),
        refused=draw(some),
        plays=plays,
        since_play={name: draw(st.sampled_from([60.0, 3600.0, 90_000.0]).map(Seconds)) for name in plays},
        likes=draw(st.dictionaries(st.sampled_from(names), st.integers(-3, 3), max_size=5)),
    )


@st.composite
def contexts(draw: st.DrawFn, entries: list[CatalogueEntry]) -> Context:
    present = draw(st.none() | st.sampled_from(entries)) if entries else None
    return Context(
        at=Seconds(1e6),
        soothe=draw(st.booleans()),
        floor=draw(units),
        relax=draw(st.sampled_from(Relax)),
        avoid=frozenset([present.track.id]) if present else frozenset(),
        present=present,
        step=draw(st.integers(0, 6)),
        situation=Situation(
            agitation=draw(st.none() | units),
            rating=draw(st.none() | st.sampled_from([0.0, 2.0, 4.0])),
            minute=draw(st.none() | st.integers(0, 1439)),
            quiet=draw(st.booleans()),
        ),
    )


def shuffled(entries: list[CatalogueEntry], seed: int) -> list[CatalogueEntry]:
    return Random(seed).sample(entries, len(entries))
