"""What comes without a message of the device: time, and what its neighbours say of it."""

from adapters.mqtt.codec import Arrival, json_tree
from adapters.mqtt.mapping.decoding import text_of
from adapters.mqtt.mapping.model import Compiled, Outcome, Presence, Signal, word
from adapters.mqtt.mapping.state import RAMP_EVERY, Memory, State
from adapters.mqtt.mapping.topics import captures
from player.errors import PayloadError
from player.model import Quantity, Reading
from player.units import Seconds


def due(mapping: Compiled, state: State, at: Seconds) -> tuple[Outcome, ...]:
    """What time brings: the end of a hold, a threshold that lasted, the next step of a ramp, a value that
    grew stale. Call it about four times a second.
    """
    found: list[Outcome] = []
    ramp = state.ramp
    if ramp is not None and at >= ramp.ends:
        state.ramp = None
    elif ramp is not None and at >= ramp.following:
        ramp.following = Seconds(at + RAMP_EVERY)  # one step, also after a pause of the program
        found.append(ramp.command)
    for number, memory in state.memories():
        signal = mapping.fields[number].signal
        if signal is not None:
            found.extend(_due_readings(signal, memory, at))
    return tuple(found)


def observe(mapping: Compiled, state: State, arrival: Arrival) -> bool:
    """A message of the device's availability, or of the birth of its bridge. True: it went away while an
    alarm of it was on, so that nobody will say when it is over.
    """
    lost = False
    for presence in (mapping.availability, mapping.birth):
        if presence is None or captures(presence.topic, arrival.topic) is None:
            continue
        up = _presence(presence, arrival)
        if presence is mapping.birth:
            if up and not arrival.retain:  # stored by the broker: the bridge has been there all along
                state.quiet_until = Seconds(arrival.at + presence.span)
        else:
            state.available = up
            if not up:
                lost = _alarm_is_on(mapping, state)
                state.forget()
    return lost


def _alarm_is_on(mapping: Compiled, state: State) -> bool:
    for number, memory in state.memories():
        signal = mapping.fields[number].signal
        if signal is not None and signal.quantity is Quantity.ALARM and memory.shown:
            return True
    return False


def _presence(presence: Presence, arrival: Arrival) -> bool:
    try:
        tree = json_tree(arrival.payload, arrival.topic)
    except PayloadError:
        tree = None
    value: object
    if isinstance(tree, dict):
        found = presence.select.find(tree)
        value = found.get("state") if isinstance(found, dict) else found
    else:
        try:
            value = text_of(arrival.payload, arrival.topic)
        except PayloadError:
            return False
    return word(value).strip('"').lower() in presence.up


def _due_readings(signal: Signal, memory: Memory, at: Seconds) -> list[Outcome]:
    found: list[Outcome] = []
    threshold = signal.threshold
    if threshold is not None and memory.turning is not None and at - memory.turning >= threshold.wait:
        memory.switch, memory.turning = memory.turning_to, None
        found.append(_told_later(signal, memory, float(memory.switch), at))
    if memory.held_until is not None and not memory.lasts and at >= memory.held_until:
        memory.held_until = None
        found.append(_told_later(signal, memory, 0.0, at))
    if signal.stale_after is not None and memory.shown is not None and at - memory.at > signal.stale_after:
        found.append(_gone_stale(signal, memory, at))
    return found


def _gone_stale(signal: Signal, memory: Memory, at: Seconds) -> Outcome:
    """The value no longer counts."""
    assert memory.shown is not None
    value, memory.shown, memory.value = memory.shown, None, None
    return Reading(source=memory.source, quantity=signal.quantity, value=value, at=at, quality=0.0)


def _told_later(signal: Signal, memory: Memory, value: float, at: Seconds) -> Reading:
    memory.shown = value
    return Reading(source=memory.source, quantity=signal.quantity, value=value, at=at)
