"""How loud this room usually is, by hour of the day."""

from typing import Final

from player.units import Decibels, Seconds

HOURS: Final = 24
# Tuning constants.
QUANTILE: Final = 0.3  # the room without what happens in it
PACE: Final = 0.05  # dB per second that the level differs
FAST: Final = Seconds(60.0)  # at first ten times as fast
FAR, LEAP = Decibels(6.0), 0.3  # a room far quieter than thought is believed within seconds
SHRINK: Final = Seconds(1800.0)  # an hour speaks for itself once it was heard for so long


class RoomBaseline:
    """A running quantile of the level, of all hours and of each; an hour not yet heard is as the others."""

    def __init__(self) -> None:
        self._all: float | None = None
        self._hours: list[tuple[float, float]] = [(0.0, 0.0)] * HOURS  # dB over all, s heard
        self._heard = 0.0

    def level(self, hour: int) -> Decibels | None:
        """None: nothing heard yet."""
        if self._all is None:
            return None
        offset, heard = self._hours[hour % HOURS]
        return Decibels(self._all + offset * heard / (heard + SHRINK))

    def learn(self, level: Decibels, hour: int, step: Seconds) -> None:
        """level: dB, of the last `step` seconds."""
        if self._all is None:
            self._all = level
        pace = PACE * step * (10.0 if self._heard < FAST else 1.0)
        self._heard += step
        self._all += _move(level, self._all, pace)
        offset, heard = self._hours[hour % HOURS]
        offset += _move(level, self._all + offset, pace)
        self._hours[hour % HOURS] = (offset, heard + step)


def _move(level: float, present: float, pace: float) -> float:
    """Towards the quantile, at most by the whole difference."""
    if level > present:
        return min(2.0 * pace * QUANTILE, level - present)
    down = -2.0 * pace * (1.0 - QUANTILE)
    if level < present - FAR:  # it began beside something loud
        down = min(down, LEAP * (level - present))
    return max(down, level - present)
