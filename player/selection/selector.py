"""From the approved music to one choice: hard constraints first, then a policy."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import overload

from msgspec import structs

from player.errors import SelectionError
from player.model import CatalogueEntry, Selection, TrackId
from player.selection import iso
from player.selection.bandit import Learned
from player.selection.basis import BASIS, basis
from player.selection.constraints import Limits, explain, limits, passes, violated
from player.selection.context import Candidate, Choice, Context, History, Person, Scene
from player.selection.facts import OFF_THE_SHELF, Describer, Facts, Flag
from player.selection.familiarity import learned, recovery
from player.selection.policies import POLICIES
from player.selection.policies.base import Policy
from player.selection.reward import Credit
from player.selection.shelf import Shelf, Slot
from player.settings import PolicySettings, Profile
from player.units import Seconds

WHOLE = 256  # tracks; tuning constants
TOP, AROUND, BY_CHANCE = 64, 64, 32  # of a shortlist
CAP_QUANTILE = 0.75  # of the arousal of the person's own music (SCIENCE, "bounded iso")
LOT = "lot_first"  # in the logged context: 1 when the lot fell on the policy's own first choice
EQUAL = 0.05  # share by which the second of two equally fitting pieces may seem worse; own judgement


class Selector:
    """Applies the constraints of a profile, then asks the policy about a shortlist.

    The shortlist holds the tracks that promise most, those near the arousal that the policy aims at, all
    that was ever heard or judged here, and a few by chance; in a small library that is everything.
    """

    def __init__(
        self,
        policy: str,
        profile: Profile,
        settings: PolicySettings | None = None,
        learned: Learned | None = None,
        *,
        whole: int = WHOLE,
    ) -> None:
        """learned: in earlier runs. whole: up to how many tracks all are looked at.

        Raises `SelectionError` for a policy that does not exist.
        """
        if policy not in POLICIES:
            raise SelectionError(f"there is no policy {policy!r}: use one of {', '.join(sorted(POLICIES))}")
        self.policy: Policy = POLICIES[policy](settings or PolicySettings(), learned)
        self._profile, self._whole = profile, whole
        self._describer = Describer(profile)
        self._shelf = Shelf(self.policy.promise)
        self._entries: list[CatalogueEntry] = []  # by slot

    def update(self, changed: Iterable[CatalogueEntry], gone: Iterable[TrackId] = ()) -> None:
        """Tracks found or analysed anew, and tracks that have gone."""
        put: list[tuple[TrackId, Facts]] = []
        new: list[CatalogueEntry] = []
        for entry in {entry.track.id: entry for entry in changed}.values():
            slot = self._shelf.slot(entry.track.id)
            if slot is None:
                arrival = len(self._entries) + len(new)
                new.append(entry)
            else:
                arrival, self._entries[slot] = slot, entry
            put.append((entry.track.id, self._describer.facts(entry, arrival)))
        self._shelf.change(put, gone)
        self._entries += new

    # --- choosing ------------------------------------------------------------------------------------

    def choose(self, context: Context, history: History, random: Random) -> Selection | None:
        """One track, or None when nothing passes the constraints."""
        scene = self._scene(context)
        bound = limits(context, history, scene.person, scene.present)
        candidates = self._shortlist(bound, scene, history, random)
        if not candidates:
            return None
        if context.surest:
            return self._selection(self.policy.surest(candidates, scene), scene)
        choice = self.policy.choose(candidates, scene, random)
        if self._may_randomise(choice, scene) and len(candidates) > 1:
            choice = self._between_two(choice, candidates, scene, random)
        return self._selection(choice, scene)

    def allows(self, track_id: TrackId, context: Context, history: History) -> Selection | None:
        """This very track, if it may be played, as a choice of a person."""
        slot = self._shelf.slot(track_id)
        if slot is None or track_id not in self._shelf:
            return None
        scene = self._scene(context)
        bound = limits(context, history, scene.person, scene.present)
        if not passes(track_id, self._shelf.facts(slot), bound):
            return None
        candidate = self._candidate(slot, history)
        expected = self.policy.predict_one(candidate, scene)
        return self._selection(Choice(candidate=candidate, propensity=1.0, expected=expected), scene)

    def favourites(self, context: Context, history: History, count: int) -> tuple[CatalogueEntry, ...]:
        """The pieces that may be played and were liked, helped or are loved most, best first."""
        scene = self._scene(context)
        bound = limits(context, history, scene.person, scene.present)
        candidates = [c for c in self._shortlist(bound, scene, history, Random(0)) if not c.track.live]
        candidates.sort(
            key=lambda c: (c.likes, c.facts.flags & Flag.STARTLING == 0, c.familiarity, c.facts.calmness),
            reverse=True,
        )
        slots = (self._shelf.slot(c.track.id) for c in candidates[:count])
        return tuple(self._entries[slot] for slot in slots if slot is not None)

    def bars(self, entry: CatalogueEntry) -> bool:
        """Whether the profile keeps this track off the shelf, whatever is asked for."""
        return bool(self._describer.facts(entry).flags & OFF_THE_SHELF)

    def why_nothing(self, context: Context, history: History) -> str:
        """One sentence on what stands in the way. Looks at every track: for when nothing was found."""
        scene = self._scene(context)
        bound = limits(context, history, scene.person, scene.present)
        slots = range(len(self._entries))
        facts = (
            (self._shelf.id(slot), self._shelf.facts(slot)) for slot in slots if not self._shelf.is_gone(slot)
        )
        return explain(violated(track_id, fact, bound, context, history) for track_id, fact in facts)

    # --- learning ------------------------------------------------------------------------------------

    def learn_one(self, credit: Credit, at: Seconds) -> None:
        self.policy.learn_one(credit, at)

    def learned(self) -> Learned | None:
        """To be stored after `learn_one`; None for a policy that learns nothing."""
        return self.policy.learned()

    # --- tools ---------------------------------------------------------------------------------------

    def _scene(self, context: Context) -> Scene:
        present = context.present
        quantile = self._shelf.arousal_quantile(CAP_QUANTILE)
        return Scene(
            context=context,
            person=Person(
                high_risk=self._profile.risk == "high",
                arousal_quantile=0.0 if quantile is None else quantile,
                arousal_deviation=self._shelf.arousal_deviation(),
            ),
            present=None if present is None else self._describer.facts(present),
        )

    def _shortlist(
        self, bound: Limits, scene: Scene, history: History, random: Random
    ) -> Sequence[Candidate]:
        shelf, policy = self._shelf, self.policy
        if policy.looks_at_all or len(shelf) <= self._whole:
            return Lazily(shelf.everything(bound), lambda slot: self._candidate(slot, history))
        known = {*history.plays, *history.likes, *policy.remembers()}
        own = sorted(slot for track_id in known if (slot := shelf.slot(track_id)) is not None)
        chosen = dict.fromkeys(shelf.passing(own, bound))
        chosen.update(dict.fromkeys(shelf.best(bound, TOP, skip=set(own))))
        aim = policy.aim(scene)
        if aim is not None:
            chosen.update(dict.fromkeys(shelf.near(aim, bound, AROUND)))
        chosen.update(dict.fromkeys(shelf.sample(bound, BY_CHANCE, random)))
        return [self._candidate(slot, history) for slot in chosen]

    def _candidate(self, slot: Slot, history: History) -> Candidate:
        entry, facts = self._entries[slot], self._shelf.facts(slot)
        track_id = entry.track.id
        plays, likes = history.plays.get(track_id, 0), history.likes.get(track_id, 0)
        since = history.since_play.get(track_id)
        return Candidate(
            track=entry.track,
            facts=facts,
            familiarity=learned(facts.familiarity, plays, likes) if plays or likes else facts.familiarity,
            recovery=recovery(since),
            since_play=since,
            plays=plays,
            likes=likes,
            worn=history.worn.get(track_id, 0.0),
        )

    def _may_randomise(self, choice: Choice, scene: Scene) -> bool:
        """Consented, while soothing, never when severe or at high risk, and not what is a draw already."""
        return (
            self._profile.consent.randomise
            and scene.context.soothe
            and not scene.context.situation.severe
            and not scene.person.high_risk
            and choice.propensity == 1.0
        )

    def _between_two(
        self, first: Choice, candidates: Sequence[Candidate], scene: Scene, random: Random
    ) -> Choice:
        """By lot between the best and a second that fits as well: a trial with one person, N-of-1."""
        others = [c for c in candidates if c.track.id != first.candidate.track.id]
        second = self.policy.choose(others, scene, random)
        if second.propensity < 1.0 or first.expected - second.expected > EQUAL * abs(first.expected):
            return first
        chosen = random.choice((first, second))
        because = "by lot between two that fit as well"
        return structs.replace(chosen, propensity=0.5, because=because, lot=chosen is first)

    def _selection(self, choice: Choice, scene: Scene) -> Selection:
        candidate, context = choice.candidate, scene.context
        track, facts = candidate.track, candidate.facts
        why = "liked here before" if candidate.likes > 0 else self._describer.prior.judge(track)[1]
        parts = [f"“{track.title}”{f' by {track.artist}' if track.artist else ''}: {why}"]
        if not facts.flags & Flag.UNKNOWN:
            parts.append(f"calmness {facts.calmness:.2f}")
        if choice.because:
            parts.append(choice.because)
        aim = iso.aim(context, scene.person, scene.present)
        return Selection(
            track_id=track.id,
            propensity=choice.propensity,
            expected_reward=choice.expected,
            policy=self.policy.name,
            reason=", ".join(parts),
            context=_logged(scene) | ({} if choice.lot is None else {LOT: float(choice.lot)}),
            basis=dict(zip(BASIS, basis(candidate, scene, aim), strict=True)),
        )


class Lazily(Sequence[Candidate]):
    """Candidates that are made when they are looked at."""

    def __init__(self, slots: "array[int]", make: Callable[[Slot], Candidate]) -> None:
        self._slots, self._make = slots, make

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> "Lazily": ...
    def __getitem__(self, index: int | slice) -> "Candidate | Lazily":
        if isinstance(index, slice):
            return Lazily(self._slots[index], self._make)
        return self._make(self._slots[index])


def _logged(scene: Scene) -> dict[str, float]:
    """The situation in numbers; what is not known is left out."""
    context = scene.context
    known = {
        "soothe": context.soothe,
        "step": context.step,
        "relax": context.relax,
        "floor": context.floor,
        "present_calmness": scene.present.calmness if scene.present else None,
        "present_arousal": scene.present.arousal if scene.present else None,
    }
    return context.situation.numbers() | {
        name: float(value) for name, value in known.items() if value is not None
    }
