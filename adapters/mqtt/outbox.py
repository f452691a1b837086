"""What waits for the broker: the newest of every state, and a bounded row of everything else."""

from collections import deque
from typing import Final

from msgspec import Struct

from adapters.mqtt.encode import Outgoing, state_kind
from player.session.messages import StateView
from player.units import Seconds

CAPACITY: Final = 500  # events and results; an hour without a broker makes a few dozen


class Waiting(Struct, frozen=True, kw_only=True):
    message: Outgoing
    since: Seconds


class Held(Struct, frozen=True, kw_only=True):
    view: StateView
    since: Seconds


class Outbox:
    """Full: the oldest event or result goes, counted in `dropped`. A state replaces itself."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._row: deque[Waiting] = deque()
        self._states: dict[str, Held] = {}
        self._due: dict[str, None] = {}  # kinds of state to be sent, in order
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._row) + len(self._due)

    def hold(self, view: StateView, now: Seconds) -> None:
        kind = state_kind(view)
        self._states[kind] = Held(view=view, since=now)
        self._due[kind] = None

    def add(self, message: Outgoing, now: Seconds) -> None:
        self._row.append(Waiting(message=message, since=now))
        if len(self._row) > self._capacity:
            self._row.popleft()
            self.dropped += 1

    def repeat_states(self) -> None:
        self._due = dict.fromkeys(self._states)

    def take_state(self) -> Held | None:
        """One that is due, or None. One that could not be sent comes again with `repeat_states`."""
        for kind in self._due:
            del self._due[kind]
            return self._states[kind]
        return None

    def first(self, now: Seconds) -> Outgoing | None:
        """The oldest event or result that has not expired; it stays until `done`."""
        while self._row:
            waiting = self._row[0]
            expiry = waiting.message.expiry
            if expiry is None or now - waiting.since <= expiry:
                return waiting.message
            self._row.popleft()
            self.dropped += 1
        return None

    def done(self, message: Outgoing) -> None:
        """`message` was sent; it may have been dropped meanwhile."""
        if self._row and self._row[0].message is message:
            self._row.popleft()
