"""The approved music of one virtual resident: what the catalogue says of it, and what is true of it."""

import math

import numpy as np
from msgspec import Struct
from numpy.random import Generator
from numpy.typing import NDArray

from player.model import Affect, CatalogueEntry, Mode, Track, TrackFeatures, TrackId
from player.simulation.parameters import World
from player.units import Lu, Lufs, Seconds

Floats = NDArray[np.float64]
FASHION = 2.0  # years that a piece was known before or after its release; own judgement
CHILDHOOD, OLD_AGE = 5, 75  # ages between which music of any time was met


class Music(Struct, frozen=True, kw_only=True):
    """By index: entries as the player knows them, and the truth. Familiarity and calmness 0-1."""

    entries: tuple[CatalogueEntry, ...]
    index: dict[TrackId, int]
    familiarity: Floats
    calmness: Floats
    startling: NDArray[np.bool_]


def make_music(world: World, birth_year: int, draw: Generator) -> Music:
    of = world.library
    n = of.tracks
    age = np.where(
        draw.random(n) < of.youth,
        draw.normal(world.bump[0], world.bump[1], n),
        draw.uniform(CHILDHOOD, OLD_AGE, n),
    )
    year = np.clip(np.round(birth_year + age), 1900, 2024).astype(int)
    artist = draw.integers(0, of.artists, n)
    foreign = draw.random(n) < of.foreign
    bump = np.exp(-0.5 * ((age + draw.normal(0.0, FASHION, n) - world.bump[0]) / world.bump[1]) ** 2)
    known = world.familiar[0] + world.familiar[1] * bump
    known += draw.normal(0.0, world.familiar_artist, of.artists)[artist]
    known += draw.normal(0.0, world.familiar_noise, n)
    familiarity = np.clip(np.where(foreign, known * world.foreign, known), 0.0, 1.0)
    arousal = np.clip(draw.normal(0.0, of.arousal_deviation, n), -1.0, 1.0)
    calmness = np.clip(0.5 - 0.45 * arousal + draw.normal(0.0, of.calmness_noise, n), 0.0, 1.0)
    measured = np.clip(calmness + draw.normal(0.0, of.measured_error, n), 0.0, 1.0)
    rise = np.where(draw.random(n) < of.startling, draw.uniform(9.0, 14.0, n), draw.uniform(1.0, 7.0, n))
    length = np.round(np.clip(draw.normal(of.length_mean, of.length_deviation, n), 90.0, 420.0))
    told = np.where(draw.random(n) < of.wrong_year, year + draw.integers(5, 40, n), year)
    dated = draw.random(n) >= of.no_year
    minor = draw.random(n) < of.minor
    spoken = draw.random(n) < of.spoken
    loudness, spread = draw.normal(-16.0, 3.0, n), draw.uniform(2.0, 12.0, n)
    names = [f"{number:032x}" for number in range(n)]
    entries = tuple(
        CatalogueEntry(
            track=Track(
                id=names[j],
                uri=f"/music/{j}.ogg",
                title=f"Piece {j}",
                artist=f"Artist {artist[j]}",
                year=min(int(told[j]), 2024) if dated[j] else None,
                language="xx" if foreign[j] else "en",
                duration=Seconds(float(length[j])),
            ),
            features=TrackFeatures(
                heard=Seconds(float(length[j])),
                mode=Mode.MINOR if minor[j] else Mode.MAJOR,
                key_confidence=0.8,
                integrated_loudness=Lufs(float(loudness[j])),
                loudness_range=Lu(float(spread[j])),
                largest_rise=Lu(float(rise[j])),
                speech=0.95 if spoken[j] else 0.05,
                speech_confidence=0.9,
                affect=_affect(float(measured[j])),
            ),
        )
        for j in range(n)
    )
    return Music(
        entries=entries,
        index={name: j for j, name in enumerate(names)},
        familiarity=familiarity,
        calmness=calmness,
        startling=rise > 8.0,
    )


def _affect(calmness: float) -> Affect:
    return Affect(
        arousal=min(max((0.5 - calmness) / 0.45, -1.0), 1.0),
        arousal_se=0.2,
        valence=0.0,
        valence_se=0.4,
        calmness=calmness,
        calmness_se=0.1,
    )


def drifted(before: Floats, deviation: float, half_life: float, draw: Generator) -> Floats:
    """Own deviations one day later: as large as before, forgetting with a half-life in days."""
    keep = math.pow(2.0, -1.0 / half_life)
    return keep * before + math.sqrt(1.0 - keep * keep) * deviation * draw.standard_normal(len(before))
