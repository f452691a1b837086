"""Closes the loop: what came of each choice teaches the policy, and the memory keeps it."""

from player.model import ListenerState, Selection, TrackId, Verb
from player.selection.outcome import Observation, OutcomeWatch
from player.selection.reward import Credit, NaturalChange, StopReason
from player.session.chooser import Chooser
from player.session.recall import Recall
from player.settings import PolicySettings
from player.units import Seconds

LOOK_EVERY = Seconds(10.0)
DAY = 86_400.0
# What a command of a person says about the piece that is heard.
SAID = {
    Verb.DISLIKE: StopReason.DISLIKED,
    Verb.NEVER: StopReason.DISLIKED,
    Verb.NEXT: StopReason.SKIPPED,
    Verb.PAUSE: StopReason.OTHER,
    Verb.PLAY_PAUSE: StopReason.OTHER,
    Verb.STOP: StopReason.OTHER,
}


class Learning:
    """Watches one trial at a time: a piece, and the response window after it began."""

    def __init__(self, chooser: Chooser, recall: Recall, policy: PolicySettings) -> None:
        self._chooser, self._recall, self._policy = chooser, recall, policy
        self.begin()

    def begin(self) -> None:
        """From what the memory holds; whatever was watched just now is let go."""
        half_life = Seconds(self._policy.half_life_days * DAY)
        natural = NaturalChange(half_life, self._recall.natural)
        self._watch = OutcomeWatch(self._policy.response_window_s, natural)
        self._looked: Seconds | None = None
        self._heard: TrackId | None = None

    def look(self, listener: ListenerState, minute: int, heard: TrackId | None) -> None:
        """At every event; an observation is taken a few times a minute. listener: as sensors alone see it."""
        at = listener.at
        if heard is None and self._heard is not None:
            self.stopped(StopReason.OTHER, at)  # what follows in silence is not of the piece
        self._heard = heard
        if self._looked is not None and 0.0 <= at - self._looked < LOOK_EVERY:
            return
        self._looked = at
        seen = Observation(
            at=at,
            minute=minute,
            agitation=listener.agitation if listener.confidence > 0.0 else None,
            confidence=listener.confidence,
            heard=heard,
        )
        self._take(self._watch.observe(seen), at)

    def entered(self, choice: Selection, at: Seconds, *, soothing: bool) -> None:
        """A piece that the policy chose is heard from now on."""
        self._take(self._watch.entered(choice, at, soothing=soothing), at)

    def judged(self, rating: int, at: Seconds, given: Seconds | None) -> TrackId | None:
        """A person said better, same or worse of the music at `given` (None: now). Which piece it was."""
        credits = self._watch.judged(rating, at, at if given is None else given)
        self._take(credits, at)
        return credits[0].track_id if credits else None

    def commanded(self, verb: Verb, at: Seconds) -> None:
        reason = SAID.get(verb)
        if reason is not None:
            self.stopped(reason, at)

    def stopped(self, reason: StopReason, at: Seconds) -> None:
        self._take(self._watch.stopped(reason), at)

    def _take(self, credits: list[Credit], at: Seconds) -> None:
        for credit in credits:
            self._chooser.learn(credit, at)
        if credits:
            self._recall.learned = self._chooser.learned() or self._recall.learned
            self._recall.natural = self._watch.natural.snapshot()
