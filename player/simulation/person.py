"""A virtual resident: what is hidden from the player, and the profile that the family filled in."""

import math

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from player.model import TrackId
from player.settings import Profile, Taste
from player.simulation.music import Floats, drifted, make_music
from player.simulation.parameters import World
from player.units import Seconds

MADE, LIVED, OUTSIDE = 0, 1, 2  # streams of chance: the person, their taste by day, the days (`days.py`)
DAY = 86_400.0  # s


def stream(seed: int, resident: int, kind: int, number: int = 0) -> Generator:
    """Chance that depends on nothing that a policy does: common random numbers."""
    return default_rng(SeedSequence((seed, resident, kind, number)))


class Person:
    """What each piece does to this person, at any moment: `effect`, −1 to 1, before `strength`."""

    def __init__(self, world: World, seed: int, resident: int) -> None:
        draw = stream(seed, resident, MADE)
        self._of = of = world.effects
        self._taste = stream(seed, resident, LIVED)
        family = world.family
        self.birth_year = int(draw.integers(family.birth_year[0], family.birth_year[1] + 1))
        self.music = music = make_music(world, self.birth_year, draw)
        n = len(music.entries)
        wanted = draw.normal(*of.familiarity) * (2.0 * music.familiarity - 1.0)
        calm = draw.normal(*of.calmness) * (2.0 * music.calmness - 1.0)
        self._shared = draw.normal(*of.mean) + wanted + calm - of.startle * music.startling
        self._own = of.own * draw.standard_normal(n)
        count = int(draw.integers(of.upsetting[0], of.upsetting[1] + 1))
        self._upsetting = np.zeros(n, dtype=bool)
        self._upsetting[draw.choice(n, count, replace=False)] = True
        self._tired = [0.0] * n
        self._tired_at = [Seconds(0.0)] * n
        self._fresh: list[float] = []  # effects of today without tiredness
        self._today()
        unrest = world.unrest
        self.base = float(draw.uniform(*unrest.base))
        self.usual_hour = float(np.clip(draw.normal(*unrest.usual_hour), 600.0, 1230.0))
        self.causes_per_day = unrest.causes_per_day[0] * math.exp(draw.normal(0.0, unrest.causes_per_day[1]))
        self.fade = unrest.fade * math.exp(draw.normal(0.0, unrest.fade_deviation))
        self.gain = max(float(draw.normal(*world.sensors.gain)), 0.1)
        self.profile = self._profile(world, resident, draw)

    def next_day(self) -> None:
        """Taste drifts over night."""
        self._own = drifted(self._own, self._of.own, self._of.half_life, self._taste)
        self._today()

    def upsets(self, j: int) -> bool:
        return bool(self._upsetting[j])

    def effect(self, j: int, at: Seconds) -> float:
        fresh = self._fresh[j]
        return fresh * math.exp(-self._tiredness(j, at)) if fresh > 0.0 else fresh

    def best_effect(self, at: Seconds) -> float:
        """Of all approved pieces, now."""
        return max(self.effect(j, at) for j in range(len(self._fresh)))

    def heard(self, j: int, seconds: float, at: Seconds) -> None:
        """A piece was heard, and is a little less fresh."""
        self._tired[j] = self._tiredness(j, at) + self._of.tiring * seconds / 60.0
        self._tired_at[j] = at

    def _tiredness(self, j: int, at: Seconds) -> float:
        tired = self._tired[j]
        return tired * math.exp((self._tired_at[j] - at) / (DAY * self._of.recovery)) if tired else 0.0

    def _today(self) -> None:
        effects: Floats = np.clip(self._shared + self._own, -1.0, 1.0)
        effects[self._upsetting] = -1.0
        self._fresh = effects.tolist()

    def _profile(self, world: World, resident: int, draw: Generator) -> Profile:
        """What the family thinks that the resident knows; the usual hour, known, known wrongly or not."""
        family, music = world.family, self.music
        opinion = music.familiarity + draw.normal(0.0, family.opinion_noise, len(music.entries))
        opinion[self._upsetting] = 0.0
        artists: dict[str, list[float]] = {}
        for entry, value in zip(music.entries, opinion.tolist(), strict=True):
            artists.setdefault(entry.track.artist, []).append(value)
        loved = sorted(artists, key=lambda name: -sum(artists[name]) / (1 + len(artists[name])))
        best = [music.entries[j].track.title for j in np.argsort(-opinion)[: family.loved_tracks]]
        warned: list[TrackId] = []
        if draw.random() < family.warns:
            warned = [music.entries[int(np.flatnonzero(self._upsetting)[0])].track.title]
        chance, error = draw.random(), 60.0 if draw.random() < 0.5 else -60.0
        peak = self.usual_hour + (error if chance >= family.usual_hour_known else 0.0)
        known = chance < family.usual_hour_known + family.usual_hour_wrong
        return Profile(
            id=f"virtual-{resident}",
            birth_year=self.birth_year,
            languages=("en",),
            loved=Taste(artists=tuple(loved[: family.loved_artists]), tracks=tuple(best)),
            never=Taste(tracks=tuple(warned)),
            usual_peak=f"{int(peak) // 60:02}:{int(peak) % 60:02}" if known else None,
        )
