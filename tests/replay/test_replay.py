"""A recorded journal replays to the same effects: what Lull decides changes only on purpose.

After a change on purpose: `python -m tests.replay.record`, and read the difference.
"""

from msgspec import Raw, Struct, json

from adapters.brain import journalled
from player.session.messages import Decide, Effect, Event, Started
from player.session.session import Session
from tests.replay.record import RECORDED


class Line(Struct):
    event: Raw
    effects: Raw


def lines() -> list[Line]:
    return [json.decode(line, type=Line) for line in RECORDED.read_bytes().splitlines()]


def test_a_real_run_replays_to_the_same_effects_byte_for_byte() -> None:
    recorded = lines()
    session = Session(json.decode(recorded[0].event, type=Started))
    for number, line in enumerate(recorded, start=1):
        event = json.decode(line.event, type=Event)
        effects = journalled(session.handle(event))
        assert effects == bytes(line.effects), f"line {number}: {bytes(line.event)[:200]!r}"


def test_the_recording_holds_what_matters() -> None:
    effects = [e for line in lines() for e in json.decode(line.effects, type=tuple[Effect, ...])]
    kinds = {(e.decision.event_type, e.decision.trigger) for e in effects if isinstance(e, Decide)}
    assert {("start", "start"), ("swap", "agitation"), ("hold", "staff"), ("resume", "fault")} <= kinds
