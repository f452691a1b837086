"""One quantity from one source: how far it departs from what is usual for this person."""

import math

from player.listener.averages import Average
from player.listener.baseline import Baseline
from player.listener.quantities import NATURES, Nature
from player.model import Quantity, Reading
from player.units import Seconds

# Own judgement unless stated.
HALF_LIFE = 60.0  # s, of a reading's freshness
STALE_AFTER = 180.0  # s
OUT_OF_ORDER = 5.0  # s that a reading may come late; more, and the clock jumped back
BROKEN_OFF = 120.0  # s without readings, after which the short memory starts again
FIRST_STEP = 1.0  # s that a first reading stands for
RESTLESSNESS_WINDOW = 90.0  # s, time constant of the variability
RESTLESSNESS_USUAL = 600.0  # s, of what variability is usual
ENOUGH = 10.0  # readings within that window; fewer say nothing about variability
STUCK_READINGS = 8  # equal ones in a row, at least
PEAK_MEMORY = 120.0  # s in which a peak is forgotten
PEAK_SMOOTHING = 8.0  # s
RECOVERED = -1.0  # below the peak; further is not told apart
KNOWN_AFTER = 180.0  # s of readings until half of the full confidence


class Signal:
    """State of O(1) size: short averages, the personal baseline, and whether the sensor lives."""

    def __init__(self, source: str, quantity: Quantity) -> None:
        self.source, self.quantity = source, quantity
        self.nature: Nature = NATURES[quantity]
        nature = self.nature
        self.baseline = Baseline(nature.prior, nature.spread, nature.prior_s, nature.tonic)
        self._fast = Average(nature.fast)
        self._peak_level = Average(PEAK_SMOOTHING)
        self._peak = -math.inf
        self._centre = Average(RESTLESSNESS_WINDOW)
        self._square = Average(RESTLESSNESS_WINDOW)
        self._usual_variability = Average(RESTLESSNESS_USUAL)
        self._count = 0.0
        self._last: Reading | None = None
        self._unchanged_since = Seconds(0.0)
        self._unchanged = 0
        self._quality = 0.0
        self.ahead = Seconds(0.0)  # wall clock over the moments of readings: habits have hours of the day
        # Of the last usable reading:
        self.departure = 0.0  # from usual, on the scale of `Nature.encode`
        self.level = 0.0  # the same on a bounded scale, −1 to 1
        # Unsteadiness within about three minutes against what is usual, −1 to 1; None: too few readings.
        self.variability: float | None = None

    def observe(self, reading: Reading, *, learn: bool = True) -> None:
        """Take a reading; implausible, late and repeated ones change nothing but the quality.

        learn: False while the person is known to be restless, asleep or without the sensor.
        """
        last = self._last
        step = FIRST_STEP if last is None else reading.at - last.at
        if -OUT_OF_ORDER <= step <= 0.0:
            return
        if step < 0.0:  # the clock jumped back
            self._break_off()
            step = FIRST_STEP
        self._count_unchanged(reading, last)
        self._last = reading
        nature = self.nature
        plausible = nature.low <= reading.value <= nature.high
        self._quality = min(reading.quality, 1.0) if plausible and not self.stuck else 0.0
        if self._quality <= 0.0:
            return
        if step > BROKEN_OFF:
            self._break_off()
        self._follow(nature.encode(reading.value), step, reading.at, learn)

    def _follow(self, level: float, step: float, at: Seconds, learn: bool) -> None:
        self._fast.add(level, step)
        self._peak_level.add(level, step)
        top = self._peak_level.mean
        self._peak = max(top, top + (self._peak - top) * math.exp(-step / PEAK_MEMORY))
        self._count = self._count * math.exp(-step / RESTLESSNESS_WINDOW) + 1.0
        self._centre.add(level, step)
        self._square.add((level - self._centre.mean) ** 2, step)
        unsteady = math.log(math.sqrt(max(self._square.mean, 0.0)) + self.nature.floor)
        if learn:
            self._usual_variability.add(unsteady, step)
            self.baseline.learn(level, step, Seconds(at + self.ahead))
        self.departure = self._fast.mean - self.baseline.reference(Seconds(at + self.ahead))
        self.level = math.tanh(self.departure / self.nature.scale)
        enough = self._count >= ENOUGH
        self.variability = math.tanh(unsteady - self._usual_variability.mean) if enough else None

    # --- what it says -----------------------------------------------------------------------------------

    @property
    def stuck(self) -> bool:
        last = self._last
        return (
            last is not None
            and self._unchanged >= STUCK_READINGS
            and last.at - self._unchanged_since >= self.nature.stuck_s
        )

    def fresh(self, at: Seconds) -> bool:
        """Whether the last reading is recent (and not from the future, after a jump of the clock)."""
        return self._last is not None and -OUT_OF_ORDER <= at - self._last.at <= STALE_AFTER

    def reliability(self, at: Seconds) -> float:
        """Quality × freshness of the newest reading, 0-1."""
        if not self.fresh(at) or self._quality <= 0.0:
            return 0.0
        freshness: float = 2.0 ** (-self.age(at) / HALF_LIFE)
        return self._quality * freshness

    def trust(self, at: Seconds) -> float:
        """Reliability × how well the person is known, 0-1."""
        learned = self.baseline.learned
        return self.reliability(at) * learned / (learned + KNOWN_AFTER)

    def age(self, at: Seconds) -> Seconds:
        return Seconds(max(at - self._last.at, 0.0)) if self._last else Seconds(math.inf)

    @property
    def raw(self) -> float:
        """The last reading as it came, plausible or not; NaN before any."""
        return self._last.value if self._last else math.nan

    @property
    def value(self) -> float:
        """The level of the last seconds, in the quantity's unit."""
        return self.nature.decode(self._fast.mean)

    @property
    def usual(self) -> float:
        """In the quantity's unit, at the last reading."""
        return self.nature.decode(self._fast.mean - self.departure)

    @property
    def recovery(self) -> float:
        """How far the level has come down from the peak of the last minutes, −1 to 0."""
        return max(self._peak_level.mean - self._peak, RECOVERED) if self._peak > -math.inf else 0.0

    # --- inside -----------------------------------------------------------------------------------------

    def _count_unchanged(self, reading: Reading, last: Reading | None) -> None:
        if last is None or reading.value != last.value or not 0.0 < reading.at - last.at <= BROKEN_OFF:
            self._unchanged, self._unchanged_since = 1, reading.at
        else:
            self._unchanged += 1

    def _break_off(self) -> None:
        for average in (self._fast, self._peak_level, self._centre, self._square):
            average.restart(0.0)
        self._peak, self._count = -math.inf, 0.0
