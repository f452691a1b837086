"""The one inbox: everything that happens passes here, in order, to one consumer."""

import asyncio
from collections import deque

from player.model import Listened, Progress, Quantity, RoomHeard, Verb
from player.session.messages import (
    AudioLost,
    AudioReady,
    AudioReported,
    Calibrated,
    CommandArrived,
    Event,
    FeedbackArrived,
    Forgotten,
    ProfileChanged,
    ReadingArrived,
    Stopping,
    Tick,
)

CAPACITY = 1_000  # events; the consumer takes far below 1 ms for each
ALWAYS = frozenset({Verb.STOP, Verb.PAUSE, Verb.QUIETER})


class Inbox:
    """Bounded. When full, the oldest telemetry goes first; then a newcomer is refused, but never
    an alarm, a stop, feedback, what people state of the resident, or what becomes of the audio process.

    `put` is called on the event loop's thread; `dropped` counts what was lost.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._events: deque[Event] = deque()
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> bool:
        """False when the event was refused."""
        if len(self._events) >= self._capacity and not self._make_room() and not _always(event):
            self.dropped += 1
            return False
        self._events.append(event)
        self._arrived.set()
        return True

    async def get(self) -> Event:
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    def _make_room(self) -> bool:
        for index, event in enumerate(self._events):
            if _telemetry(event):
                del self._events[index]
                self.dropped += 1
                return True
        return False


def _telemetry(event: Event) -> bool:
    match event:
        case ReadingArrived(reading=reading):
            return reading.quantity is not Quantity.ALARM
        case Tick():
            return True
        case AudioReported(report=Progress() | RoomHeard() | Listened(complete=False)):
            return True
        case _:
            return False


def _always(event: Event) -> bool:
    match event:
        case CommandArrived(command=command):
            return command.verb in ALWAYS
        case ReadingArrived(reading=reading):
            return reading.quantity is Quantity.ALARM
        case FeedbackArrived() | AudioLost() | AudioReady() | Stopping():
            return True
        case ProfileChanged() | Forgotten() | Calibrated():
            return True
        case _:
            return False
