"""Outbound messages: what the player shows, decides and answers, as bytes for a topic. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, assert_never

import msgspec
from msgspec import Struct

from adapters.mqtt.payloads import (
    AgitationPayload,
    DecisionPayload,
    EvidencePayload,
    FaultPayload,
    ModePayload,
    PlaybackPayload,
    ResultPayload,
    StatusPayload,
    TrackPayload,
    VolumePayload,
)
from adapters.mqtt.topics import Topics
from adapters.mqtt.values import clean
from player.session.messages import (
    AgitationState,
    Decision,
    Fault,
    ModeState,
    PlaybackState,
    Reply,
    StateView,
    TrackView,
    VolumeState,
)
from player.units import Seconds

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
RESULT_EXPIRY: Final = 60  # s; nobody waits longer for an answer
MAX_TEXT: Final = 500  # characters of any text; keeps every packet far below a broker's limit
LAST_SECOND: Final = 253_402_300_799.0  # of the year 9999


class Outgoing(Struct, frozen=True, kw_only=True):
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry: int | None = None  # s, MQTT 5
    correlation: bytes | None = None  # MQTT 5


class Moment(Struct, frozen=True, kw_only=True):
    """When the content was true, on the brain's clock and on the wall; `seq` numbers the message."""

    seq: int
    at: Seconds
    wall: Seconds

    @property
    def ts(self) -> datetime:
        return self.utc(self.at)

    def utc(self, at: Seconds) -> datetime:
        """A time of the brain's clock as people read it."""
        second = min(max(self.wall + (at - self.at), 0.0), LAST_SECOND)
        return datetime.fromtimestamp(round(second, 3), UTC)


def state_kind(view: StateView) -> str:
    match view:
        case PlaybackState():
            return "playback"
        case VolumeState():
            return "volume"
        case ModeState():
            return "mode"
        case AgitationState():
            return "agitation"
        case _:
            assert_never(view)


def state(topics: Topics, view: StateView, moment: Moment) -> Outgoing:
    payload: Struct
    match view:
        case PlaybackState():
            payload = PlaybackPayload(
                seq=moment.seq,
                ts=moment.ts,
                state=view.state,
                track=_track(view.track),
                position_s=round(view.position, 3),
                since=moment.utc(view.since),
                reason=clean(view.reason, MAX_TEXT),
                device=clean(view.device, MAX_TEXT),
                fault=clean(view.fault, MAX_TEXT),
                calmness=_short(view.calmness),
                step=view.step,
                step_reason=clean(view.step_reason, MAX_TEXT),
                now_playing=clean(view.now_playing, MAX_TEXT),
            )
        case VolumeState():
            payload = VolumePayload(
                seq=moment.seq,
                ts=moment.ts,
                percent=view.percent,
                max=view.max,
                level_db=round(view.level_db, 2),
            )
        case ModeState():
            payload = ModePayload(seq=moment.seq, ts=moment.ts, mode=view.mode)
        case AgitationState(listener=listener):
            payload = AgitationPayload(
                seq=moment.seq,
                ts=moment.ts,
                agitation=round(listener.agitation, 3),
                confidence=round(listener.confidence, 3),
                trend=listener.trend,
                validity=listener.validity,
                why=tuple(
                    EvidencePayload(
                        source=clean(evidence.source, 64),
                        quantity=evidence.quantity,
                        agitation=round(evidence.agitation, 3),
                        weight=round(evidence.weight, 3),
                        age_s=round(evidence.age, 1),
                        value=_short(evidence.value),
                        usual=_short(evidence.usual),
                        departure=_short(evidence.departure),
                    )
                    for evidence in listener.why
                ),
            )
        case _:
            assert_never(view)
    return _message(topics.state(state_kind(view)), payload, retain=True)


def event(topics: Topics, happened: Decision | Fault, moment: Moment) -> Outgoing:
    match happened:
        case Decision():
            decision = DecisionPayload(
                seq=moment.seq,
                ts=moment.utc(happened.at),
                event_type=happened.event_type,
                reason=clean(happened.reason, MAX_TEXT),
                from_track=_track(happened.from_track),
                to_track=_track(happened.to_track),
                trigger=happened.trigger,
                policy=happened.policy,
                propensity=happened.propensity,
                expected_reward=happened.expected_reward,
                agitation=_short(happened.agitation),
            )
            return _message(topics.event("decision"), decision)
        case Fault():
            fault = FaultPayload(
                seq=moment.seq,
                ts=moment.ts,
                event_type="fault",
                part=happened.part,
                problem=clean(happened.problem, MAX_TEXT),
            )
            return _message(topics.event("fault"), fault)
        case _:
            assert_never(happened)


def result(topic: str, reply: Reply, moment: Moment, correlation: bytes | None = None) -> Outgoing:
    payload = ResultPayload(
        seq=moment.seq,
        ts=moment.ts,
        id=clean(reply.id, 128),
        ok=reply.ok,
        reason=clean(reply.reason, MAX_TEXT),
    )
    return Outgoing(
        topic=topic, payload=msgspec.json.encode(payload), expiry=RESULT_EXPIRY, correlation=correlation
    )


def status(topics: Topics, payload: StatusPayload, vitals: Mapping[str, object]) -> Outgoing:
    """`vitals`: what the application measures, JSON values; the contract's own fields win."""
    merged = {**vitals, **msgspec.to_builtins(payload)}
    return Outgoing(topic=topics.status, payload=msgspec.json.encode(merged), retain=True)


def telemetry(topics: Topics, counters: Mapping[str, float], moment: Moment) -> Outgoing:
    merged = {**counters, "seq": moment.seq, "ts": moment.ts}
    return Outgoing(topic=topics.telemetry, payload=msgspec.json.encode(merged), qos=0)


def _message(topic: str, payload: Struct, *, retain: bool = False) -> Outgoing:
    return Outgoing(topic=topic, payload=msgspec.json.encode(payload), retain=retain)


def _track(view: TrackView | None) -> TrackPayload | None:
    if view is None:
        return None
    return TrackPayload(
        id=view.id,
        title=clean(view.title, MAX_TEXT),
        artist=clean(view.artist, MAX_TEXT),
        duration_s=round(view.duration, 3),
    )


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
