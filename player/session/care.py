"""When sensors may change the music, whether a change has helped, and what follows when it has not.

An episode → a calmer piece → response window → keep, another, or give up and ask staff to look. A false
alarm must be harmless: the worst that can follow is a gentle change of music.
"""

from player.listener.episode import EpisodeDetector
from player.model import AdaptMode, ListenerState
from player.selection.outcome import LEAST_CONFIDENCE
from player.selection.reward import StopReason
from player.session.direction import Direction
from player.session.hours import with_episode
from player.session.learning import Learning
from player.session.motive import RETRY
from player.session.recall import Recall
from player.session.states import Fading, Idle, Playing, Resting, Soothing
from player.session.views import restless
from player.units import Seconds

HOUR, NEVER = Seconds(3600.0), Seconds(0.0)
# Own judgement.
TRIES = 3  # pieces by the policy; then the one most sure to help, and staff are asked to look
HELPED = 0.15  # fall of agitation that counts as help although the resident is still restless
UPSET = 0.25  # rise of agitation with the music from which it is taken for the cause
UPSET_FOR = Seconds(60.0)  # so long, for sensors are often wrong
SURE = 0.4  # confidence below which nothing is blamed on the music
UPSET_FADE = Seconds(8.0)
ASK_AGAIN = Seconds(1800.0)  # staff are not asked more often
LEFT_ALONE = Seconds(1800.0)  # what no piece has helped changes no more music for so long, unless it was over


