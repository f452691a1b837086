"""What every policy is: a way to choose among tracks that have passed every hard constraint."""

from collections.abc import Sequence
from random import Random
from typing import Protocol

from player.model import TrackId
from player.selection.bandit import Learned
from player.selection.context import Candidate, Choice, Scene
from player.selection.facts import Facts
from player.selection.reward import Credit
from player.units import Seconds


class Policy(Protocol):
    """name: with its version, as logged. looks_at_all: it wants every track, not the shortlist.

    `choose` never gets an empty sequence, draws only from `random`, and changes nothing.
    """

    name: str
    looks_at_all: bool

    def promise(self, facts: Facts) -> float:
        """What a track is worth that was never heard here; the shelf is kept in this order."""
        ...

    def aim(self, scene: Scene) -> float | None:
        """Arousal around which to look on the shelf as well; None: nowhere in particular."""
        ...

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice: ...

    def surest(self, candidates: Sequence[Candidate], scene: Scene) -> Choice:
        """The piece of which it is surest that it helps: when others have failed, nothing is tried out."""
        ...

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:
        """Expected reward, on the policy's own scale."""
        ...

    def learn_one(self, credit: Credit, at: Seconds) -> None:
        """Take what came of an earlier choice, of this or of another policy."""
        ...

    def remembers(self) -> Sequence[TrackId]:
        """Tracks of which it has learned something: always looked at, wherever they stand on the shelf."""
        ...

    def learned(self) -> Learned | None:
        """All of it, to be stored; None for a policy that learns nothing."""
        ...


class Ranking:
    """A policy that scores each candidate and takes the best; a tie goes to the smallest track id.

    Subclasses say `name` and `predict_one`, and `promise` unless familiarity is what counts.
    """

    name = ""
    looks_at_all = False

    def promise(self, facts: Facts) -> float:
        return facts.familiarity

    def aim(self, scene: Scene) -> float | None:  # noqa: ARG002
        return None

    def predict_one(self, candidate: Candidate, scene: Scene) -> float:
        raise NotImplementedError

    def choose(self, candidates: Sequence[Candidate], scene: Scene, random: Random) -> Choice:  # noqa: ARG002
        score, best = 0.0, None
        for candidate in candidates:
            value = self.predict_one(candidate, scene)
            if best is None or value > score or (value == score and candidate.track.id < best.track.id):
                score, best = value, candidate
        assert best is not None  # never empty
        return Choice(candidate=best, propensity=1.0, expected=score)

    def surest(self, candidates: Sequence[Candidate], scene: Scene) -> Choice:  # noqa: ARG002
        """The most familiar piece, liked ones first: `familiarity` holds what was learned of likes."""
        best = min(candidates, key=lambda c: (-c.likes, -c.familiarity, -c.facts.calmness, c.track.id))
        return Choice(
            candidate=best, propensity=1.0, expected=best.familiarity, because="the most familiar one"
        )

    def learn_one(self, credit: Credit, at: Seconds) -> None:
        """Nothing is learned beyond likes, blocks and plays, which the history holds."""

    def remembers(self) -> Sequence[TrackId]:
        return ()

    def learned(self) -> Learned | None:
        return None


def by_lot(candidates: Sequence[Candidate], weights: Sequence[float], random: Random) -> tuple[int, float]:
    """An index drawn with these weights (≥ 0), and its probability; evenly when all are 0."""
    total = sum(weights)
    if total <= 0.0:
        return random.randrange(len(candidates)), 1.0 / len(candidates)
    index = random.choices(range(len(candidates)), weights)[0]
    return index, weights[index] / total
