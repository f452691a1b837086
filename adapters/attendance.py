"""Which sensors have fallen silent: each is known by the rhythm in which it reports."""

from collections import OrderedDict
from typing import Final

from msgspec import Struct

from player.model import Reading
from player.units import Seconds

MOST: Final = 64  # sensors; the one that was silent longest is forgotten
OFTEN: Final = 5  # readings, before a rhythm is known
PATIENCE: Final = 10.0  # usual intervals without a word
LEAST: Final = Seconds(120.0)  # never sooner; own judgement
RHYTHM: Final = Seconds(600.0)  # a sensor that reports more seldom tells of events, and has no rhythm
SMOOTHING: Final = 0.2  # weight of the newest interval


class Sensor(Struct):
    last: Seconds
    interval: float = 0.0  # s, smoothed
    count: int = 0


class Attendance:
    def __init__(self) -> None:
        self._sensors: OrderedDict[str, Sensor] = OrderedDict()

    def heard(self, reading: Reading, at: Seconds) -> None:
        sensor = self._sensors.get(reading.source)
        if sensor is None:
            self._sensors[reading.source] = Sensor(last=at, count=1)
        else:
            interval = at - sensor.last
            sensor.interval += (interval - sensor.interval) * (SMOOTHING if sensor.count > 1 else 1.0)
            sensor.last, sensor.count = at, sensor.count + 1
        self._sensors.move_to_end(reading.source)
        while len(self._sensors) > MOST:
            self._sensors.popitem(last=False)

    def missing(self, at: Seconds) -> tuple[tuple[str, Seconds], ...]:
        """Names, and when they were heard last."""
        return tuple(
            (name, sensor.last)
            for name, sensor in self._sensors.items()
            if sensor.count >= OFTEN
            and sensor.interval <= RHYTHM
            and at - sensor.last > max(PATIENCE * sensor.interval, LEAST)
        )
