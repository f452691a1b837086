"""What the room's microphone means: readings for the listener, and a little less or more volume."""

from collections import deque
from typing import Final

from player.model import ROOM_MICROPHONE, Quantity, Reading, RoomHeard
from player.units import Decibels, Seconds

# Own judgement, all but `MOST_UP` and `STEADY_FOR`, which are limits.
LEAST_QUALITY: Final = 0.2  # below, nothing is said
DOWN: Final = Decibels(-4.0)  # while people talk: they need not raise their voices
TALK: Final = 0.3  # share of the time with a voice that is talk,
TALK_FOR: Final = 3  # windows of the last
OF_LAST: Final = 4
TALK_OVER: Final = Seconds(20.0)  # without a voice
MOST_UP: Final = Decibels(3.0)
STEADY_FOR: Final = Seconds(60.0)
STEADY: Final = Decibels(6.0)  # between the quietest and the loudest window
NOISE: Final = Decibels(6.0)  # over the usual room, from where on music is raised
PER_DECIBEL: Final = 0.5  # of noise above that
NO_VOICE: Final = 0.05
LEAST_LEVEL_QUALITY: Final = 0.5
LOST: Final = Seconds(6.0)  # between two windows: what was before does not count


def readings(heard: RoomHeard, at: Seconds) -> tuple[Reading, ...]:
    """For the listener's model; none while the player's own sound hides the room."""
    if heard.quality < LEAST_QUALITY:
        return ()
    found = [
        (Quantity.VOICE, heard.voice),
        (Quantity.SHOUT, heard.shout),
        (Quantity.REPETITIVE_CALL, heard.calls),
    ]
    if heard.level is not None:
        found.append((Quantity.SOUND_LEVEL, min(max(heard.level, -40.0), 100.0)))
    return tuple(
        Reading(source=ROOM_MICROPHONE, quantity=quantity, value=value, at=at, quality=heard.quality)
        for quantity, value in found
    )


class RoomVolume:
    """Decibels over the volume that staff chose, always at most `MOST_UP`; the ceiling is kept elsewhere.

    Down freely: while people talk. Up only for a steady noise that is no voice and has lasted for
    `STEADY_FOR`, never while the resident is restless; any voice, gap or doubt ends it at once.
    """

    def __init__(self) -> None:
        self._windows: deque[tuple[Seconds, RoomHeard]] = deque()
        self._talk_at: Seconds | None = None  # when talk was heard last

    def observe(self, heard: RoomHeard, at: Seconds) -> None:
        if self._windows and not 0.0 <= at - self._windows[-1][0] <= LOST:
            self._windows.clear()
        self._windows.append((at, heard))
        while at - self._windows[0][0] > STEADY_FOR + LOST:
            self._windows.popleft()
        newest = [each for _, each in self._windows][-OF_LAST:]
        talking = sum(each.voice >= TALK and each.quality >= LEAST_QUALITY for each in newest) >= TALK_FOR
        if talking or (self._talk_at is not None and heard.voice >= TALK):
            self._talk_at = at

    def offset(self, at: Seconds, *, restless: bool) -> Decibels:
        if self._talk_at is not None and 0.0 <= at - self._talk_at < TALK_OVER:
            return DOWN
        self._talk_at = None
        return Decibels(0.0) if restless else self._up(at)

    def _up(self, at: Seconds) -> Decibels:
        if not self._windows or not 0.0 <= at - self._windows[-1][0] <= LOST:
            return Decibels(0.0)
        if at - self._windows[0][0] < STEADY_FOR:
            return Decibels(0.0)
        levels: list[float] = []
        for _, heard in self._windows:
            if heard.level is None or heard.voice > NO_VOICE or heard.quality < LEAST_LEVEL_QUALITY:
                return Decibels(0.0)
            levels.append(heard.level)
        if max(levels) - min(levels) > STEADY:
            return Decibels(0.0)
        return Decibels(min(max(PER_DECIBEL * (min(levels) - NOISE), 0.0), MOST_UP))
