"""What helps this person: a few shared weights, and a deviation of its own for each track.

    reward = w · x + b_track + noise,  w ~ N(m, S),  b ~ N(0, τ²),  noise ~ N(0, σ² / weight)

A mixed-effects model (IntelligentPooling, Tomkins 2021) with known variances: about six noisy observations
per song and month carry nothing deeper (SCIENCE, "Learning"). The posterior is exact. The tracks' deviations
are integrated out one by one, so that only a matrix of the size of x is ever solved. What was learned fades
with a half-life: the evidence is discounted, the prior is not (drift, habituation).
"""

import math
from collections.abc import Sequence
from functools import cache
from operator import mul
from statistics import NormalDist

from msgspec import Struct, field

from player.model import TrackId
from player.selection.gaussian import Matrix, Vector, add_outer, cholesky, diagonal, dot, solve, solve_lower
from player.units import Seconds

MAX_TRACKS = 500  # with evidence of their own; the one with the least gives way
MOST_INNOCENT = -3.0  # log-odds: nothing is so proven that it could not begin to upset; own judgement
FRESH = Seconds(3600.0)  # a posterior this old is not computed anew for the passing of time alone


class TrackSums(Struct):
    """Of one track, in units of 1 / σ²: Σ weight, Σ weight · x, Σ weight · (reward − m · x).

    harm: log-odds, from what was seen, that the track upsets this person.
    """

    n: float
    x: Vector
    y: float
    harm: float = 0.0


class Learned(Struct):
    """All that was learned, as it can be stored. Sums are discounted to the moment `at`."""

    at: Seconds = Seconds(0.0)
    xx: Matrix = field(default_factory=list)
    xy: Vector = field(default_factory=list)
    tracks: dict[TrackId, TrackSums] = field(default_factory=dict)


