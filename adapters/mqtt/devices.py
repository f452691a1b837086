"""All mappings of one player at work: which topics they need, what a message means to each, and counters."""

from collections.abc import Iterable
from typing import Final, Literal

from adapters.mqtt.codec import Arrival
from adapters.mqtt.mapping.apply import apply
from adapters.mqtt.mapping.later import due, observe
from adapters.mqtt.mapping.model import Compiled, Outcome
from adapters.mqtt.mapping.state import State
from adapters.mqtt.mapping.topics import captures, overlap, widest
from adapters.mqtt.topics import Topics
from player.model import Command, Reading, Verb
from player.units import Seconds

Lane = Literal["buttons", "sensors"]  # a flood of readings must not stand before a button
STOPPING: Final = frozenset({Verb.STOP, Verb.PAUSE})


class Devices:
    """`playing` is set by whoever knows it."""

    def __init__(self, topics: Topics) -> None:
        self._own = topics.root.split("/")
        self._mappings: dict[str, tuple[Compiled, State]] = {}
        self._lost_alarms: list[str] = []
        self.playing = False

    def use(self, mappings: Iterable[Compiled], at: Seconds | None = None) -> None:
        """From `at` on these. A mapping that did not change keeps what it remembers."""
        before = self._mappings
        self._mappings = {}
        for mapping in mappings:
            old, state = before.get(mapping.id, (None, None))
            if state is None or old != mapping:
                state = State(mapping)
                state.since = at
            self._mappings[mapping.id] = (mapping, state)

    def own(self) -> list[str]:
        """Names of the mappings that are left out, because they would read the player's own topics."""
        return [name for name, (mapping, _) in self._mappings.items() if self._is_own(mapping.topic)]

    def filters(self, lane: Lane) -> dict[str, bool]:
        """Topic filters of one connection, none covered by another; True: live messages show their retain
        flag, which is the strict one where two differ.
        """
        found: dict[str, bool] = {}
        for mapping, _ in self._mappings.values():
            if _lane(mapping) == lane and not self._is_own(mapping.topic):
                found[mapping.topic] = found.get(mapping.topic, False) or not mapping.live_retained
            if lane == "sensors":
                for presence in (mapping.availability, mapping.birth):
                    if presence is not None and not self._is_own(presence.topic):
                        found[presence.topic] = found.get(presence.topic, False)
        return {
            wide: any(strict for narrow, strict in found.items() if captures(wide, narrow) is not None)
            for wide in widest(found)
        }

    def take(self, lane: Lane, arrival: Arrival) -> list[Outcome]:
        """What a message that came on this connection means to each mapping, in their order."""
        outcomes: list[Outcome] = []
        for mapping, state in self._mappings.values():
            if lane == "sensors" and observe(mapping, state, arrival):
                self._lost_alarms.append(mapping.id)
            if _lane(mapping) == lane and captures(mapping.topic, arrival.topic) is not None:
                outcomes.extend(apply(mapping, state, arrival, playing=self.playing))
        return outcomes

    def take_lost_alarms(self) -> list[str]:
        """Mappings whose device went away while its alarm was on, since this was asked last."""
        lost, self._lost_alarms = self._lost_alarms, []
        return lost

    def stops(self, arrival: Arrival) -> list[Command]:
        """Of a button's message that came too fast to be taken: only what silences, which no limit holds."""
        found: list[Command] = []
        for mapping, state in self._mappings.values():
            if _lane(mapping) == "buttons" and captures(mapping.topic, arrival.topic) is not None:
                outcomes = apply(mapping, State(mapping), arrival)  # repetitions do no harm here
                stops = [item for item in outcomes if isinstance(item, Command) and item.verb in STOPPING]
                if stops:
                    state.ramp = None
                found.extend(stops)
        return found

    def due(self, at: Seconds) -> list[Command | Reading]:
        """What time brings; call it about four times a second."""
        found: list[Command | Reading] = []
        for mapping, state in self._mappings.values():
            found.extend(item for item in due(mapping, state, at) if isinstance(item, Command | Reading))
        return found

    def connected(self, at: Seconds) -> None:
        """What counted its events meanwhile may repeat the last one."""
        for _, state in self._mappings.values():
            state.since = at

    def disconnected(self) -> None:
        """A release that cannot arrive must not leave a ramp running."""
        for _, state in self._mappings.values():
            state.ramp = None

    def report(self, at: Seconds) -> dict[str, dict[str, object]]:
        """For `status`, by mapping: age of what was accepted last, and how many messages became what."""
        return {name: _report(state, at) for name, (_, state) in self._mappings.items()}

    def _is_own(self, topic_filter: str) -> bool:
        """The player's own topics are not a device: an answer would become a command."""
        levels = topic_filter.split("/")[: len(self._own)]
        return overlap("/".join(levels), "/".join(self._own))


def _lane(mapping: Compiled) -> Lane:
    return "buttons" if mapping.kind == "event" else "sensors"


def _report(state: State, at: Seconds) -> dict[str, object]:
    report: dict[str, object] = {
        "age_s": None if state.heard is None else round(at - state.heard, 1),
        "accepted": state.tally.accepted,
        "rejects": dict(state.tally.rejects),
        "ignored": dict(state.tally.ignored),
    }
    if state.available is not None:
        report["available"] = state.available
    return report
