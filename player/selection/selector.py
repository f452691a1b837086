"""From the approved music to one choice: hard constraints first, then a policy."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Protocol

from msgspec import Struct

from player.errors import SelectionError
from player.model import CatalogueEntry, Selection, TrackId
from player.selection.familiarity import familiarity, names, recovery
from player.settings import Profile
from player.units import Lu, Seconds

STARTLE = Lu(8.0)  # a larger rise within 3 s never soothes (SCIENCE: hard guards)
UNKNOWN_CALMNESS = 0.5


class Purpose(Struct, frozen=True, kw_only=True):
    """What the choice is for.

    `soothe`: only analysed music, at least as calm as `floor`; otherwise anything approved.
    """

    soothe: bool
    floor: float = 0.0  # calmness of what plays now, 0-1
    avoid: frozenset[TrackId] = frozenset()  # just played, playing, broken


class History(Struct, frozen=True, kw_only=True):
    """What was decided and heard before, reduced to what a choice needs."""

    barred: frozenset[TrackId]
    plays: Mapping[TrackId, int]
    since_play: Mapping[TrackId, Seconds]
    likes: Mapping[TrackId, int]


class Candidate(Struct, frozen=True, kw_only=True):
    entry: CatalogueEntry
    calmness: float
    familiarity: float
    why: str
    recovery: float


class Policy(Protocol):
    """One way to choose. Candidates have passed every hard constraint and are never empty."""

    name: str

    def choose(self, candidates: list[Candidate], purpose: Purpose, random: Random) -> Selection: ...


class CalmestFamiliar:
    """Soothe: the calmest of what is familiar. Otherwise: familiar and not lately heard, by lot."""

    name = "calmest-familiar/1"

    def choose(self, candidates: list[Candidate], purpose: Purpose, random: Random) -> Selection:
        if purpose.soothe:
            best = max(candidates, key=lambda c: (self._comfort(c), c.entry.track.id))
            return _select(best, self.name, 1.0, self._comfort(best))
        weights = [c.familiarity**2 * (0.05 + c.recovery) for c in candidates]
        chosen = random.choices(range(len(candidates)), weights)[0]
        return _select(candidates[chosen], self.name, weights[chosen] / sum(weights), weights[chosen])

    @staticmethod
    def _comfort(candidate: Candidate) -> float:
        return candidate.calmness * (0.5 + 0.5 * candidate.familiarity) * (0.7 + 0.3 * candidate.recovery)


def _select(candidate: Candidate, policy: str, propensity: float, reward: float) -> Selection:
    entry = candidate.entry
    calm = "" if entry.features is None else f", calmness {candidate.calmness:.2f}"
    by = f" by {entry.track.artist}" if entry.track.artist else ""
    return Selection(
        track_id=entry.track.id,
        propensity=propensity,
        expected_reward=reward,
        policy=policy,
        reason=f"“{entry.track.title}”{by}: {candidate.why}{calm}",
    )


POLICIES: dict[str, type[Policy]] = {"calmest-familiar": CalmestFamiliar}


class Selector:
    """Applies the hard constraints of a profile, then asks the policy."""

    def __init__(self, policy: str, profile: Profile) -> None:
        """Raises `SelectionError` for a policy that does not exist."""
        if policy not in POLICIES:
            raise SelectionError(f"there is no policy {policy!r}: use one of {', '.join(sorted(POLICIES))}")
        self._policy = POLICIES[policy]()
        self._profile = profile

    def choose(
        self, entries: Iterable[CatalogueEntry], history: History, purpose: Purpose, random: Random
    ) -> Selection | None:
        """One track, or None when nothing passes the constraints."""
        candidates = [
            self._candidate(entry, history) for entry in entries if self._allowed(entry, history, purpose)
        ]
        return self._policy.choose(candidates, purpose, random) if candidates else None

    def _allowed(self, entry: CatalogueEntry, history: History, purpose: Purpose) -> bool:
        track, features = entry.track, entry.features
        if track.id in purpose.avoid or track.id in history.barred or names(self._profile.never, track):
            return False
        if features is not None and features.integrated_loudness is None:
            return False  # nothing but silence
        if not purpose.soothe:
            return True
        if features is None or features.affect is None or features.affect.calmness < purpose.floor:
            return False
        return features.largest_rise is None or features.largest_rise <= STARTLE

    def _candidate(self, entry: CatalogueEntry, history: History) -> Candidate:
        track, features = entry.track, entry.features
        known, why = familiarity(
            track, self._profile, history.plays.get(track.id, 0), history.likes.get(track.id, 0)
        )
        affect = features.affect if features else None
        return Candidate(
            entry=entry,
            calmness=affect.calmness if affect else UNKNOWN_CALMNESS,
            familiarity=known,
            why=why,
            recovery=recovery(history.since_play.get(track.id)),
        )
