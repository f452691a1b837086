"""Every payload of the contract, as types from which the JSON Schemas are exported.

Inbound: unknown fields are allowed. Outbound: `seq` counts what this run published, `ts` is UTC.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Stamp = Annotated[datetime, Meta(tz=True)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Id = Annotated[str, Meta(max_length=128)]


# --- inbound ------------------------------------------------------------------------------------------


class CommandArgs(Struct, frozen=True, kw_only=True):
    value: float | str | None = None  # volume: percent; rate: 0-4; mode: its name
    track: Id | None = None  # like, dislike, never, allow


class CommandPayload(Struct, frozen=True, kw_only=True):
    """`cmd/{verb}`; nothing at all is an empty command."""

    id: Id = ""
    ts: Stamp | None = None
    by: str = "staff"
    args: CommandArgs = CommandArgs()
    track: Id | None = None  # beside `args` as well: a `never` must not hit another piece


class SignalPayload(Struct, frozen=True, kw_only=True):
    """`signal/{kind}/{source}`; a bare number, true, false, ON or OFF is the value alone."""

    value: float | bool | str
    unit: str = ""
    ts: Stamp | None = None
    quality: Unit = 1.0


class FeedbackPayload(Struct, frozen=True, kw_only=True):
    """`feedback`. The id makes a second delivery count once."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    rating: Literal[-1, 0, 1]
    ts: Stamp | None = None
    by: str = "staff"
    about: str = "now"
    observed: Annotated[tuple[str, ...], Meta(max_length=16)] = ()
    note: str | None = None


# --- outbound -----------------------------------------------------------------------------------------


class Outbound(Struct, frozen=True, kw_only=True):
    seq: int
    ts: Stamp


class TrackPayload(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    artist: str
    duration_s: float  # 0 when unknown


class PlaybackPayload(Outbound, frozen=True, kw_only=True):
    """`state/playback`."""

    state: str
    track: TrackPayload | None
    position_s: float
    since: Stamp
    reason: str
    device: str
    fault: str
    calmness: float | None
    step: str = ""  # stream | library | comfort | pad; "" while nothing is heard
    step_reason: str = ""
    now_playing: str = ""


class VolumePayload(Outbound, frozen=True, kw_only=True):
    """`state/volume`."""

    percent: float
    max: float
    level_db: float


class ModePayload(Outbound, frozen=True, kw_only=True):
    """`state/mode`."""

    mode: str


class EvidencePayload(Struct, frozen=True, kw_only=True):
    source: str
    quantity: str
    agitation: float
    weight: float
    age_s: float
    value: float | None  # in the unit of the quantity
    usual: float | None  # for this person now
    departure: float | None  # from usual, in mean absolute departures of this person


class AgitationPayload(Outbound, frozen=True, kw_only=True):
    """`state/agitation`."""

    agitation: float
    confidence: float
    trend: str
    validity: str  # valid | asleep | not_worn
    why: tuple[EvidencePayload, ...]


class DecisionPayload(Outbound, frozen=True, kw_only=True):
    """`event/decision`."""

    event_type: str
    reason: str
    from_track: TrackPayload | None
    to_track: TrackPayload | None
    trigger: str
    policy: str
    propensity: float
    expected_reward: float
    agitation: float | None


class FaultPayload(Outbound, frozen=True, kw_only=True):
    """`event/fault`."""

    event_type: str  # always "fault"
    part: str
    problem: str


class ResultPayload(Outbound, frozen=True, kw_only=True):
    """`cmd_result`, and the response topic of an MQTT 5 request."""

    id: str
    ok: bool
    reason: str


class StatusPayload(Outbound, frozen=True, kw_only=True):
    """`status`, with whatever else the application measures beside these fields."""

    boot: str
    version: str
    connected_s: float
    accepted: int
    rejects: dict[str, int]  # by reason, since the start
    outbox_dropped: int  # events and results that no broker took in time
