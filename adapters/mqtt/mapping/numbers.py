"""From a selected value to a reading: the operators of `signal`, in their order."""

from adapters.mqtt.codec import Arrival
from adapters.mqtt.mapping.decoding import NO_VALUE, number
from adapters.mqtt.mapping.model import UNKNOWN_AGE, Ignored, Outcome, Rejected, Signal, Trace, word
from adapters.mqtt.mapping.quantities import Rate
from adapters.mqtt.mapping.state import Memory
from adapters.mqtt.values import ON_OFF, SCALES, STATES, clean, reading_value
from player.errors import PayloadError
from player.model import Reading
from player.units import Seconds


class Verdict(Exception):
    """How the chain ends early: carries the outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def accepts_retained(signal: Signal, *, state: bool, asked: bool) -> bool:
    """A stored value counts when the mapping says so, and for what holds until it is told otherwise."""
    return asked or (state and signal.quantity in STATES)


def convert(signal: Signal, memory: Memory, value: object, arrival: Arrival, trace: Trace) -> float:
    """The number in the unit of the quantity, before threshold and hold. Raises `Verdict`."""
    given = _given(signal, value, arrival.topic)
    trace(f"value: {given:g}")
    if given == 0.0 and signal.zero_is_missing:
        raise Verdict(Ignored("zero", "0 means that there is no value"))
    if signal.range is not None and not signal.range[0] <= given <= signal.range[1]:
        low, high = signal.range
        raise Verdict(Rejected("out-of-range", f"{given:g} is not within {low:g} to {high:g}"))
    result = given * signal.multiply + signal.offset
    if signal.scale is not None:
        result = _scaled(signal, result)
    if result != given:
        trace(f"converted: {result:g}")
    if signal.max_step is not None:
        _check_step(signal, signal.max_step, memory, result, arrival.at)
    memory.value, memory.at = result, arrival.at
    return result


def _given(signal: Signal, value: object, topic: str) -> float:
    if value is None:
        raise Verdict(Ignored("absent"))
    text = word(value)
    if isinstance(value, dict | list):
        raise Verdict(Rejected("not-a-number", "the path points to a group of values"))
    if text in signal.drop:
        raise Verdict(Ignored("dropped", text))
    if signal.words:
        if text not in signal.words:
            raise Verdict(Ignored("unlisted", clean(text, 64)))
        return signal.words[text]
    if isinstance(value, str) and value.strip().lower() in NO_VALUE:
        raise Verdict(Ignored("no-value", text))
    if SCALES[signal.quantity].switch and text.lower() in ON_OFF:
        return ON_OFF[text.lower()]
    if isinstance(value, bool):
        raise Verdict(Rejected("not-a-number", f"{text} for {signal.quantity}"))
    try:
        found = number(value, topic)
    except PayloadError as error:
        raise Verdict(Rejected(error.reason, text)) from None
    if word(found) in signal.drop:
        raise Verdict(Ignored("dropped", text))
    return found


def _scaled(signal: Signal, value: float) -> float:
    assert signal.scale is not None
    (low, high), (first, last) = signal.scale.from_, signal.scale.to
    share = (value - low) / (high - low)
    if signal.scale.clamp:
        share = min(max(share, 0.0), 1.0)
    return first + share * (last - first)


def _check_step(signal: Signal, step: Rate, memory: Memory, value: float, at: Seconds) -> None:
    """The longer ago the last value, the further the next may be from it."""
    if memory.value is None:
        return
    since = at - memory.at
    if signal.stale_after is not None and since > signal.stale_after:
        return
    allowed = step.amount * max(1.0, since / step.span)
    if abs(value - memory.value) > allowed:
        raise Verdict(Rejected("step", f"from {memory.value:g} to {value:g} in {since:.0f} s"))


def switched(signal: Signal, memory: Memory, value: float, at: Seconds, *, stored: bool) -> float:
    """`threshold`: 1 or 0. Raises `Verdict` while it is undecided."""
    threshold = signal.threshold
    if threshold is None:
        return value
    says = True if threshold.on.holds(value) else False if threshold.off.holds(value) else memory.switch
    if says is None:
        memory.turning = None
        raise Verdict(Ignored("undecided", f"{value:g} lies between off and on"))
    if says == memory.switch:
        memory.turning = None
    elif stored or threshold.wait <= 0:
        memory.switch, memory.turning = says, None
    else:
        if memory.turning is None or memory.turning_to != says:
            memory.turning, memory.turning_to = at, says
        if at - memory.turning < threshold.wait:
            if memory.switch is None:
                raise Verdict(Ignored("waiting", f"for {threshold.wait:g} s of the same"))
            return float(memory.switch)
        memory.switch, memory.turning = says, None
    return float(says)


def held(signal: Signal, memory: Memory, value: float, at: Seconds, *, stored: bool, lasting: bool) -> float:
    """`hold`: what was on stays on for a while after it was last seen on. Raises `Verdict`.

    lasting: a state stays on until a message says off, however long that takes.
    """
    if signal.hold is None:
        return value
    if value >= 0.5:
        if stored and not (lasting and signal.quantity in STATES):
            raise Verdict(Ignored("retained", "an old message starts nothing"))
        memory.held_until, memory.lasts = Seconds(at + signal.hold), lasting
        return value
    memory.lasts = False
    if memory.held_until is not None and at < memory.held_until:
        raise Verdict(Ignored("held", "is held on"))
    return value


def reading(signal: Signal, memory: Memory, value: float, arrival: Arrival) -> Reading:
    """Raises `Verdict` for what cannot be in a room with a person."""
    try:
        plausible = reading_value(signal.quantity, value, "", arrival.topic)
    except PayloadError as error:
        memory.value = None  # nothing to step from
        raise Verdict(Rejected("implausible", error.detail)) from None
    memory.shown = plausible
    quality = UNKNOWN_AGE if arrival.retain else 1.0
    return Reading(
        source=memory.source, quantity=signal.quantity, value=plausible, at=arrival.at, quality=quality
    )
