"""Anything at all on a device's topic: an outcome comes back, never an exception.

A longer hunt: `FUZZ_EXAMPLES=100000 FUZZ_SEED=7 pytest tests/mqtt/test_fuzz.py`.
"""

import json
import os
from contextlib import suppress

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from adapters.mqtt.codec import MAX_PAYLOAD, Arrival, decode
from adapters.mqtt.devices import Devices
from adapters.mqtt.mapping.apply import apply
from adapters.mqtt.mapping.decoding import decoded
from adapters.mqtt.mapping.later import due, observe
from adapters.mqtt.mapping.model import Compiled, Ignored, Rejected
from adapters.mqtt.mapping.state import State
from adapters.mqtt.reception import Reception
from adapters.mqtt.topics import Topics
from adapters.mqtt.values import SCALES
from player.errors import PayloadError
from player.model import Command, Quantity, Reading, Verb
from player.session.messages import CommandArrived, ReadingArrived
from player.settings import Profile, VolumeSettings
from player.units import Percent, Seconds, volume_to_db
from tests.mqtt.payloads import CATALOGUE
from tests.support.devices import profile
from tests.support.world import World

TOPICS = Topics("lull", "home1", "room7")
MAPPINGS = list({row.profile: profile(row.profile, row.topic, **row.own) for row in CATALOGUE}.values())
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1000"))
SEED = int(os.environ.get("FUZZ_SEED", "20261122"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
LITERALS = st.sampled_from([row.payload.encode() for row in CATALOGUE])


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Noise, JSON, literals of the catalogue, and literals with a value exchanged or some bytes changed."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return json.dumps(draw(JSON)).encode()
    literal = draw(LITERALS)
    if kind == 2:
        return literal
    if kind == 3:
        try:
            tree = json.loads(literal)
        except ValueError:
            return literal
        if isinstance(tree, dict) and tree:
            tree[draw(st.sampled_from(sorted(tree)))] = draw(JSON)
        return json.dumps(tree).encode()
    at = draw(st.integers(0, len(literal)))
    return literal[:at] + draw(st.binary(max_size=4)) + literal[at + draw(st.integers(0, 4)) :]


@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    messages=st.lists(
        st.tuples(payloads(), st.booleans(), st.booleans(), st.floats(0, 20)), min_size=1, max_size=6
    ),
    topic=st.text(max_size=20),
    mapping=st.sampled_from(MAPPINGS),
)
def test_every_message_through_a_mapping_gives_outcomes_in_their_limits(
    messages: list[tuple[bytes, bool, bool, float]], topic: str, mapping: Compiled
) -> None:
    state, at = State(mapping), 0.0
    for payload, retain, playing, wait in messages:
        at += wait
        for name in (mapping.topic.replace("+", "gw"), topic):
            came = Arrival(topic=name, payload=payload, at=Seconds(at), wall=Seconds(1.7e9), retain=retain)
            observe(mapping, state, came)
            outcomes = apply(mapping, state, came, playing=playing)
            assert outcomes
            for outcome in (*outcomes, *due(mapping, state, Seconds(at))):
                assert isinstance(outcome, Command | Reading | Ignored | Rejected)
                assert not (retain and isinstance(outcome, Command) and outcome in outcomes)
                if isinstance(outcome, Reading):
                    scale = SCALES[outcome.quantity]
                    assert scale.low <= outcome.value <= scale.high
                    assert 0 < len(outcome.source) <= 64


@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    payload=payloads() | st.binary(min_size=1, max_size=1).map(lambda byte: byte * (MAX_PAYLOAD + 1)),
    topic=st.text(max_size=40),
)
def test_only_the_named_error_comes_out_of_decoding(payload: bytes, topic: str) -> None:
    for how in ("json", "text", "number", "bool", "kv", "map"):
        with suppress(PayloadError):
            decoded(how, {"a": 1}, topic, payload)
    for path in (topic, f"lull/v1/home1/room7/{topic}", "lull/v1/home1/room7/cmd/volume"):
        came = Arrival(topic=path, payload=payload, at=Seconds(0.0), wall=Seconds(1.7e9))
        with suppress(PayloadError):
            decode(TOPICS, came)


NAMED = [  # one device of each kind, under names of their own
    profile(row.profile, row.topic, **{**row.own, "id": f"d{n}"})
    for n, row in enumerate({row.profile: row for row in CATALOGUE}.values())
]


@st.composite
def on_the_wire(draw: st.DrawFn) -> tuple[str, bytes]:
    """A command, a signal, or what some device of the catalogue might say."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        row = draw(st.sampled_from(CATALOGUE))
        return row.topic.replace("+", "gw"), draw(st.just(row.payload.encode()) | payloads())
    value = draw(st.floats(0, 100) | st.integers(0, 1000) | JSON)
    if kind == 1:
        return f"{TOPICS.root}/signal/{draw(st.sampled_from(list(Quantity)))}/s", json.dumps(value).encode()
    verb = draw(st.sampled_from(list(Verb)) | st.sampled_from([Verb.VOLUME, Verb.LOUDER, Verb.PLAY]))
    return f"{TOPICS.root}/cmd/{verb}", json.dumps({"args": {"value": value}}).encode()


@seed(SEED)
@settings(max_examples=EXAMPLES // 10, deadline=None)
@given(
    messages=st.lists(
        st.tuples(on_the_wire(), st.booleans(), st.sampled_from([0.0, 0.3, 2.0])), min_size=1, max_size=12
    )
)
def test_nothing_on_the_wire_brings_the_level_above_the_ceiling(
    messages: list[tuple[tuple[str, bytes], bool, float]],
) -> None:
    loud = Profile(id="demo", quiet_hours=None, volume=VolumeSettings(start=Percent(70)))
    world, reception, devices = World(profile=loud).begin(), Reception(TOPICS), Devices(TOPICS)
    devices.use(NAMED)
    ceiling = volume_to_db(world.profile.volume.max)
    for (topic, payload), retain, wait in messages:
        came = Arrival(topic=topic, payload=payload, at=world.at, wall=Seconds(1.7e9), retain=retain)
        found: list[object] = [
            *devices.take("sensors", came),
            *devices.take("buttons", came),
            *devices.due(world.at),
        ]
        with suppress(PayloadError):
            found.append(reception.take(came))
        for item in found:
            if isinstance(item, Command):
                world.handle(CommandArrived(at=world.at, command=item))
            elif isinstance(item, Reading):
                world.handle(ReadingArrived(at=world.at, reading=item))
        world.run(wait)
        assert world.sound.level <= ceiling
