"""What to ask the selector for, and how far to relax when it finds nothing."""

from random import Random

from msgspec import structs

from player.model import CatalogueEntry, Selection, TrackId
from player.selection.bandit import Learned
from player.selection.context import Context, Relax, Situation
from player.selection.facts import UNKNOWN_CALMNESS
from player.selection.reward import Credit
from player.selection.selector import Selector
from player.session.catalogue import Catalogue
from player.session.recall import RECENT, Recall, without
from player.units import Seconds

SITUATION = frozenset(Situation.__struct_fields__)
MAX_STEPS = 16  # choices made to soothe whose place on the way down is remembered


class Chooser:
    """`situation`: what the session knows of the resident and the hour; it is read at every choice."""

    def __init__(self, selector: Selector, catalogue: Catalogue, recall: Recall, random: Random) -> None:
        self._selector = selector
        self._catalogue = catalogue
        self._recall = recall
        self._random = random
        self._steps: dict[TrackId, int] = {}  # tracks chosen to soothe: how many of them came before
        self._calmer: Selection | None = None
        self._calmer_for: tuple[object, ...] = ()
        self.situation = Situation()

    def use(self, selector: Selector) -> None:
        """Another resident's taste: all music is looked at anew."""
        self._selector = selector
        self._calmer, self._calmer_for = None, ()
        self._steps.clear()
        self._catalogue.retell()

    def bars(self, track_id: TrackId) -> bool:
        """Whether the profile keeps this track from being played at all."""
        entry = self._catalogue.get(track_id)
        return entry is not None and self._selector.bars(entry)

    def calmer(self, present: TrackId | None, at: Seconds, *, surest: bool = False) -> Selection | None:
        """The best approved piece that is no more arousing than `present`, and not just played.

        Asked again about the same moment it answers the same, so that what stands by is what is played; the
        situation is logged as it is when it is played.
        surest: the one most sure to help, also when it was played a moment ago.
        """
        floor = self.calmness(present)
        if surest:
            avoid = without(frozenset(), present)
            return self._choose(
                self._context(present, at, soothe=True, floor=floor, avoid=avoid, surest=True)
            )
        situation = self.situation
        moment = (present, self._catalogue.version, self._recall.version, situation.severe, situation.quiet)
        if self._calmer is None or moment != self._calmer_for:
            self._calmer_for = moment
            context = self._context(present, at, soothe=True, floor=floor)
            self._calmer = self._choose(context)
        if self._calmer is None:
            return None
        then = {name: value for name, value in self._calmer.context.items() if name not in SITUATION}
        return structs.replace(self._calmer, context=then | situation.numbers())

    def following(self, present: TrackId | None, at: Seconds, *, calm: bool) -> Selection | None:
        """What comes after `present`, relaxed step by step: the music shall not end for want of a choice.

        While `calm` is asked for: as calm as now, then calmer than half of all music, then anything approved.
        For a restless resident what is calmer than half comes before what is livelier than now.
        """
        last = without(frozenset(), present)
        calmer = self._context(present, at, soothe=True, floor=UNKNOWN_CALMNESS, relax=Relax.COMFORT)
        questions = [self._context(present, at)]
        if calm:
            as_now = self._context(present, at, soothe=True, floor=self.calmness(present))
            questions = [as_now, calmer, *questions]
        elif self.situation.restless:
            questions.append(calmer)
        questions += [
            self._context(present, at, relax=Relax.COMFORT),
            self._context(present, at, relax=Relax.ALL, avoid=last),
            self._context(present, at, relax=Relax.ALL, avoid=frozenset()),
        ]
        return next((choice for q in questions if (choice := self._choose(q)) is not None), None)

    def first(self, name: str | None, at: Seconds) -> Selection | None:
        """The piece that the profile names to start with, if it may be played; otherwise by the policy."""
        entry = self._catalogue.named(name)
        if entry is not None:
            choice = self._allowed(entry.track.id, at)
            if choice is not None:
                return choice
        return self.following(None, at, calm=False)

    def this(self, entry: CatalogueEntry | None, at: Seconds) -> Selection | None:
        """This very piece, if it may be played."""
        return None if entry is None else self._allowed(entry.track.id, at)

    def again(self, present: TrackId | None, at: Seconds) -> CatalogueEntry | None:
        """A piece to try although it could not be played a moment ago."""
        last = without(frozenset(), present)
        for relax in (Relax.COMFORT, Relax.ALL):
            choice = self._choose(self._context(present, at, relax=relax, avoid=last, broken=frozenset()))
            if choice is not None:
                return self._catalogue.get(choice.track_id)
        return None

    def permitted(self, track_id: TrackId, at: Seconds) -> bool:
        """Whether nothing but a fault stands against this piece."""
        self._take_changes()
        question = self._context(None, at, relax=Relax.ALL, avoid=frozenset(), broken=frozenset())
        return self._selector.allows(track_id, question, self._recall.history(at)) is not None

    def favourites(self, at: Seconds, count: int) -> tuple[CatalogueEntry, ...]:
        """The pieces that are loved or known to help, best first."""
        self._take_changes()
        question = self._context(None, at, relax=Relax.ALL, avoid=frozenset(), broken=frozenset())
        return self._selector.favourites(question, self._recall.history(at), count)

    def may_play(self, track_id: TrackId, at: Seconds) -> CatalogueEntry | None:
        """The entry, if it is there and nothing bars it or lately broke it."""
        return self._catalogue.get(track_id) if self._allowed(track_id, at) else None

    def why_nothing(self, at: Seconds) -> str:
        """What stands in the way of playing anything, in one sentence."""
        self._take_changes()
        question = self._context(None, at, relax=Relax.ALL, avoid=frozenset())
        return self._selector.why_nothing(question, self._recall.history(at))

    def learn(self, credit: Credit, at: Seconds) -> None:
        self._recall.version += 1
        self._selector.learn_one(credit, at)

    def learned(self) -> Learned | None:
        """To be stored after `learn`; None for a policy that learns nothing."""
        return self._selector.learned()

    def calmness(self, track_id: TrackId | None) -> float:
        entry = self._catalogue.get(track_id)
        if entry is None or entry.features is None or entry.features.affect is None:
            return UNKNOWN_CALMNESS if track_id is not None else 0.0
        return entry.features.affect.calmness

    # --- tools --------------------------------------------------------------------------------------

    def _context(
        self,
        present: TrackId | None,
        at: Seconds,
        *,
        soothe: bool = False,
        floor: float = 0.0,
        relax: Relax = Relax.NOTHING,
        avoid: frozenset[TrackId] | None = None,
        surest: bool = False,
        broken: frozenset[TrackId] | None = None,
    ) -> Context:
        """avoid: None for what was heard lately and the present piece. broken: None for what is."""
        if avoid is None:
            avoid = without(self._recall.recent(min(RECENT, len(self._catalogue) // 3)), present)
        before = None if present is None else self._steps.get(present)
        return Context(
            at=at,
            soothe=soothe,
            floor=floor,
            relax=relax,
            avoid=avoid,
            broken=self._catalogue.broken(at) if broken is None else broken,
            present=self._catalogue.get(present),
            step=0 if before is None else before + 1,
            situation=self.situation,
            surest=surest,
        )

    def _choose(self, context: Context) -> Selection | None:
        self._take_changes()
        choice = self._selector.choose(context, self._recall.history(context.at), self._random)
        if choice is not None:
            self._steps.pop(choice.track_id, None)
            if context.soothe:
                self._steps[choice.track_id] = context.step
                while len(self._steps) > MAX_STEPS:
                    del self._steps[next(iter(self._steps))]
        return choice

    def _allowed(self, track_id: TrackId, at: Seconds) -> Selection | None:
        self._take_changes()
        question = self._context(None, at, relax=Relax.ALL, avoid=frozenset())
        return self._selector.allows(track_id, question, self._recall.history(at))

    def _take_changes(self) -> None:
        changed, gone = self._catalogue.changes()
        if changed or gone:
            self._selector.update(changed, gone)
