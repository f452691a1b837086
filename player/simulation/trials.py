"""Choices to soothe one after another, without a session around them: to compare learners, and off-policy.

The same hidden person and the same chance as in `life.py`; a reward is what the piece does to agitation
within one response window beyond what would have happened anyway, seen with a sensor's noise.
"""

import math

from msgspec import Struct
from numpy.random import Generator

from player.model import TrackId
from player.selection import iso
from player.selection.basis import BASIS, basis
from player.selection.constraints import limits, passes
from player.selection.context import Candidate, Context, History, Person, Scene, Situation
from player.selection.facts import Describer, Facts
from player.selection.familiarity import learned, recovery, wear
from player.simulation import person as hidden
from player.simulation.life import EPOCH
from player.simulation.parameters import World
from player.units import Seconds

TRIALS = 3  # stream of chance, beside those of `person.py`
PER_DAY = 6  # choices to soothe in a day
WINDOW = 3  # minutes of a response window, as in the default settings
NOISE = 0.15  # standard deviation of what a window of a sensor shows, in agitation; guess
AGITATION = (0.5, 0.95)  # at a choice, range


class Shown(Struct, frozen=True):
    """What came of a choice. true: without noise. best: the true reward of the best candidate."""

    reward: float
    true: float
    best: float


class Trials:
    """`scene` and `candidates` are the present choice; `choose` answers it and goes on to the next."""

    def __init__(self, world: World, seed: int, resident: int) -> None:
        self._world = world
        self._person = hidden.Person(world, seed, resident)
        self._chance: Generator = hidden.stream(seed, resident, TRIALS)
        describer = Describer(self._person.profile)
        entries = self._person.music.entries
        self._facts: list[Facts] = [describer.facts(entry, j) for j, entry in enumerate(entries)]
        arousals = sorted(facts.arousal for facts in self._facts)
        mean = sum(arousals) / len(arousals)
        self._listener = Person(
            arousal_quantile=arousals[int(0.75 * len(arousals))],
            arousal_deviation=math.sqrt(sum((a - mean) ** 2 for a in arousals) / len(arousals)),
        )
        self._plays: dict[TrackId, int] = {}
        self._last: dict[TrackId, Seconds] = {}
        self._worn: dict[TrackId, float] = {}  # at the last play
        self._number = -1
        self._next()

    def basis(self, candidate: Candidate) -> list[float]:
        """What learners see of a candidate: `BASIS`."""
        aim = iso.aim(self.scene.context, self._listener, self.scene.present)
        return basis(candidate, self.scene, aim)

    def named_basis(self, candidate: Candidate) -> dict[str, float]:
        return dict(zip(BASIS, self.basis(candidate), strict=True))

    def true_reward(self, track_id: TrackId) -> float:
        """Without noise; hidden from learners."""
        return self._reward(self._person.music.index[track_id], self.scene.context.at)

    def choose(self, track_id: TrackId) -> Shown:
        at, index = self.scene.context.at, self._person.music.index
        true = self.true_reward(track_id)
        best = max(self.true_reward(c.track.id) for c in self.candidates)
        shown = Shown(true + NOISE * self._error, true, best)
        self._person.heard(index[track_id], 60.0 * WINDOW, at)
        self._plays[track_id] = self._plays.get(track_id, 0) + 1
        self._worn[track_id] = 1.0 + self._worn_at(track_id, at)
        self._last[track_id] = at
        self._next()
        return shown

    def _next(self) -> None:
        self._number += 1
        day, of_day = divmod(self._number, PER_DAY)
        if self._number and of_day == 0:
            self._person.next_day()
        minute = 480 + 120 * of_day + int(self._chance.integers(0, 90))
        self._agitation = float(self._chance.uniform(*AGITATION))
        self._error = float(self._chance.standard_normal())
        at = Seconds(EPOCH + hidden.DAY * day + 60.0 * minute)
        situation = Situation(agitation=self._agitation, minute=minute)
        self.scene = Scene(
            context=Context(at=at, soothe=True, situation=situation), person=self._listener, present=None
        )
        bound = limits(self.scene.context, History(), self._listener, None)
        entries = zip(self._person.music.entries, self._facts, strict=True)
        self.candidates = [
            self._candidate(entry.track.id, j, at)
            for j, (entry, facts) in enumerate(entries)
            if passes(entry.track.id, facts, bound)
        ]

    def _candidate(self, track_id: TrackId, j: int, at: Seconds) -> Candidate:
        facts, plays, last = self._facts[j], self._plays.get(track_id, 0), self._last.get(track_id)
        since = None if last is None else Seconds(at - last)
        return Candidate(
            track=self._person.music.entries[j].track,
            facts=facts,
            familiarity=learned(facts.familiarity, plays, 0),
            recovery=recovery(since),
            since_play=since,
            plays=plays,
            worn=self._worn_at(track_id, at),
        )

    def _worn_at(self, track_id: TrackId, at: Seconds) -> float:
        return wear(self._worn.get(track_id, 0.0), at - self._last.get(track_id, at))

    def _reward(self, j: int, at: Seconds) -> float:
        """Fall of agitation within the window beyond the natural one."""
        of, fade = self._world.effects, 1.0 / self._person.fade
        effect = of.strength * self._person.effect(j, at)
        felt = max(self._agitation - self._person.base, 0.0)
        natural = felt * math.exp(-fade * WINDOW)
        with_music = felt * math.exp(-fade * math.exp(of.fading * effect) * WINDOW)
        return natural - with_music - WINDOW * of.push * max(-effect - of.bearable, 0.0)
