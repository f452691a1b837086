"""What a choice is made from: the moment, what was heard before, and the music that may be played."""

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct, structs

from player.model import CatalogueEntry, Track, TrackId
from player.selection.facts import Facts
from player.units import Percent, Seconds

SEVERE_AGITATION, SEVERE_RATING = 0.8, 3.0  # DESIGN 4: no matching and no exploration
RESTLESS = 0.4  # agitation from which music must not become more arousing; own judgement


class Relax(IntEnum):
    """How far the wishes are given up when nothing fulfils them. The hard ones never are."""

    NOTHING = 0
    COMFORT = 1  # quiet-hours calm, loudness step, not more arousing than now
    ALL = 2  # anything that may be played


class Situation(Struct, frozen=True, kw_only=True):
    """What the session knows of the resident and the hour. None: not known."""

    agitation: float | None = None  # 0-1
    rating: float | None = None  # latest rating of staff that still counts, 0-4
    minute: int | None = None  # of the local day, 0-1439
    quiet: bool = False  # quiet hours
    volume: Percent | None = None

    @property
    def severe(self) -> bool:
        return (self.agitation or 0.0) >= SEVERE_AGITATION or (self.rating or 0.0) >= SEVERE_RATING

    @property
    def restless(self) -> bool:
        return (self.agitation or 0.0) >= RESTLESS or (self.rating or 0.0) >= 4.0 * RESTLESS

    def numbers(self) -> dict[str, float]:
        """To be logged; what is not known is left out."""
        return {name: float(value) for name, value in structs.asdict(self).items() if value is not None}


class Context(Struct, frozen=True, kw_only=True):
    """One question to the selector.

    soothe: only music analysed in full, at least as calm as `floor`; otherwise anything approved.
    """

    at: Seconds = Seconds(0.0)
    soothe: bool = False
    floor: float = 0.0  # calmness 0-1
    relax: Relax = Relax.NOTHING
    avoid: frozenset[TrackId] = frozenset()  # just played, playing
    broken: frozenset[TrackId] = frozenset()  # could not be played a moment ago
    present: CatalogueEntry | None = None  # what is heard; None: silence
    step: int = 0  # whole tracks of this soothing already heard
    situation: Situation = Situation()
    surest: bool = False  # the piece most sure to help, rather than the policy's choice


class History(Struct, frozen=True, kw_only=True):
    """What was decided and heard before, reduced to what a choice needs."""

    barred: frozenset[TrackId] = frozenset()  # never, by staff
    blocked: frozenset[TrackId] = frozenset()  # upset once, for a while
    refused: frozenset[TrackId] = frozenset()  # upset twice, until staff lift it
    plays: Mapping[TrackId, int] = {}
    since_play: Mapping[TrackId, Seconds] = {}
    worn: Mapping[TrackId, float] = {}  # plays of the last days, see `familiarity.wear`
    likes: Mapping[TrackId, int] = {}


NO_HISTORY = History()


class Person(Struct, frozen=True, kw_only=True):
    """What holds for this resident at every choice.

    Quantile and deviation are of the arousal of the resident's own music.
    """

    high_risk: bool = False
    arousal_quantile: float = 0.0  # 75th percentile
    arousal_deviation: float = 0.3  # one standard deviation


class Scene(Struct, frozen=True, kw_only=True):
    """The question and whom it is about. present: facts of what is heard, None for silence."""

    context: Context
    person: Person
    present: Facts | None


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """A track that has passed every constraint. Scores 0-1."""

    track: Track
    facts: Facts
    familiarity: float  # with what was learned here
    recovery: float  # 0 just heard, 1 as if never
    since_play: Seconds | None  # None: not heard here as far as remembered
    plays: int = 0
    likes: int = 0
    worn: float = 0.0  # plays of the last days, see `familiarity.wear`


class Choice(Struct, frozen=True, kw_only=True):
    """What a policy chose among the candidates it was given."""

    candidate: Candidate
    propensity: float  # (0, 1]
    expected: float  # expected reward on the policy's own scale
    because: str = ""  # a clause that adds to the reason, "" for none
    lot: bool | None = None  # by lot between two: whether it is the policy's own first choice; None: no lot