class Care:
    """The rules of one resident. `occasion` says whether music may begin from silence."""

    def __init__(self, direction: Direction, recall: Recall, learning: Learning) -> None:
        self._direction, self._recall, self._learning = direction, recall, learning
        self._policy = direction.policy
        self._episodes = EpisodeDetector(direction.policy, max(recall.swaps, default=None))
        self._risen_since: Seconds | None = None
        self._asked: Seconds | None = None
        self._gave_up: Seconds | None = None
        self._answered = NEVER  # when something was done last, or found to be good

    def due(self, at: Seconds) -> list[Seconds]:
        """Moments at which something may have to be done although nothing happens."""
        state = self._direction.state
        moments = [self._episodes.due(at), state.until if isinstance(state, Soothing) else None]
        if self._risen_since is not None:
            moments.append(Seconds(self._risen_since + UPSET_FOR))
        return [moment for moment in moments if moment is not None]

    def follow(self, listener: ListenerState, sensed: ListenerState, minute: int, *, occasion: bool) -> bool:
        """After every event. occasion: music may begin from silence. True when it began so.

        sensed: without ratings by staff. A rating of unrest is answered once; then it is sensors that count.
        One of calm stands while it is fresh: without it, a sensor that never moved would seem to rise.
        """
        at = listener.at
        state, rated_at = self._direction.state, listener.rated_at
        answered = max(self._answered, state.since if isinstance(state, Soothing) else NEVER)
        if rated_at is not None and rated_at <= answered and sensed.agitation <= listener.agitation:
            listener = sensed
        persisted = self._episodes.update(listener)
        if isinstance(state, Soothing):
            if self._upset(state, listener):
                self._leave_what_upsets(at)
            elif at >= state.until:
                self._judge(state, listener)
            return False
        self._risen_since = None
        if persisted is None:
            return False
        if persisted >= self._policy.prompt_staff_after_s:
            self._ask(at, f"Restless for {persisted / 60.0:.0f} min (agitation {listener.agitation:.2f})")
        if self._recall.mode is not AdaptMode.AUTO:
            return False
        return self._begin(listener, persisted, minute, occasion)

    def _done(self, at: Seconds) -> None:
        self._answered = at
        self._episodes.began(at)

    # --- an episode -----------------------------------------------------------------------------------

    def _begin(self, listener: ListenerState, persisted: Seconds, minute: int, occasion: bool) -> bool:
        at, state = listener.at, self._direction.state
        silent = isinstance(state, Idle | Resting | Fading)
        if not isinstance(state, Playing) and not (silent and occasion):
            return False
        gave_up = self._gave_up
        if gave_up is not None and at - persisted <= gave_up <= at < gave_up + LEFT_ALONE:
            return False
        swaps = tuple(swap for swap in self._recall.swaps if at - swap < HOUR)
        if len(swaps) >= self._policy.max_swaps_per_hour:
            return False
        why = f"The resident seems {restless(listener, persisted)}"
        moved = self._direction.soothe(at, "agitation", why) is not None
        if not moved and isinstance(state, Idle | Resting):
            # nothing is known to be calm: what the resident knows, all the same
            moved = self._direction.start(at, "agitation", why)
        self._episodes.began(at)
        self._recall.hours = with_episode(self._recall.hours, minute, at)
        if not moved:
            return False
        self._answered = at
        self._recall.swaps = (*swaps, at)
        return silent

    # --- the response ---------------------------------------------------------------------------------

    def _judge(self, state: Soothing, listener: ListenerState) -> None:
        """The response window is over."""
        at, now = listener.at, listener.agitation
        if listener.confidence < LEAST_CONFIDENCE or self._recall.mode is not AdaptMode.AUTO:
            self._direction.settle(at, "Whether it helps cannot be told")
        elif self._calm(now):
            self._direction.settle(at, f"The resident seems calm (agitation {now:.2f})")
        elif state.before is not None and now <= state.before - HELPED:
            fall = f"agitation {state.before:.2f} before, {now:.2f} now"
            self._direction.settle(at, f"It seems to help ({fall})")
        else:
            self._go_on_trying(state, listener)
            return
        self._done(at)

    def _calm(self, agitation: float) -> bool:
        return agitation < (self._policy.agitation_on + self._policy.agitation_off) / 2.0

    def _go_on_trying(self, state: Soothing, listener: ListenerState) -> None:
        """Another piece, where there is one; the end of trying is a word to staff."""
        at = listener.at
        minutes = (at - state.began) / 60.0
        why = f"Still restless after {minutes:.0f} min (agitation {listener.agitation:.2f})"
        if state.tries > TRIES:
            self._direction.settle(at, f"{why}, and no other piece is tried")
            self._done(at)
            self._gave_up = at
            return
        if state.tries == TRIES or at - state.began >= self._policy.prompt_staff_after_s:
            self._ask(at, why)
        if self._direction.soothe(at, RETRY, why, surest=state.tries == TRIES) is None:
            self._direction.wait_on(at)

    def _ask(self, at: Seconds, why: str) -> None:
        if self._asked is None or not 0.0 <= at - self._asked < ASK_AGAIN:
            self._asked = at
            self._direction.prompt(at, why)

    # --- harm -------------------------------------------------------------------------------------------

    def _upset(self, state: Soothing, listener: ListenerState) -> bool:
        """Agitation has risen with the music, for a minute and surely."""
        at = listener.at
        if listener.confidence <= 0.0 or self._recall.mode is not AdaptMode.AUTO:
            return False
        least = None if state.before is None else max(state.before + UPSET, self._policy.agitation_on)
        if least is None or listener.agitation < least:
            self._risen_since = None
            return False
        sure = listener.confidence >= SURE
        since = self._risen_since
        if sure and (since is None or not state.since <= since <= at):
            self._risen_since = since = at
        return sure and since is not None and at - since >= UPSET_FOR

    def _leave_what_upsets(self, at: Seconds) -> None:
        self._risen_since = None
        piece = self._direction.heard_id
        self._learning.stopped(StopReason.UPSET, at)
        if piece is not None:
            self._recall.upset(piece, at)
        why = "Agitation has risen with this piece; it is left out for a while"
        self._direction.rest(at, UPSET_FADE, "upset", f"{why}.")
        self._recall.forget_place()
        self._done(at)
        self._ask(at, why)
