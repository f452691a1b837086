"""What may not be chosen now, each rule with a name and a sentence for people."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from player.model import TrackId
from player.selection.context import Context, History, Person, Relax
from player.selection.facts import OFF_THE_SHELF, Facts, Flag

ANYTHING = 1e9
QUIET_CALMNESS = 0.5  # in quiet hours: calmer than half of all music; own judgement
# From silence nothing livelier than the cap of the iso path, but for the width of the bins from which the cap
# is told and a quarter of the usual standard error.
ABOVE_CAP = 0.1
LOUDNESS_STEP = 6.0  # LU by which loud passages may stand above those heard now; own judgement


class Constraint(Struct, frozen=True):
    name: str
    sentence: str  # goes on from "12 pieces "


NEVER = Constraint("never", "are never to be played")
REFUSED = Constraint("hard-block", "upset the resident twice (staff can lift this)")
BLOCKED = Constraint("soft-block", "upset the resident a while ago")
BROKEN = Constraint("broken", "could not be played a moment ago")
SILENT = Constraint("silent", "hold nothing but silence")
SPOKEN = Constraint("spoken-word", "are spoken word, which the profile leaves out")
ADVERT = Constraint("advert", "seem to be adverts or announcements")
UNKNOWN = Constraint("unknown", "are not analysed yet")
PARTIAL = Constraint("partly-analysed", "are not analysed in full yet")
STARTLING = Constraint("startle", "have a sudden rise in loudness")
MINOR = Constraint("minor", "are in a minor key, which this resident shall not hear while restless")
RECENT = Constraint("repetition", "were heard just now")
UNAPPROVED = Constraint("not-approved", "are of a remote library and not approved (name them as loved)")
LIVE = Constraint("live", "are stations, which are heard when they are asked for")
FLOOR = Constraint("not-calmer", "are less calm than what is asked for")
AROUSING = Constraint("arousing", "are too arousing for now, and the resident is restless")
SWELL = Constraint("loudness-step", "have passages much louder than what is heard")

BY_FLAG = (
    (Flag.NEVER, NEVER),
    (Flag.SILENT, SILENT),
    (Flag.SPOKEN, SPOKEN),
    (Flag.ADVERT, ADVERT),
    (Flag.UNKNOWN, UNKNOWN),
    (Flag.PARTIAL, PARTIAL),
    (Flag.STARTLING, STARTLING),
    (Flag.MINOR, MINOR),
    (Flag.UNAPPROVED, UNAPPROVED),
    (Flag.LIVE, LIVE),
)


class Limits(Struct, frozen=True):
    """One question's constraints as numbers, so that 100,000 tracks can be tested in a loop."""

    banned: int  # of `Flag`
    least_calmness: float
    most_arousal: float  # of the upper bound, `Facts.upper`
    most_swell: float  # LU
    excluded: frozenset[TrackId]

    @property
    def open(self) -> bool:
        """Nothing is asked of a track but that it is on the shelf, no station, and not excluded."""
        return (
            not self.banned & ~(OFF_THE_SHELF | Flag.LIVE)
            and self.least_calmness <= 0.0
            and self.most_arousal >= ANYTHING
            and self.most_swell >= ANYTHING
        )


def limits(context: Context, history: History, person: Person, present: Facts | None) -> Limits:
    """present: facts of what is heard, None for silence."""
    situation, relax = context.situation, context.relax
    banned, calmness, arousal, swell = OFF_THE_SHELF, 0.0, ANYTHING, ANYTHING
    if context.soothe:
        banned |= Flag.STARTLING | Flag.UNKNOWN | Flag.PARTIAL
        calmness = context.floor
    if context.soothe or relax < Relax.ALL:
        banned |= Flag.LIVE
    if (context.soothe or situation.restless) and relax < Relax.ALL:
        banned |= Flag.STARTLING | (Flag.MINOR if person.high_risk else 0)
    if relax < Relax.COMFORT:
        if situation.quiet:
            banned |= Flag.STARTLING
            calmness = max(calmness, QUIET_CALMNESS)
        agitated = context.soothe or situation.restless
        if present is not None and not present.flags & Flag.UNKNOWN:
            swell = present.swell + LOUDNESS_STEP
            arousal = present.upper if agitated else ANYTHING
        elif agitated:
            arousal = person.arousal_quantile + ABOVE_CAP
    excluded = context.avoid | context.broken | history.barred | history.blocked | history.refused
    return Limits(banned, calmness, arousal, swell, excluded)


def passes(track_id: TrackId, facts: Facts, bound: Limits) -> bool:
    return (
        not facts.flags & bound.banned
        and facts.calmness >= bound.least_calmness
        and facts.upper <= bound.most_arousal
        and facts.swell <= bound.most_swell
        and track_id not in bound.excluded
    )


def violated(
    track_id: TrackId, facts: Facts, bound: Limits, context: Context, history: History
) -> Constraint | None:
    """The first rule that forbids the track, None when it may be played."""
    for flag, rule in BY_FLAG:
        if facts.flags & flag & bound.banned:
            return rule
    sets = (
        (history.barred, NEVER),
        (history.refused, REFUSED),
        (history.blocked, BLOCKED),
        (context.broken, BROKEN),
        (context.avoid, RECENT),
    )
    for members, rule in sets:
        if track_id in members:
            return rule
    if facts.calmness < bound.least_calmness:
        return FLOOR
    if facts.upper > bound.most_arousal:
        return AROUSING
    return SWELL if facts.swell > bound.most_swell else None


def explain(rules: Iterable[Constraint | None]) -> str:
    """Why nothing can be chosen, in one sentence; `rules` holds one item for each track."""
    counts = Counter(rules)
    total, free = sum(counts.values()), counts.pop(None, 0)
    if not total:
        return "There is no music."
    if free:
        return f"{free} of {total} pieces may be played."
    if total == 1:
        return f"The only piece: it {_said(next(iter(counts)), 1)}."
    parts = [f"{n} {_said(rule, n)}" for rule, n in counts.most_common()]
    if len(parts) == 1:
        return f"All {parts[0].replace(' ', ' pieces ', 1)}."
    return f"None of {total} pieces may be played now: {'; '.join(parts)}."


SINGULAR = {"are": "is", "have": "has", "hold": "holds", "seem": "seems", "were": "was"}


def _said(rule: Constraint | None, count: int) -> str:
    if rule is None:
        return "may be played"
    if count > 1:
        return rule.sentence
    verb, rest = rule.sentence.split(" ", 1)
    return f"{SINGULAR.get(verb, verb)} {rest.replace('adverts or announcements', 'an advert')}"
