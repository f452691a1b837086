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
from random import Random

from msgspec import Struct, field

from player.model import TrackId
from player.selection.gaussian import Matrix, Vector, add_outer, cholesky, diagonal, dot, solve, solve_lower
from player.units import Seconds

MAX_TRACKS = 500  # with evidence of their own; the one with the least gives way
FRESH = Seconds(3600.0)  # a posterior this old is not computed anew for the passing of time alone


class TrackSums(Struct):
    """Of one track, in units of 1 / σ²: Σ weight, Σ weight · x, Σ weight · (reward − m · x)."""

    n: float
    x: Vector
    y: float


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
        expected = sum(w * v for w, v in zip(self.weights, x, strict=True))
        track = self._tracks.get(track_id)
        if track is None:
            return expected
        surprise = track.y - sum(s * v for s, v in zip(self.shift, track.x, strict=True))
        return expected + self._keep * surprise / self._own_precision(track)

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
        self, track_id: TrackId, x: Sequence[float], reward: float, weight: float, at: Seconds
    ) -> None:
        """One reward for one track; of an earlier moment than the last it counts as of the last."""
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
            track.n, track.y = keep * track.n, keep * track.y
            track.x = [keep * value for value in track.x]


def _copy(learned: Learned) -> Learned:
    tracks = {name: TrackSums(track.n, [*track.x], track.y) for name, track in learned.tracks.items()}
    return Learned(at=learned.at, xx=[[*row] for row in learned.xx], xy=[*learned.xy], tracks=tracks)


DRAWS = 200  # from the posterior, whose shares are the chances; a tuning constant


@cache
def _normals(size: int) -> list[list[float]]:
    """`DRAWS` draws of so many unit normals, always the same: chance enters only when the lot is drawn."""
    random = Random(0)
    return [[random.gauss(0.0, 1.0) for _ in range(size)] for _ in range(DRAWS)]


def thompson(believed: Posterior, options: Sequence[tuple[TrackId, Sequence[float]]]) -> list[float]:
    """For each option the probability that it is the best, from `DRAWS` of the posterior. Sums to 1."""
    means = [believed.mean(track_id, x) for track_id, x in options]
    spreads = [believed.spread(track_id, x) for track_id, x in options]
    size = len(spreads[0][0])
    rows = [
        (mean, own, loads, size + n)
        for n, (mean, (loads, own)) in enumerate(zip(means, spreads, strict=True))
    ]
    wins = [0] * len(options)
    for normals in _normals(size + len(options)):
        values = [mean + own * normals[n] + sum(map(mul, loads, normals)) for mean, own, loads, n in rows]
        wins[values.index(max(values))] += 1
    return [count / DRAWS for count in wins]
