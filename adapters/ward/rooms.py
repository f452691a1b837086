"""What a ward knows of its rooms, from what their players publish. Pure: messages in, rooms out.

Everything comes from the wire: it is bounded, cleaned, and a broken message is counted and changes nothing.
"""

import re
from collections import Counter
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct, structs

from adapters.mqtt.codec import MAX_PAYLOAD
from adapters.mqtt.payloads import AgitationPayload, DecisionPayload, PlaybackPayload, VolumePayload
from adapters.mqtt.topics import VERSION
from adapters.mqtt.values import clean
from player.session.need import asked, stands
from player.units import Seconds

MAX_ROOMS: Final = 1_000
SILENT_AFTER: Final = Seconds(180.0)  # a player repeats its state every minute: three are missing
RESTLESS: Final = 0.6  # agitation; as on the player's own page
SURE: Final = 0.2  # confidence below which nothing is said; own judgement
NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
TEXT: Final = 200  # characters


class Condition(StrEnum):
    """In the order of urgency."""

    SILENT = "silent by fault"
    AWAY = "away"  # its last will spoke, or it said nothing for long
    ASKING = "please look"  # music does not help: pain, thirst, toilet, noise
    RESTLESS = "restless"
    CALM = "calm"
    UNKNOWN = "no sensor"


class Room(Struct, frozen=True, kw_only=True):
    """One player. Times are of the clock of `Ward`; None: not known."""

    player: str
    online: bool | None = None
    seen: Seconds = Seconds(0.0)  # its last message
    state: str = ""
    title: str = ""
    artist: str = ""
    reason: str = ""
    fault: str = ""
    agitation: float | None = None
    volume: float | None = None  # percent
    request: str = ""  # why it asked for a person
    asked: Seconds | None = None  # when, while that stands

    def condition(self, now: Seconds) -> Condition:
        if self.online is False or now - self.seen > SILENT_AFTER:
            return Condition.AWAY
        if self.fault:  # of the sound device: what is said to play, nobody hears
            return Condition.SILENT
        if stands(self.asked, now):
            return Condition.ASKING
        if self.agitation is None:
            return Condition.UNKNOWN
        return Condition.RESTLESS if self.agitation >= RESTLESS else Condition.CALM


class Ward:
    """`take` every message of a home; `rooms` in the order in which somebody should look."""

    def __init__(self, base: str, site: str, *, max_rooms: int = MAX_ROOMS) -> None:
        self._prefix = f"{base}/{VERSION}/{site}/"
        self._max = max_rooms
        self._rooms: dict[str, Room] = {}
        self.refused: Counter[str] = Counter()  # messages that changed nothing, by reason

    @property
    def filters(self) -> tuple[str, ...]:
        """What to read from the broker: never a signal, never a command."""
        return tuple(f"{self._prefix}+/{end}" for end in ("availability", "state/+", "event/decision"))

    def topic(self, player: str, verb: str) -> str:
        return f"{self._prefix}{player}/cmd/{verb}"

    def take(self, topic: str, payload: bytes, now: Seconds, *, stored: bool = False) -> None:
        """stored: the broker had kept it; an event that was kept is old and is passed over."""
        player, _, kind = topic.removeprefix(self._prefix).partition("/")
        if not topic.startswith(self._prefix) or not NAME.fullmatch(player):
            self.refused["name"] += 1
            return
        if len(payload) > MAX_PAYLOAD:
            self.refused["too large"] += 1
            return
        if player not in self._rooms and len(self._rooms) >= self._max:
            self.refused["too many rooms"] += 1
            return
        if not payload:  # a retained topic that was cleared: the room is given up
            if kind == "availability":
                self._rooms.pop(player, None)
            return
        before = self._rooms.get(player, Room(player=player))
        try:
            after = _changed(before, kind, payload, now, stored=stored)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            self.refused["not understood"] += 1
            return
        self._rooms[player] = structs.replace(after, seen=now)

    def rooms(self, now: Seconds) -> list[Room]:
        order = list(Condition)
        return sorted(self._rooms.values(), key=lambda room: (order.index(room.condition(now)), room.player))

    def lost(self) -> None:
        """The broker is away: what is shown is no longer known to be true."""
        self._rooms = {name: structs.replace(room, online=None) for name, room in self._rooms.items()}


def _changed(room: Room, kind: str, payload: bytes, now: Seconds, *, stored: bool) -> Room:
    """Raises `msgspec.MsgspecError` and `ValueError`."""
    match kind:
        case "availability":
            if payload not in (b"online", b"offline"):
                raise ValueError(kind)
            return structs.replace(room, online=payload == b"online")
        case "state/playback":
            said = msgspec.json.decode(payload, type=PlaybackPayload)
            return structs.replace(
                room,
                state=clean(said.state, 32),
                title=clean(said.track.title, TEXT) if said.track else "",
                artist=clean(said.track.artist, TEXT) if said.track else "",
                reason=clean(said.reason, TEXT),
                fault=clean(said.fault, TEXT),
            )
        case "state/agitation":
            felt = msgspec.json.decode(payload, type=AgitationPayload)
            known = felt.confidence >= SURE and felt.validity == "valid"
            return structs.replace(room, agitation=min(max(felt.agitation, 0.0), 1.0) if known else None)
        case "state/volume":
            loud = msgspec.json.decode(payload, type=VolumePayload)
            return structs.replace(room, volume=min(max(loud.percent, 0.0), 100.0))
        case "event/decision" if not stored:
            event = msgspec.json.decode(payload, type=DecisionPayload)
            since = asked(room.asked, event.event_type, event.trigger, event.agitation, now)
            why = clean(event.reason, TEXT) if event.event_type == "prompt" else room.request
            return structs.replace(room, request=why, asked=since)
        case _:
            return room
