"""When does a restless moment become an episode that may change the music?"""

from player.model import ListenerState, Quantity
from player.settings import PolicySettings
from player.units import Seconds

LOST_SIGHT = 600.0  # s without evidence, after which restlessness has not "persisted"; own judgement


class EpisodeDetector:
    """Persistence, hysteresis and refractory time over the listener's state (SCIENCE, "Sensing").

    An episode begins when agitation has stayed at or above `agitation_on` for `persist_s`
    (dipping below `agitation_off` starts the count again) and none began within `refractory_s`.
    Without evidence nothing begins and nothing ends. When the clock jumps back, or nothing was seen
    for ten minutes, the count starts again.
    """

    def __init__(self, policy: PolicySettings, last_onset: Seconds | None = None) -> None:
        """last_onset: of an episode that was answered before a restart."""
        self._policy = policy
        self._above_since: Seconds | None = None
        self._seen: Seconds | None = None
        self._last_onset = last_onset

    def update(self, state: ListenerState) -> Seconds | None:
        """Seconds for which agitation has persisted, at the moment an episode begins; otherwise None."""
        if state.confidence <= 0.0:
            return None
        self._look(state.at)
        if state.agitation <= self._policy.agitation_off:
            self._above_since = None
        elif self._above_since is None and state.agitation >= self._policy.agitation_on:
            self._above_since = state.at
        if self._above_since is None or state.agitation < self._policy.agitation_on:
            return None
        persisted = Seconds(state.at - self._above_since)
        # One spike and then nothing has not persisted: a second look is asked for. A word of staff counts on.
        ages = [0.0 if e.quantity is Quantity.AGITATION_RATING else e.age for e in state.why]
        if persisted - min(ages, default=0.0) < self._policy.persist_s / 2.0:
            return None
        if persisted < self._policy.persist_s or self._refractory(state.at):
            return None
        return persisted

    def began(self, at: Seconds) -> None:
        """The episode was answered: the refractory time starts."""
        self._last_onset = at

    def due(self, at: Seconds) -> Seconds | None:
        """When the present restlessness will have persisted, if nothing changes."""
        if self._above_since is None:
            return None
        due = self._above_since + self._policy.persist_s
        if self._last_onset is not None:
            due = max(due, self._last_onset + self._policy.refractory_s)
        return Seconds(due) if due > at else None

    def _look(self, at: Seconds) -> None:
        """Keep the count only while the evidence is without a gap and time runs forward."""
        if self._seen is not None and not 0.0 <= at - self._seen <= LOST_SIGHT:
            self._above_since = None
            if self._last_onset is not None and self._last_onset > at:
                self._last_onset = at
        self._seen = at

    def _refractory(self, at: Seconds) -> bool:
        return self._last_onset is not None and at - self._last_onset < self._policy.refractory_s
