"""Music and the hours: before the usual restlessness, not for ever, not into sleep; holds that end."""

import math

from msgspec import structs

from player.model import AdaptMode, ListenerState, Validity
from player.selection.reward import StopReason
from player.session.dating import on
from player.session.direction import Direction
from player.session.hours import usual_minute
from player.session.learning import Learning
from player.session.recall import Recall
from player.session.states import ALARM, Held, Idle, Paused, Playing, Resting, Soothing
from player.settings import ClockTime, PolicySettings
from player.units import Seconds

# Own judgement.
END_FADE = Seconds(30.0)  # of a session that was long enough
LEAST_HOLD = Seconds(3600.0)  # a stop a moment before `hold_until` is meant for the day after
MINUTE, DAY = 60.0, 1440
STRETCH = 1.5  # of the session, while the resident is still restless


class Schedule:
    def __init__(
        self, direction: Direction, recall: Recall, learning: Learning, named: ClockTime | None
    ) -> None:
        """named: the usual restless hour, as the profile names it."""
        self._direction, self._recall, self._learning = direction, recall, learning
        self.named = named
        self._policy: PolicySettings = direction.policy
        self._now = Seconds(0.0)
        self._ahead, self._started = Seconds(0.0), Seconds(math.inf)  # wall clock over the session's
        self._asleep = False  # and the music was faded out for it: once in a sleep, for people may want it

    def clock_is(self, ahead: Seconds, started: Seconds) -> None:
        """The wall clock is so far ahead of the moments since this run started."""
        self._ahead, self._started = ahead, started

    def due(self) -> list[Seconds]:
        """When the session will have been long enough."""
        began = self._recall.day.began
        return [] if began is None else [Seconds(began + self._policy.session_s)]

    def began(self, at: Seconds) -> None:
        """Music began from silence by itself."""
        self._recall.day = structs.replace(self._recall.day, began=at)

    def taken_over(self) -> None:
        """A person said what shall be: the session is theirs now, and does not end by itself."""
        self._close(self._now)

    def dose_left(self) -> bool:
        return self._dose(self._now) < self._policy.dose_s

    def _dose(self, at: Seconds) -> Seconds:
        """Of today: music that began by itself, pauses included."""
        day = self._recall.day
        return day.dose if day.began is None else Seconds(day.dose + max(at - day.began, 0.0))

    def _close(self, at: Seconds) -> None:
        if self._recall.day.began is not None:
            self._recall.day = structs.replace(self._recall.day, dose=self._dose(at), began=None)

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
                length = f"{self._length(at) / MINUTE:.0f} min"
                self._end(at, END_FADE, "session", f"The music has played for {length}")
            case Idle() | Resting() if occasion and not self._asleep and self._before_the_hour(at, minute):
                self._begin(at)
            case _:
                pass

    # --- beginning ------------------------------------------------------------------------------------

    def _before_the_hour(self, at: Seconds, minute: int) -> bool:
        if (
            self._recall.day.before_the_hour
            or self._recall.mode is not AdaptMode.AUTO
            or not self._policy.before_peak_s
        ):
            return False
        usual = usual_minute(self._recall.hours, self.named, at)
        return usual is not None and 0 < (usual - minute) % DAY <= self._policy.before_peak_s / MINUTE

    def _begin(self, at: Seconds) -> None:
        self._recall.day = structs.replace(self._recall.day, before_the_hour=True)
        usual = usual_minute(self._recall.hours, self.named, at) or 0
        why = f"Before the hour at which restlessness usually begins ({usual // 60:02d}:{usual % 60:02d})"
        calm = self._direction.soothe(at, "schedule", why)
        if calm is not None or self._direction.start(at, "schedule", why):
            self.began(at)

    # --- ending ---------------------------------------------------------------------------------------

    def _long_enough(self, at: Seconds, soothing: bool) -> bool:
        if self._recall.day.began is None:
            return False
        return self._length(at) >= self._policy.session_s * (STRETCH if soothing else 1.0)

    def _length(self, at: Seconds) -> Seconds:
        """Of the session that began by itself, so far."""
        began = self._recall.day.began
        return Seconds(0.0 if began is None else at - began)

    def _end(self, at: Seconds, fade: Seconds, trigger: str, why: str) -> None:
        self._close(at)
        self._direction.rest(at, fade, trigger, f"{why}: the music fades out.")

    def _lift_hold(self, at: Seconds, minute: int) -> None:
        until, state = self._policy.hold_until, self._direction.state
        held = isinstance(state, Held) or (isinstance(state, Paused) and state.by != ALARM)
        if until is None or not held or self._recall.mode is AdaptMode.OFF:
            return
        moment = int(until[:2]) * 60 + int(until[3:])
        last = at + self._ahead - (minute - moment) % DAY * MINUTE
        since = state.since + (self._ahead if state.since > self._started else 0.0)
        if last - since >= LEAST_HOLD:
            self._direction.release(at, f"Stopped until {until}: from now on music may begin again.")

    # --- the day ----------------------------------------------------------------------------------------

    def _count(self, at: Seconds, minute: int) -> None:
        self._now = at
        day = on(self._recall.day, Seconds(at + self._ahead - minute * MINUTE))
        if day is not self._recall.day:
            since = Seconds(at - minute * MINUTE)  # what was heard before midnight is of yesterday
            began = None if day.began is None else Seconds(max(day.began, since))
            self._recall.day = structs.replace(day, began=began)
        if isinstance(self._direction.state, Resting | Held):
            self._close(at)
