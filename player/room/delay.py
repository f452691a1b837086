"""How long the player's sound takes to the microphone: found by cross-correlation, and followed."""

from typing import Final

import numpy as np

from player.room.frames import RATE, Mono
from player.units import Seconds

WINDOW: Final = 2 * RATE  # samples of the microphone in one estimate; tuning
LONGEST: Final = RATE + RATE // 2  # samples of delay that are looked for
LEAD: Final = RATE // 50  # the filter begins 20 ms earlier, for what drifts
CLEAR: Final = 12.0  # a peak so many times the usual size is one; tuning
APART: Final = RATE // 100  # estimates within 10 ms agree
OFTEN: Final = Seconds(2.0)  # between two looks, until the delay is found and while it seems to move
RARELY: Final = Seconds(10.0)  # when nothing is amiss
QUIET: Final = 1e-5  # RMS of a reference that is not heard


class DelayFinder:
    """Generalised cross-correlation with phase transform (Knapp & Carter 1976).

    `delay`: samples by which the reference is to be delayed; None: not found yet. Two estimates that agree
    move it, one that contradicts does not.
    """

    def __init__(self) -> None:
        self.delay: int | None = None
        self._candidate: int | None = None
        self._moving = False

    @property
    def pause(self) -> Seconds:
        """Until the next look."""
        return OFTEN if self.delay is None or self._moving else RARELY

    def look(self, played: Mono, heard: Mono) -> bool:
        """True when the delay moved. heard: the newest `WINDOW`; played: `LONGEST` more, ending with it."""
        if len(heard) < WINDOW or np.sqrt(np.mean(np.square(played))) < QUIET:
            return False
        found = _peak(played, heard)
        if found is None:
            return False
        agreed = self._candidate is not None and abs(found - self._candidate) <= APART
        self._candidate = found
        wanted = max(found - LEAD, 0)
        self._moving = self.delay is None or abs(wanted - self.delay) >= LEAD - LEAD // 8
        if not agreed or not self._moving:
            return False
        self.delay, self._moving = wanted, False
        return True


def _peak(played: Mono, heard: Mono) -> int | None:
    size = len(played)  # what wraps around meets no delay that is looked for
    cross = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
    cross /= np.abs(cross) + 1e-12
    low, high = 100 * size // RATE, 6000 * size // RATE  # where loudspeakers and microphones are good
    cross[:low] = 0.0
    cross[high:] = 0.0
    correlation = np.abs(np.fft.irfft(cross, size)[: len(played) - len(heard) + 1])
    best = int(correlation.argmax())
    if correlation[best] < CLEAR * correlation.mean():
        return None
    return len(played) - len(heard) - best
