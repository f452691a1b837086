"""One message through one mapping. Never raises, whatever was sent."""

from msgspec import Struct

from adapters.mqtt.codec import SAFE, Arrival
from adapters.mqtt.mapping.decoding import decoded
from adapters.mqtt.mapping.model import (
    Compiled,
    Condition,
    Field,
    Ignored,
    Outcome,
    Rejected,
    Signal,
    Trace,
    silent,
    word,
)
from adapters.mqtt.mapping.numbers import Verdict, accepts_retained, convert, held, reading, switched
from adapters.mqtt.mapping.state import RAMP_EVERY, Memory, RunningRamp, State
from adapters.mqtt.mapping.telling import shortened, told
from adapters.mqtt.mapping.topics import captures
from adapters.mqtt.values import SCALES, clean
from player.errors import PayloadError
from player.model import Command, Reading
from player.units import Seconds

ELEMENTS = 32  # of a list under `each`
LIMITED = Ignored("rate-limited")


def apply(
    mapping: Compiled, state: State, arrival: Arrival, *, playing: bool = False, trace: Trace = silent
) -> tuple[Outcome, ...]:
    """`state` belongs to this mapping and is changed. `trace` gets one line a step."""
    outcomes = tuple(_outcomes(mapping, state, arrival, playing, trace))
    for outcome in outcomes:
        state.tally.add(outcome)
        if isinstance(outcome, Command | Reading):
            state.heard = arrival.at
    return outcomes


class Case(Struct, frozen=True):
    """A message and what is known around it."""

    arrival: Arrival
    source: str
    playing: bool
    trace: Trace


def _outcomes(
    mapping: Compiled, state: State, arrival: Arrival, playing: bool, trace: Trace
) -> list[Outcome]:
    found = captures(mapping.topic, arrival.topic)
    if found is None:
        trace(f"topic: {arrival.topic} does not match {mapping.topic}")
        return [Ignored("other-topic")]
    trace(f"topic: matches {mapping.topic}")
    try:
        tree = decoded(mapping.decode, mapping.words, arrival.topic, arrival.payload)
    except PayloadError as error:
        trace(f"decode {mapping.decode}: {error.reason} {error.detail}".rstrip())
        return [Rejected(error.reason, error.detail)]
    trace(f"decode {mapping.decode}: {shortened(tree)}")
    if tree is None:
        return [Ignored("empty" if not arrival.payload.strip() else "no-value")]
    if (unmet := _unmet(mapping.require, tree)) is not None:
        trace(f"require: {unmet}")
        return [Ignored("other-message", unmet)]
    if mapping.kind == "event" and arrival.retain:
        _note(mapping, state, tree, arrival)
        trace("retained: an event that the broker had stored never acts")
        return [Ignored("retained")]
    if mapping.birth is not None and state.quiet_until is not None and arrival.at < state.quiet_until:
        _note(mapping, state, tree, arrival)
        trace("ignore_after_birth: the bridge has just started and repeats what it remembers")
        return [Ignored("after-birth")]
    elements = _elements(mapping, tree, trace)
    if isinstance(elements, Rejected):
        return [elements]
    case = Case(arrival, _source(mapping, found), playing, trace)
    outcomes: list[Outcome] = []
    for element in elements:
        outcomes.extend(_element(mapping, state, element, case))
    return outcomes or [Ignored("no-elements")]


def _source(mapping: Compiled, found: tuple[str, ...]) -> str:
    source = mapping.source
    for number, text in enumerate(found, 1):
        source = source.replace(f"{{{number}}}", text)
    return clean(source, 64) or mapping.id


def _elements(mapping: Compiled, tree: object, trace: Trace) -> list[object] | Rejected:
    if mapping.each is None:
        return [tree]
    elements = mapping.each.find(tree)
    if not isinstance(elements, list):
        trace("each: there is no list")
        return []
    trace(f"each: {len(elements)} elements")
    if len(elements) > ELEMENTS:
        return Rejected("too-many", f"more than {ELEMENTS} elements")
    return elements


def _element(mapping: Compiled, state: State, element: object, case: Case) -> list[Outcome]:
    arrival, trace = case.arrival, case.trace
    if (unmet := _unmet(mapping.where, element)) is not None:
        trace(f"where: {unmet}")
        return [Ignored("other-message", unmet)]
    late = mapping.dedupe is not None and state.is_late(arrival.topic, arrival.at)
    if mapping.dedupe is not None and (repeated := _repeated(mapping, state, element, arrival)):
        trace(f"dedupe: {repeated}")
        return [Ignored("duplicate", repeated)]
    outcomes: list[Outcome] = []
    for number, field in enumerate(mapping.fields):
        value = field.select.find(element)
        trace(f"select {field.path}: {shortened(value)}")
        outcome: Outcome
        if (unmet := _unmet(field.require, element)) is not None:
            outcome = Ignored("other-message", unmet)
        elif field.signal is None:
            outcome = _pressed(field, state, value, arrival.at, late=late)
        else:
            outcome = _measured(mapping, state, number, value, case)
        trace(f"result: {told(outcome)}")
        outcomes.append(outcome)
    return outcomes


