"""What is usual for this person: now, at this hour of the day, and at all."""

from msgspec import Struct

from player.listener.averages import LONGEST_STEP, Average
from player.units import Seconds

DAY = 86_400.0  # s
HOURS = 24
# Own judgement, all in seconds of readings.
HABIT_MEMORY = 14 * DAY  # a fortnight: wards, seasons and drugs change
HOUR_MEMORY = 7 * 3600.0  # about seven days of one hour
HOUR_SHRINK = 3600.0  # an hour of the day speaks for itself once it was seen for this long
HABIT_TRUSTED = DAY  # of readings, until habit counts half as much as it ever will
HABIT_SHARE = 0.5  # of the reference, once habit is known
TOO_LONG_AGO = 900.0  # s without readings, after which what was usual just now no longer is
AGAIN = 1 / 3  # how much of its former inertia the tonic level then has, at the habitual level
CLIP = 4.0  # usual spreads beyond which one reading moves the baseline no further (Huber 1964)
SETTLED = 300.0  # s of readings before the spread is learned and anything is clipped


class Habit(Struct, frozen=True, kw_only=True):
    """What a baseline knows for longer than a day, as it can be stored: pairs of mean and weight (s)."""

    level: tuple[float, float]
    hours: tuple[tuple[float, float], ...]  # offsets
    spread: tuple[float, float]
    learned: Seconds


class Baseline:
    """The level from which a quantity of one person departs.

    Two layers: the *tonic* level of the last quarter of an hour, and the *habit*: an all-day level
    plus an offset for each hour of the day, shrunk to 0 until that hour was seen. Electrodes,
    clothes and posture shift the tonic level within minutes, so at first it alone counts; once
    habit is known it takes half, so that restlessness of hours is not taken for normal.
    Only readings of the past enter. Hours are those of UTC: a fixed shift does no harm.
    """

    def __init__(self, prior: float, spread: float, prior_s: float, tonic: float) -> None:
        self._prior_s = prior_s
        self._tonic = Average(tonic, prior, prior_s)
        self._habit = Average(HABIT_MEMORY, prior, prior_s)
        self._hours = tuple(Average(HOUR_MEMORY) for _ in range(HOURS))
        self._spread = Average(HABIT_MEMORY, spread, SETTLED)
        self.learned = Seconds(0.0)  # readings learned from, s

    @property
    def spread(self) -> float:
        """Mean absolute departure from the reference, in the unit of the quantity."""
        return self._spread.mean

    def habit(self) -> Habit:
        """To be stored."""
        return Habit(
            level=(self._habit.mean, self._habit.weight),
            hours=tuple((hour.mean, hour.weight) for hour in self._hours),
            spread=(self._spread.mean, self._spread.weight),
            learned=self.learned,
        )

    def resume(self, habit: Habit) -> None:
        """Go on with what an earlier run learned; the level of the last minutes begins anew."""
        self._habit.restart(*habit.level)
        for hour, known in zip(self._hours, habit.hours, strict=False):
            hour.restart(*known)
        self._spread.restart(*habit.spread)
        self.learned = habit.learned
        self._tonic.restart(habit.level[0], self._prior_s)

    def habitual(self, at: Seconds) -> float:
        """The level of this hour of the day over the last days."""
        hour = self._hours[_hour(at)]
        return self._habit.mean + hour.mean * hour.weight / (hour.weight + HOUR_SHRINK)

    def reference(self, at: Seconds) -> float:
        """What a reading at this moment is compared with."""
        share = HABIT_SHARE * self._habit.weight / (self._habit.weight + HABIT_TRUSTED)
        return self._tonic.mean + share * (self.habitual(at) - self._tonic.mean)

    def learn(self, value: float, step: float, at: Seconds) -> None:
        """Take a reading of an unremarkable moment that stands for `step` seconds."""
        if step > TOO_LONG_AGO:
            self._tonic.restart(
                self.habitual(at), max(self._prior_s, AGAIN * min(self._habit.weight, self._tonic.tau))
            )
        step = min(step, LONGEST_STEP)
        reference = self.reference(at)
        reach = CLIP * self._spread.mean
        if self.learned > SETTLED:
            value = min(max(value, reference - reach), reference + reach)
            self._spread.add(abs(value - reference), step)
        self._tonic.add(value, step)
        self._habit.add(value, step)
        self._hours[_hour(at)].add(value - self._habit.mean, step)
        self.learned = Seconds(min(self.learned + step, HABIT_MEMORY))


def _hour(at: Seconds) -> int:
    return int(at % DAY // 3600.0) % HOURS
