"""The board's own heat: a scan may wait for a cooler hour, the music cannot."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from player.units import Seconds

log = logging.getLogger(__name__)

ZONES: Final = Path("/sys/class/thermal")
# Tuning constants. A Raspberry Pi slows itself down from 80 °C on.
HOT: Final = 72.0  # °C: stop
COOL: Final = 65.0  # °C: go on
LOOK: Final = Seconds(5.0)
LONGEST: Final = Seconds(900.0)  # a sensor that is stuck must not stop scanning for ever


class Thermometer:
    """`clock` and `sleep` may be virtual."""

    def __init__(
        self,
        zones: Path = ZONES,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._zones, self._clock, self._sleep = zones, clock, sleep
        self._looked = clock()

    def celsius(self) -> float | None:
        """The hottest sensor; None where there is none."""
        found = []
        for zone in self._zones.glob("thermal_zone*/temp"):
            try:
                found.append(int(zone.read_text()) / 1000.0)
            except (OSError, ValueError):
                continue  # a sensor that is switched off
        return max(found, default=None)

    def wait_until_cool(self) -> None:
        """At once when it is cool, or when this was asked a moment ago."""
        began = self._clock()
        if began - self._looked < LOOK:
            return
        self._looked = began
        limit = HOT
        while (now := self.celsius()) is not None and now > limit and self._clock() - began < LONGEST:
            if limit == HOT:
                log.info("the machine is at %.0f °C: analysis waits", now)
            limit = COOL
            self._sleep(LOOK)
            self._looked = self._clock()