def _unmet(conditions: tuple[Condition, ...], tree: object) -> str | None:
    for condition in conditions:
        value = word(condition.select.find(tree))
        if value not in condition.wanted:
            return clean(f"{condition.path} is {value}, not {' or '.join(condition.wanted)}", 200)
    return None


def _repeated(mapping: Compiled, state: State, element: object, arrival: Arrival) -> str:
    """Why this event is none of its own; "" when it is."""
    dedupe = mapping.dedupe
    assert dedupe is not None
    if dedupe.counter is not None:
        count = dedupe.counter.find(element)
        if count is not None and state.is_counted(arrival.topic, word(count), arrival.at):
            return f"the counter stands at {word(count)}, and may have before"
        return ""
    if dedupe.key:
        parts = [path.find(element) for path in dedupe.key]
        if None in parts:  # half a name is that of other events too
            return ""
        repeated = state.is_repeated("\0".join(map(word, parts)), arrival.at, dedupe.window)
    else:
        value = "\0".join(word(field.select.find(element)) for field in mapping.fields)
        repeated = state.is_bounce(arrival.topic, value, arrival.at, dedupe.window)
    return f"came within {dedupe.window:g} s" if repeated else ""


def _note(mapping: Compiled, state: State, tree: object, arrival: Arrival) -> None:
    """An old event does not act, but its repetition must not either."""
    dedupe = mapping.dedupe
    elements = _elements(mapping, tree, silent)
    if dedupe is None or isinstance(elements, Rejected) or not (dedupe.counter or dedupe.key):
        return
    for element in elements:
        if _unmet(mapping.where, element) is None:
            _repeated(mapping, state, element, arrival)


def _act(field: Field, state: State, value: object, at: Seconds) -> Outcome:
    if value is None or value == "":
        return Ignored("empty")
    text = word(value)
    ramp = state.ramp
    action = field.on.get(text)
    if ramp is not None and text in ramp.until:
        state.ramp = None
        if action is None or action.command.verb not in SAFE:  # the word may be a stop of its own
            return Ignored("ramp-end", text)
    if action is None:
        return Ignored("unlisted", clean(text, 64))
    state.ramp = None
    if action.ramp is not None:
        state.ramp = RunningRamp(
            command=action.command,
            until=action.ramp.until,
            ends=Seconds(at + action.ramp.max),
            following=Seconds(at + RAMP_EVERY),
        )
    return action.command


def _pressed(field: Field, state: State, value: object, at: Seconds, *, late: bool) -> Outcome:
    """`_act` within the limits, which hold for nothing that silences."""
    outcome = _act(field, state, value, at)
    if not isinstance(outcome, Command) or outcome.verb in SAFE:
        return outcome
    if late or not _allowed(state, at):
        state.ramp = None  # what was refused must not run on
        return Ignored("late", "was perhaps pressed while there was no connection") if late else LIMITED
    return outcome


def _measured(mapping: Compiled, state: State, number: int, value: object, case: Case) -> Outcome:
    """`_read` within the limits, which hold for no change between on and off: nobody would say it again."""
    signal, memory = mapping.fields[number].signal, state.memory(case.source, number)
    assert signal is not None
    before = memory.shown
    try:
        outcome = _read(mapping, signal, memory, value, case)
    except Verdict as verdict:
        return verdict.outcome
    turned = SCALES[signal.quantity].switch and memory.shown != before
    passes = turned or not isinstance(outcome, Reading) or _allowed(state, case.arrival.at)
    return outcome if passes else LIMITED


def _allowed(state: State, at: Seconds) -> bool:
    return state.allowance is None or state.allowance.take(at)


def _read(mapping: Compiled, signal: Signal, memory: Memory, value: object, case: Case) -> Outcome:
    arrival = case.arrival
    stored = arrival.retain
    if stored and not accepts_retained(signal, state=mapping.kind == "state", asked=mapping.accept_retained):
        return Ignored("retained")
    if case.playing and signal.ignore_while_playing:
        return Ignored("while-playing", "the music itself would be measured")
    converted = convert(signal, memory, value, arrival, case.trace)
    result = switched(signal, memory, converted, arrival.at, stored=stored)
    result = held(signal, memory, result, arrival.at, stored=stored, lasting=mapping.kind == "state")
    return reading(signal, memory, result, arrival)
