"""What a mapping remembers between messages; all of it is bounded."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Final

from adapters.mqtt.mapping.model import Compiled, Ignored, Outcome, Rejected
from adapters.mqtt.mapping.quantities import Rate
from player.model import Command
from player.units import Seconds

SOURCES: Final = 64  # devices behind one mapping with a + in its topic
EVENTS: Final = 256  # names of events, for `dedupe`
REASONS: Final = 32
RAMP_EVERY: Final = Seconds(0.5)
REPEATS: Final = Seconds(35.0)  # a device that counts its events sends the last one again every 30 s
NEVER: Final = Seconds(0.0)


@dataclass(slots=True)
class Memory:
    """Of one value of one source."""

    value: float | None = None  # last number that was taken
    at: Seconds = NEVER
    switch: bool | None = None  # what the threshold said last
    turning: Seconds | None = None  # since when the value says something else
    turning_to: bool = False
    held_until: Seconds | None = None  # of a `hold`
    lasts: bool = False  # beyond it, until a message says off
    shown: float | None = None  # last reading that went out
    source: str = ""


@dataclass(slots=True)
class RunningRamp:
    command: Command
    until: frozenset[str]
    ends: Seconds
    following: Seconds  # when the command comes again


@dataclass(slots=True)
class Tally:
    accepted: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        match outcome:
            case Rejected(reason=reason):
                self._count(self.rejects, reason)
            case Ignored(reason=reason):
                self._count(self.ignored, reason)
            case _:
                self.accepted += 1

    def _count(self, counter: Counter[str], reason: str) -> None:
        counter[reason if reason in counter or len(counter) < REASONS else "other"] += 1


class Allowance:
    """`rate.amount` at once, and as many in every `rate.span`."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: float = rate.amount
        self._at: Seconds | None = None

    def take(self, at: Seconds) -> bool:
        if self._at is not None:
            gained = max(at - self._at, 0.0) * self._rate.amount / self._rate.span
            self._left = min(self._rate.amount, self._left + gained)
        self._at = at
        if self._left < 1.0 - 1e-6:  # what is gained is rounded
            return False
        self._left -= 1.0
        return True


class State:
    """Of one mapping."""

    def __init__(self, mapping: Compiled) -> None:
        self.tally = Tally()
        self.heard: Seconds | None = None  # when something was accepted last
        self.since: Seconds | None = None  # we listen, after a start or a lost connection; None: a trial
        self.available: bool | None = None  # as the device says; None: it does not
        self.quiet_until: Seconds | None = None  # after the birth of a bridge
        self.ramp: RunningRamp | None = None
        self.allowance = Allowance(mapping.rate_limit) if mapping.rate_limit is not None else None
        self._memories: OrderedDict[tuple[str, int], Memory] = OrderedDict()
        self._most = SOURCES * max(len(mapping.fields), 1)
        self._events: OrderedDict[str, Seconds] = OrderedDict()
        self._counters: OrderedDict[str, tuple[str, Seconds]] = OrderedDict()
        self._last: OrderedDict[str, tuple[str, Seconds]] = OrderedDict()

    def memory(self, source: str, number: int) -> Memory:
        key = (source, number)
        found = self._memories.get(key)
        if found is None:
            found = self._memories[key] = Memory(source=source)
            if len(self._memories) > self._most:
                self._memories.popitem(last=False)
        self._memories.move_to_end(key)
        return found

    def memories(self) -> list[tuple[int, Memory]]:
        return [(number, memory) for (_, number), memory in self._memories.items()]

    def forget(self) -> None:
        """The device went away: nothing that runs may go on, and its next value is a first one."""
        self.ramp = None
        self._memories.clear()

    def is_repeated(self, key: str, at: Seconds, window: Seconds) -> bool:
        """Whether this event came within the window; otherwise it is remembered."""
        before = self._events.get(key)
        self._events[key] = at
        self._events.move_to_end(key)
        if len(self._events) > EVENTS:
            self._events.popitem(last=False)
        return before is not None and at - before <= window

    def is_bounce(self, topic: str, value: str, at: Seconds, window: Seconds) -> bool:
        """Whether the last event of this topic was the same and acted within the window. Another value
        between them ends it: off, on, off are three presses.
        """
        before = self._last.get(topic)
        if before is not None and before[0] == value and at - before[1] <= window:
            return True
        self._last[topic] = (value, at)
        self._last.move_to_end(topic)
        if len(self._last) > SOURCES:
            self._last.popitem(last=False)
        return False

    def is_counted(self, topic: str, count: str, at: Seconds) -> bool:
        """Whether the counter of this topic stands where it stood, or may: of an event that came before we
        listened nothing is known.
        """
        before = self._counters.get(topic)
        self._counters[topic] = (count, at)
        self._counters.move_to_end(topic)
        if len(self._counters) > SOURCES:
            self._counters.popitem(last=False)
        return self._may_repeat(at) if before is None else before[0] == count

    def is_late(self, topic: str, at: Seconds) -> bool:
        """Whether the counted event of this topic may have happened while there was no connection."""
        before = self._counters.get(topic)
        return before is not None and before[1] < (self.since or NEVER) and self._may_repeat(at)

    def _may_repeat(self, at: Seconds) -> bool:
        return self.since is not None and at - self.since < REPEATS