class Prior(Struct, frozen=True):
    """Beliefs before anything was learned, in units of reward."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    track_deviation: float  # τ
    noise: float  # σ of one reward of weight 1
    half_life: Seconds
    upsetting: float = 0.0  # share of the tracks that upset a person, whatever they sound like
    upset: float = 0.0  # what such a track takes from the reward


class Posterior:
    """What is believed at one moment, after all that was learned."""

    def __init__(self, prior: Prior, learned: Learned, keep: float) -> None:
        """keep: the discount from the moment of `learned` to now, (0, 1]."""
        self._prior, self._tracks, self._keep = prior, learned.tracks, keep
        precision = diagonal([1.0 / d**2 for d in prior.deviation])
        shift = [keep * value for value in learned.xy] or [0.0] * len(prior.mean)
        for row, seen in zip(precision, learned.xx, strict=False):
            for j, value in enumerate(seen):
                row[j] += keep * value
        for track in learned.tracks.values():
            own = self._own_precision(track)
            add_outer(precision, track.x, -keep * keep / own)
            for j, value in enumerate(track.x):
                shift[j] -= keep * value * keep * track.y / own
        self._lower = cholesky(precision)
        self.shift = solve(self._lower, shift)  # of the weights from their prior mean
        self.weights = [m + s for m, s in zip(prior.mean, self.shift, strict=True)]

    def _own_precision(self, track: TrackSums) -> float:
        return 1.0 / self._prior.track_deviation**2 + self._keep * track.n

    def mean(self, track_id: TrackId, x: Sequence[float]) -> float:
        sounds = float(sum(map(mul, self.weights, x)))
        return sounds + self.own(track_id) - self.upsets(track_id) * self._prior.upset

    def own(self, track_id: TrackId) -> float:
        """How far a track is believed to differ from what its values say; 0 when it was never heard."""
        track = self._tracks.get(track_id)
        if track is None:
            return 0.0
        surprise = track.y - sum(s * v for s, v in zip(self.shift, track.x, strict=True))
        return self._keep * surprise / self._own_precision(track)

    def upsets(self, track_id: TrackId) -> float:
        """Probability that the track upsets this person: few do, and those show it again and again."""
        share = self._prior.upsetting
        track = self._tracks.get(track_id)
        if track is None or not 0.0 < share < 1.0:
            return share
        odds = share / (1.0 - share) * math.exp(min(self._keep * track.harm, 50.0))
        return odds / (1.0 + odds)

    def spread(self, track_id: TrackId, x: Sequence[float]) -> tuple[Vector, float]:
        """Loadings on independent unit normals shared by all tracks, and the deviation of its own."""
        track = self._tracks.get(track_id)
        if track is None:
            return solve_lower(self._lower, x), self._prior.track_deviation
        own = self._own_precision(track)
        rest = [v - self._keep * t / own for v, t in zip(x, track.x, strict=True)]
        return solve_lower(self._lower, rest), 1.0 / math.sqrt(own)

    def deviation(self, track_id: TrackId, x: Sequence[float]) -> float:
        """Standard deviation of the expected reward."""
        shared, own = self.spread(track_id, x)
        return math.sqrt(dot(shared, shared) + own * own)


class Learner:
    def __init__(self, prior: Prior, learned: Learned | None = None) -> None:
        self._prior = prior
        size = len(prior.mean)
        if learned is None or len(learned.xy) != size:  # of another version of the policy
            learned = Learned(xx=diagonal([0.0] * size), xy=[0.0] * size)
        self.learned = _copy(learned)
        self._posterior: Posterior | None = None
        self._posterior_at = Seconds(0.0)

    def learn_one(
        self,
        track_id: TrackId,
        x: Sequence[float],
        reward: float,
        weight: float,
        at: Seconds,
        *,
        harm: float = 0.0,
    ) -> None:
        """One reward for one track; of an earlier moment than the last it counts as of the last.

        harm: log-likelihood ratio that it upsets.
        """
        self._discount(at)
        learned, prior = self.learned, self._prior
        surprise = reward - dot(prior.mean, x)
        share = weight / prior.noise**2
        add_outer(learned.xx, x, share)
        track = learned.tracks.setdefault(track_id, TrackSums(0.0, [0.0] * len(x), 0.0))
        for j, value in enumerate(x):
            learned.xy[j] += share * value * surprise
            track.x[j] += share * value
        track.n += share
        track.y += share * surprise
        track.harm = max(track.harm + harm, MOST_INNOCENT)
        self._posterior = None
        if len(learned.tracks) > MAX_TRACKS:
            self._forget(min(learned.tracks, key=lambda other: learned.tracks[other].n))

    def snapshot(self) -> Learned:
        """What was learned, to be stored: it changes no more."""
        return _copy(self.learned)

    def posterior(self, at: Seconds) -> Posterior:
        age = at - self._posterior_at
        if self._posterior is None or not 0.0 <= age < FRESH:
            self._posterior = Posterior(self._prior, self.learned, self._keep(at))
            self._posterior_at = at
        return self._posterior

    def _forget(self, track_id: TrackId) -> None:
        """It keeps teaching the weights by how its own rewards differ among themselves (its mean is free)."""
        track = self.learned.tracks.pop(track_id)
        if track.n > 0.0:
            add_outer(self.learned.xx, track.x, -1.0 / track.n)
            for j, value in enumerate(track.x):
                self.learned.xy[j] -= value * track.y / track.n

    def _keep(self, at: Seconds) -> float:
        return math.pow(2.0, -max(at - self.learned.at, 0.0) / self._prior.half_life)

    def _discount(self, at: Seconds) -> None:
        keep, learned = self._keep(at), self.learned
        learned.at = Seconds(max(at, learned.at))
        if keep == 1.0:
            return
        learned.xx = [[keep * value for value in row] for row in learned.xx]
        learned.xy = [keep * value for value in learned.xy]
        for track in learned.tracks.values():
            track.n, track.y, track.harm = keep * track.n, keep * track.y, keep * track.harm
            track.x = [keep * value for value in track.x]


def _copy(learned: Learned) -> Learned:
    tracks = {
        name: TrackSums(track.n, [*track.x], track.y, track.harm) for name, track in learned.tracks.items()
    }
    return Learned(at=learned.at, xx=[[*row] for row in learned.xx], xy=[*learned.xy], tracks=tracks)


DRAWS = 100  # from the posterior, whose shares are the chances; a tuning constant


@cache
def _normals(size: int, draws: int) -> list[list[float]]:
    """That many points of so many unit normals, spread evenly and always the same.

    Chance enters only when the lot is drawn. Additive recurrence of square roots of primes (Richtmyer).
    """
    quantile = NormalDist().inv_cdf
    steps = [math.sqrt(prime) for prime in _primes(size)]
    return [[quantile((n * step + 0.5 / draws) % 1.0 or 0.5) for step in steps] for n in range(1, draws + 1)]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def thompson(
    believed: Posterior, options: Sequence[tuple[TrackId, Sequence[float]]], draws: int = DRAWS
) -> list[float]:
    """For each option the probability that it is the best, from draws of the posterior. Sums to 1."""
    means = [believed.mean(track_id, x) for track_id, x in options]
    spreads = [believed.spread(track_id, x) for track_id, x in options]
    size = len(spreads[0][0])
    rows = [
        (mean, own, loads, size + n)
        for n, (mean, (loads, own)) in enumerate(zip(means, spreads, strict=True))
    ]
    wins = [0] * len(options)
    for normals in _normals(size + len(options), draws):
        values = [mean + own * normals[n] + sum(map(mul, loads, normals)) for mean, own, loads, n in rows]
        wins[values.index(max(values))] += 1
    return [count / draws for count in wins]
