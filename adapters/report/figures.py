"""The numbers of a report: what `lull report --json` prints."""

from msgspec import Struct

from adapters.report.rows import Broken
from adapters.report.statistics import Interval
from player.model import TrackId

# Rules for “not enough data”; own judgement.
LEAST_MINUTES = 30.0  # of known agitation in an hour of the day
LEAST_SWAPS = 10  # measured, before shares of outcomes are called shares
LEAST_PER_TRACK = 5  # measured changes with one piece
LEAST_PER_ARM = 10  # measured changes on each side of the lot
CHANGED = 0.1  # agitation: smaller changes count as “the same”


class PlayedDay(Struct, frozen=True, kw_only=True):
    day: str  # local, YYYY-MM-DD
    played_min: float  # frames written to a sound device
    to_no_device_min: float  # written, but no sound device was there
    running_min: float  # of the service
    restless_min: float  # agitation at or above the threshold
    known_min: float  # agitation known


class HourOfDay(Struct, frozen=True, kw_only=True):
    """mean None: not enough data."""

    hour: int
    known_min: float
    restless_min: float
    mean: float | None


class Outcomes(Struct, frozen=True, kw_only=True):
    """Swaps by what followed within the response window. enough: they may be read as shares."""

    swaps: int
    calmer: int
    same: int
    worse: int
    upset: int
    refused: int
    cut_short: int
    unknown: int
    change: Interval | None  # agitation after less before, where both are known
    beyond_natural: Interval | None  # the same less what is expected without a swap
    enough: bool


class TrackFigures(Struct, frozen=True, kw_only=True):
    """One piece. change: observed; negative is calmer. learned: expected help, positive is calmer."""

    id: TrackId
    title: str
    artist: str
    plays: int
    played_min: float
    swaps: int
    measured: int
    change: Interval | None
    upset: int
    refused: int
    better: int
    worse: int
    learned: Interval | None
    upsets: float | None  # probability that it upsets this person, as learned


class SensorFigures(Struct, frozen=True, kw_only=True):
    source: str
    quantity: str
    readings: int
    coverage: float  # share of the minutes of the service with a reading, 0-1
    longest_silence_min: float  # between two readings while the service ran
    low_quality: int  # readings of quality below 0.5
    rejected: int  # not finite


class Presses(Struct, frozen=True, kw_only=True):
    who: str
    verb: str
    count: int


class Learned(Struct, frozen=True, kw_only=True):
    """What is remembered of the person, in numbers and names of pieces."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    never: tuple[str, ...]
    left_out: tuple[str, ...]  # upset the resident
    usual_minute: int | None  # of the day, at which restlessness usually begins
    pieces_with_evidence: int
    natural_change: float | None  # of agitation in a window without a swap, from 0.7 at noon


class Lot(Struct, frozen=True, kw_only=True):
    """Soothing pieces chosen by lot between the first and the second choice. effect: second less first."""

    consented: bool
    first: int  # measured
    second: int
    effect: Interval | None  # change of agitation; positive: the first choice calms more
    enough: bool


class Trouble(Struct, frozen=True, kw_only=True):
    audio_restarts: int
    underruns: int
    faults: dict[str, int]  # by part
    prompts: int  # staff were asked to look


class Report(Struct, frozen=True, kw_only=True):
    resident: str  # pseudonym
    player: str
    policy: str
    since: str
    until: str
    runs: int
    rows: int
    broken: Broken
    threshold: float  # agitation from which the resident counts as restless
    window_s: float
    days: tuple[PlayedDay, ...]
    hours: tuple[HourOfDay, ...]
    outcomes: Outcomes
    tracks: tuple[TrackFigures, ...]
    sensors: tuple[SensorFigures, ...]
    presses: tuple[Presses, ...]
    feedback: dict[str, int]  # better, same, worse
    learned: Learned
    lot: Lot
    trouble: Trouble
