"""Music and the hours: before the usual restlessness, not for ever, not into sleep; holds that end."""

from player.model import AdaptMode, ListenerState, Validity
from player.selection.reward import StopReason
from player.session.direction import Direction
from player.session.hours import usual_minute
from player.session.learning import Learning
from player.session.recall import Recall
from player.session.states import Held, Idle, Playing, Resting, Soothing
from player.settings import ClockTime, PolicySettings
from player.units import Seconds

# Own judgement.
END_FADE = Seconds(30.0)  # of a session that was long enough
LEAST_HOLD = Seconds(3600.0)  # a stop a moment before `hold_until` is meant for the day after
HALF_DAY = Seconds(43_200.0)
MINUTE, DAY = 60.0, 1440
STRETCH = 1.5  # of the session, while the resident is still restless


class Occasion:
    """A session that a sensor or the hour began: it ends by itself. One that a person began does not."""

    def __init__(self, at: Seconds) -> None:
        self.began = self.counted_to = at


class Schedule:
    def __init__(
        self, direction: Direction, recall: Recall, learning: Learning, named: ClockTime | None
    ) -> None:
        """named: the usual restless hour, as the profile names it."""
        self._direction, self._recall, self._learning = direction, recall, learning
        self._named = named
        self._policy: PolicySettings = direction.policy
        self._occasion: Occasion | None = None
        self._midnight: Seconds | None = None  # the last one, local time
        self._dose = Seconds(0.0)  # of today, of sessions that began by themselves
        self._began_today = False
        self._asleep = False  # and the music was faded out for it: once in a sleep, for people may want it
        self._before: tuple[Seconds, int] | None = None  # the moment looked at last

    def due(self) -> list[Seconds]:
        """When the session will have been long enough."""
        return [] if self._occasion is None else [Seconds(self._occasion.began + self._policy.session_s)]

    def began(self, at: Seconds) -> None:
        """Music began from silence by itself."""
        self._occasion = Occasion(at)

    def taken_over(self) -> None:
        """A person said what shall be: the session is theirs now, and does not end by itself."""
        self._occasion = None

    def dose_left(self) -> bool:
        return self._dose < self._policy.dose_s

    def follow(self, listener: ListenerState, minute: int, occasion: bool) -> None:
        """After every event. occasion: music may begin from silence."""
        at = listener.at
        self._count(at, minute)
        self._lift_hold(at, minute)
        fell_asleep = listener.validity is Validity.ASLEEP and not self._asleep
        self._asleep = listener.validity is Validity.ASLEEP
        match self._direction.state:
            case Playing() | Soothing() if fell_asleep:
                self._learning.stopped(StopReason.ASLEEP, at)
                self._end(at, self._policy.sleep_fade_s, "asleep", "The resident sleeps")
            case Playing() | Soothing() as state if self._long_enough(at, isinstance(state, Soothing)):
                length = f"{self._policy.session_s / MINUTE:.0f} min"
                self._end(at, END_FADE, "session", f"The music has played for {length}")
            case Idle() | Resting() if occasion and not self._asleep and self._before_the_hour(at, minute):
                self._begin(at)
            case _:
                pass

    # --- beginning ------------------------------------------------------------------------------------

    def _before_the_hour(self, at: Seconds, minute: int) -> bool:
        if self._began_today or self._recall.mode is not AdaptMode.AUTO or not self._policy.before_peak_s:
            return False
        usual = usual_minute(self._recall.hours, self._named, at)
        return usual is not None and 0 < (usual - minute) % DAY <= self._policy.before_peak_s / MINUTE

    def _begin(self, at: Seconds) -> None:
        self._began_today = True
        usual = usual_minute(self._recall.hours, self._named, at) or 0
        why = f"Before the hour at which restlessness usually begins ({usual // 60:02d}:{usual % 60:02d})"
        choice = self._direction.soothe(at, "schedule", why)
        if choice is not None:
            self.began(at)

    # --- ending ---------------------------------------------------------------------------------------

    def _long_enough(self, at: Seconds, soothing: bool) -> bool:
        if self._occasion is None:
            return False
        return at - self._occasion.began >= self._policy.session_s * (STRETCH if soothing else 1.0)

    def _end(self, at: Seconds, fade: Seconds, trigger: str, why: str) -> None:
        self._occasion = None
        self._direction.rest(at, fade, trigger, f"{why}: the music fades out.")

    def _lift_hold(self, at: Seconds, minute: int) -> None:
        until, before = self._policy.hold_until, self._before
        self._before = (at, minute)
        state = self._direction.state
        if until is None or before is None or not isinstance(state, Held) or at - state.since < LEAST_HOLD:
            return
        moment = int(until[:2]) * 60 + int(until[3:])
        passed = (minute - before[1]) % DAY
        if 0.0 <= at - before[0] < HALF_DAY and 0 <= (minute - moment) % DAY < passed:
            self._direction.release(at, f"Stopped until {until}: from now on music may begin again.")

    # --- the day ----------------------------------------------------------------------------------------

    def _count(self, at: Seconds, minute: int) -> None:
        midnight = Seconds(at - minute * MINUTE)
        if self._midnight is None or abs(midnight - self._midnight) > HALF_DAY:
            self._midnight, self._dose, self._began_today = midnight, Seconds(0.0), False
        occasion = self._occasion
        if occasion is None:
            return
        if not self._direction.heard:
            self._occasion = None
            return
        self._dose = Seconds(self._dose + max(at - occasion.counted_to, 0.0))
        occasion.counted_to = at
