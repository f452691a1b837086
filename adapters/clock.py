"""The brain's clock: Unix time at start, monotonic from there; a step of the wall clock changes nothing."""

import time
from datetime import UTC, datetime

from player.units import Seconds


class Clock:
    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> Seconds:
        return Seconds(time.monotonic() + self._offset)

    @staticmethod
    def minute() -> int:
        """Minute of the local day, 0-1439."""
        local = datetime.now(UTC).astimezone()
        return local.hour * 60 + local.minute
