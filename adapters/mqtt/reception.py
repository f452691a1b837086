"""The door: limits, repetition and counting around `decode`. Pure; the time comes with the message."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import structs

from adapters.mqtt.codec import SAFE, Arrival, Inbound, StaleError, decode, is_safe
from adapters.mqtt.skew import Clocks
from adapters.mqtt.topics import Topics
from adapters.mqtt.values import clean
from player.errors import PayloadError
from player.model import Command
from player.units import Seconds

REMEMBERED: Final = 1_000  # ids
REMEMBER: Final = Seconds(600.0)
TOPIC_RATE, TOPIC_BURST = 10.0, 20.0  # messages per second of one topic
SIGNAL_RATE, SIGNAL_BURST = 100.0, 200.0  # of all signals and other makers' sensors together
MAX_BUCKETS: Final = 512  # topics watched at a time, the longest quiet one is forgotten


class TokenBucket:
    """`burst` at once, `rate` per second in the long run."""

    def __init__(self, rate: float, burst: float, now: Seconds) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, now

    def take(self, now: Seconds) -> bool:
        self._tokens = min(self._burst, self._tokens + max(now - self._at, 0.0) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Gate:
    """Remembers ids and rates, both bounded."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Seconds] = OrderedDict()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._signals: TokenBucket | None = None

    def is_new(self, message_id: str, now: Seconds) -> bool:
        """False when this id came within `REMEMBER`; otherwise it is remembered."""
        while self._seen and next(iter(self._seen.values())) < now - REMEMBER:
            self._seen.popitem(last=False)
        if message_id in self._seen:
            return False
        self._seen[message_id] = now
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def may_pass(self, topic: str, *, signal: bool, now: Seconds) -> bool:
        bucket = self._buckets.get(topic)
        if bucket is None:
            bucket = self._buckets[topic] = TokenBucket(TOPIC_RATE, TOPIC_BURST, now)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(topic)
        if not bucket.take(now):
            return False
        if not signal:
            return True
        if self._signals is None:
            self._signals = TokenBucket(SIGNAL_RATE, SIGNAL_BURST, now)
        return self._signals.take(now)


class Reception:
    """Takes every inbound message; counts what was accepted and, by reason, what was not."""

    def __init__(self, topics: Topics, tell: Callable[[str], None] = lambda _: None) -> None:
        """tell: one sentence for people."""
        self._topics = topics
        self._gate = Gate()
        self._clocks = Clocks(tell)
        self.accepted = 0
        self.rejects: Counter[str] = Counter()

    def take(self, arrival: Arrival) -> Inbound:
        """Raises `PayloadError`, already counted."""
        try:
            item = self._decoded(arrival)
            self._require_first(item, arrival)
        except PayloadError as error:
            self.rejects[error.reason] += 1
            raise
        self.accepted += 1
        return item

    def admit(self, topic: str, now: Seconds, *, sensor: bool = False) -> bool:
        """Whether the rate allows this message; called before it is queued, so that one noisy device
        takes no place from the others. sensor: it came where no button is read.
        """
        address = self._topics.parse(topic)
        if address is not None and (address.branch == "feedback" or is_safe(address)):
            return True
        signal = sensor or (address is not None and address.branch == "signal")
        if self._gate.may_pass(topic, signal=signal, now=now):
            return True
        self.rejects["rate-limited"] += 1
        return False

    def _decoded(self, arrival: Arrival) -> Inbound:
        """By the sender's own clock, where that is known to be wrong. Raises `PayloadError`."""
        address = self._topics.parse(arrival.topic)
        if address is None or address.branch != "signal":
            return decode(self._topics, arrival)
        source = clean(address.source, 64)
        skew = self._clocks.skew(source)
        try:
            item = decode(self._topics, structs.replace(arrival, wall=Seconds(arrival.wall - skew)))
        except StaleError as error:
            self._clocks.refused(source, Seconds(error.difference + skew), arrival.at)
            raise
        self._clocks.believed(source)
        return item

    def _require_first(self, item: Inbound, arrival: Arrival) -> None:
        if not isinstance(item, Command) or not item.id:
            return
        if not self._gate.is_new(item.id, arrival.at) and item.verb not in SAFE:
            raise PayloadError(arrival.topic, "duplicate")
