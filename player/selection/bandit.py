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

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from player.model import TrackId
from player.selection.gaussian import Matrix, Vector, add_outer, cholesky, diagonal, dot, solve
from player.units import Seconds

Options = Sequence[tuple[TrackId, Sequence[float]]]
Floats = NDArray[np.float64]

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
        precision = np.diag([1.0 / d**2 for d in prior.deviation])
        shift = np.zeros(len(prior.mean))
        if learned.xy:
            precision += keep * np.array(learned.xx)
            shift += keep * np.array(learned.xy)
        # sums row by row: the last bit of a matrix product depends on the machine, and a choice must not
        tracks = learned.tracks.values()
        x = np.array([track.x for track in tracks]).reshape(-1, len(prior.mean))
        y = keep * np.array([track.y for track in tracks])
        own = np.array([self._own_precision(track) for track in tracks])
        explained = x * (keep / own)[:, None]
        precision -= np.add.reduce(explained[:, :, None] * (keep * x)[:, None], axis=0)
        shift -= np.add.reduce(explained * y[:, None], axis=0)
        self._lower = cholesky(precision.tolist())
        self.shift = solve(self._lower, shift.tolist())  # of the weights from their prior mean
        self.weights = [m + s for m, s in zip(prior.mean, self.shift, strict=True)]
        for column, moved in zip((keep * x).T, self.shift, strict=True):
            y -= moved * column
        self._own: dict[TrackId, float] = dict(zip(learned.tracks, (y / own).tolist(), strict=True))

    def _own_precision(self, track: TrackSums) -> float:
        return 1.0 / self._prior.track_deviation**2 + self._keep * track.n

    def mean(self, track_id: TrackId, x: Sequence[float]) -> float:
        sounds = float(sum(map(mul, self.weights, x)))
        return sounds + self.own(track_id) - self.upsets(track_id) * self._prior.upset

    def own(self, track_id: TrackId) -> float:
        """How far a track is believed to differ from what its values say; 0 when it was never heard."""
        return self._own.get(track_id, 0.0)

    def upsets(self, track_id: TrackId) -> float:
        """Probability that the track upsets this person: few do, and those show it again and again."""
        share = self._prior.upsetting
        track = self._tracks.get(track_id)
        if track is None or not 0.0 < share < 1.0:
            return share
        odds = share / (1.0 - share) * math.exp(min(self._keep * track.harm, 50.0))
        return odds / (1.0 + odds)

    def spread(self, options: Options) -> tuple[Floats, Floats]:
        """Of each option the loadings on independent unit normals that all share, shape (weights, options),
        and the deviation of its own, shape (options,).
        """
        rest, own = np.array([x for _, x in options]), np.empty(len(options))
        for n, (track_id, _) in enumerate(options):
            track = self._tracks.get(track_id)
            if track is None:
                own[n] = self._prior.track_deviation
            else:
                precision = self._own_precision(track)
                own[n] = 1.0 / math.sqrt(precision)
                rest[n] -= np.multiply(track.x, self._keep / precision)
        loads = np.empty(rest.T.shape)
        for i, row in enumerate(self._lower):  # forward substitution, for all options at once
            left = rest[:, i]
            for j in range(i):
                left = left - row[j] * loads[j]
            loads[i] = left / row[i]
        return loads, own

    def deviation(self, track_id: TrackId, x: Sequence[float]) -> float:
        """Standard deviation of the expected reward."""
        loads, own = self.spread([(track_id, x)])
        return math.hypot(*loads[:, 0].tolist(), float(own[0]))


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
def _normals(size: int, draws: int) -> Floats:
    """So many unit normals at each of that many points, shape (size, draws), evenly and always the same.

    Chance enters only when the lot is drawn. Additive recurrence of square roots of primes (Richtmyer).
    """
    quantile = NormalDist().inv_cdf
    return np.array(
        [
            [quantile((n * math.sqrt(prime) + 0.5 / draws) % 1.0 or 0.5) for n in range(1, draws + 1)]
            for prime in _primes(size)
        ]
    )


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def thompson(believed: Posterior, options: Options, draws: int = DRAWS) -> list[float]:
    """For each option the probability that it is the best, from draws of the posterior. Sums to 1."""
    loads, own = believed.spread(options)
    normals = _normals(len(loads) + len(options), draws)
    values = own[:, None] * normals[len(loads) :]
    values += np.array([believed.mean(track_id, x) for track_id, x in options])[:, None]
    for load, normal in zip(loads, normals, strict=False):
        values += load[:, None] * normal
    wins = np.bincount(values.argmax(axis=0), minlength=len(options))
    return [count / draws for count in wins.tolist()]
