"""What a piece did for the resident, judged fairly enough to learn from.

Reward is in units of agitation (0-1) and positive when agitation fell more than it would have by itself.
Music starts at the peak, and after a peak agitation falls anyway: change is compared with what happened at
matched moments without a swap, never before with after (SCIENCE, "Pitfalls").
"""

import math
from enum import StrEnum

from msgspec import Struct, field

from player.model import Selection, TrackId
from player.selection.gaussian import Matrix, Vector, add_outer, cholesky, diagonal, dot, solve
from player.units import Seconds

NOISE = 0.15  # standard deviation of one sensor's reward, weight 1; own judgement
# Of “better” or “worse”, in the size of what music can be expected to do (modest): six sensors' rewards.
STAFF_VALUE, STAFF_NOISE = 0.1, 0.06  # own judgement
STAFF_USUAL = 3.0  # ratings' worth of “same”, before it is known how often staff say “better”; own judgement
# How much of an effect can be seen: what is calm cannot be calmed. Share of the full effect, by the level at
# the beginning: none to speak of at `CALM`, all of it at `CALM + RANGE`; own judgement.
CALM, RANGE, LEAST_SHOWN = 0.2, 0.5, 0.4
# A piece that upsets does so whatever the level: agitation rises by about so much in a window; own judgement.
UPSETS = 0.15
MOST_HARM = 1.0  # log-odds that one window may add or take: sensors are often wrong
SAID_HARM = 1.5  # log-odds that a person's word adds; own judgement
LEAST_HEARD = 0.15  # share of the response window below which nothing is learned; own judgement
DAY = 1440.0  # minutes


class Credit(Struct, frozen=True, kw_only=True):
    """What came of one choice. weight 1: as sure as one response window, heard in full."""

    track_id: TrackId
    reward: float
    weight: float
    basis: dict[str, float] = {}  # of the choice, `Selection.basis`
    harm: float = (
        0.0  # log of how much likelier this is after a piece that upsets than after one that does not
    )
    why: str = ""  # where it comes from, in a few words


class StopReason(StrEnum):
    """Why the music ended or moved on before its time."""

    UPSET = "upset"  # agitation rose with it
    DISLIKED = "disliked"  # refused by a person
    SKIPPED = "skipped"  # another piece was asked for
    ASLEEP = "asleep"
    OTHER = "other"  # lunch, a visit, care, the end of the session: says nothing about the piece


# Reward and its standard deviation; own judgement. None: nothing beyond what was measured till then.
STOPS: dict[StopReason, tuple[float, float] | None] = {
    StopReason.UPSET: (-0.2, 0.06),
    StopReason.DISLIKED: (-0.15, 0.06),
    StopReason.SKIPPED: (-0.02, 0.15),
    StopReason.ASLEEP: (0.05, 0.12),
    StopReason.OTHER: None,
}


class Response(Struct, frozen=True, kw_only=True):
    """Agitation around one swap, and how much of the music was heard."""

    before: float  # as the music changed, 0-1
    after: float  # at the end of what was heard, 0-1
    confidence: float  # of the worse of both, 0-1
    minute: int  # of the local day, 0-1439
    heard: Seconds
    window: Seconds


class Natural(Struct):
    """What was learned about change without a swap, and of how staff judge, as it can be stored."""

    xx: Matrix = field(default_factory=list)
    xy: Vector = field(default_factory=list)
    at: Seconds = Seconds(0.0)
    ratings: float = 0.0  # how many, faded
    rated: float = 0.0  # their sum


class NaturalChange:
    """Expected change of agitation over a response window without a swap, by starting level and hour.

    A ridge regression towards the prior: agitation returns half way to its usual level. Basis: level, its
    square, and one wave of the day, so that neighbouring levels and hours inform each other; evidence fades
    with the half-life.
    """

    USUAL, RETURN = 0.3, 0.35  # level, and share of the way back to it in a window: prior; own judgement
    DEVIATIONS = (0.1, 0.3, 0.5, 0.1, 0.1)  # of the prior weights; own judgement
    NOISE = 0.15  # standard deviation of one observed change; own judgement

    def __init__(self, half_life: Seconds, learned: Natural | None = None) -> None:
        size = len(self.DEVIATIONS)
        if learned is None or len(learned.xy) != size:
            learned = Natural(xx=diagonal([0.0] * size), xy=[0.0] * size)
        self.learned = learned
        self.learned = self.snapshot()  # whoever stored it keeps it as it was
        self._half_life = half_life
        self._lower: Matrix | None = None
        self._weights: Vector = []

    def learn_one(self, level: float, minute: int, change: float, at: Seconds) -> None:
        self._fade(at)
        learned = self.learned
        x = _matching(level, minute)
        surprise = change - self._prior(level)
        add_outer(learned.xx, x, 1.0 / self.NOISE**2)
        for j, value in enumerate(x):
            learned.xy[j] += value * surprise / self.NOISE**2
        self._lower = None

    def snapshot(self) -> Natural:
        """What was learned, to be stored: it changes no more."""
        now = self.learned
        return Natural(
            xx=[[*row] for row in now.xx], xy=[*now.xy], at=now.at, ratings=now.ratings, rated=now.rated
        )

    def learn_rating(self, rating: int, at: Seconds) -> None:
        self._fade(at)
        self.learned.ratings += 1.0
        self.learned.rated += rating

    @property
    def usual_rating(self) -> float:
        """What staff say of any piece, −1 to 1: agitation falls anyway, and so most pieces seem to help."""
        return self.learned.rated / (self.learned.ratings + STAFF_USUAL)

    def _fade(self, at: Seconds) -> None:
        learned = self.learned
        keep = 2.0 ** (-max(at - learned.at, 0.0) / self._half_life)
        learned.xx = [[keep * value for value in row] for row in learned.xx]
        learned.xy = [keep * value for value in learned.xy]
        learned.ratings, learned.rated = keep * learned.ratings, keep * learned.rated
        learned.at = Seconds(max(at, learned.at))

    def predict_one(self, level: float, minute: int) -> tuple[float, float]:
        """Expected change and the standard deviation of the expectation."""
        if self._lower is None:
            precision = diagonal([1.0 / d**2 for d in self.DEVIATIONS])
            for row, seen in zip(precision, self.learned.xx, strict=True):
                for j, value in enumerate(seen):
                    row[j] += value
            self._lower = cholesky(precision)
            self._weights = solve(self._lower, self.learned.xy)
        x = _matching(level, minute)
        expected = self._prior(level) + dot(self._weights, x)
        doubt = math.sqrt(max(dot(x, solve(self._lower, x)), 0.0))
        return min(max(expected, -level), 1.0 - level), doubt

    def _prior(self, level: float) -> float:
        return self.RETURN * (self.USUAL - level)


def _matching(level: float, minute: int) -> Vector:
    angle = 2.0 * math.pi * minute / DAY
    return [1.0, level - 0.5, (level - 0.5) ** 2, math.cos(angle), math.sin(angle)]


# --- from what happened to a credit ----------------------------------------------------------------------


def by_sensors(choice: Selection, response: Response, natural: NaturalChange) -> Credit | None:
    """Fall of agitation beyond the natural one. None when too little was heard, or nothing is known."""
    share = min(response.heard / response.window, 1.0) if response.window > 0 else 0.0
    if share < LEAST_HEARD or response.confidence <= 0.0:
        return None
    expected, doubt = natural.predict_one(response.before, response.minute)
    benefit = share * expected - (response.after - response.before)
    certainty = NOISE**2 / (NOISE**2 + (share * doubt) ** 2)
    shown = min(max((response.before - CALM) / RANGE, LEAST_SHOWN), 1.0)
    return Credit(
        track_id=choice.track_id,
        reward=min(max(benefit / shown, -1.0), 1.0),
        weight=share * response.confidence * certainty * shown**2,
        basis=choice.basis,
        harm=share * _harm(benefit),
        why="change beyond that of matched moments",
    )


def _harm(benefit: float) -> float:
    """Log-likelihood ratio of two normal densities, at −`UPSETS` and 0, bounded (Huber)."""
    ratio = -UPSETS * (benefit + UPSETS / 2.0) / NOISE**2
    return min(max(ratio, -MOST_HARM), MOST_HARM)


def by_staff(
    choice: Selection, rating: int, heard: Seconds, window: Seconds, usual: float = 0.0
) -> Credit | None:
    """better +1, same 0, worse −1, against the usual rating. None when the piece was hardly heard."""
    share = min(heard / window, 1.0) if window > 0 else 0.0
    if share < LEAST_HEARD:
        return None
    return Credit(
        track_id=choice.track_id,
        reward=STAFF_VALUE * (min(max(rating, -1), 1) - usual),
        weight=(NOISE / STAFF_NOISE) ** 2,
        basis=choice.basis,
        harm=-SAID_HARM * min(max(rating, -1), 1),
        why="judged by staff",
    )


def by_stop(choice: Selection, reason: StopReason) -> Credit | None:
    """What the end of the music says about the piece: nothing, when lunch came."""
    said = STOPS[reason]
    if said is None:
        return None
    value, deviation = said
    return Credit(
        track_id=choice.track_id,
        reward=value,
        weight=(NOISE / deviation) ** 2,
        basis=choice.basis,
        harm=SAID_HARM if reason in (StopReason.UPSET, StopReason.DISLIKED) else 0.0,
        why=f"stopped: {reason}",
    )
