"""How the resident seems, and why."""

from enum import StrEnum

from msgspec import Struct

from player.units import Seconds


class Quantity(StrEnum):
    """What a reading measures; the unit is fixed by the quantity (MQTT.md A)."""

    AGITATION = "agitation"  # 0-1
    AGITATION_RATING = "agitation_rating"  # 0-4, by staff
    HEART_RATE = "heart_rate"  # 1/min
    HEART_RATE_VARIABILITY = "heart_rate_variability"  # RMSSD ms
    EDA = "eda"  # µS
    SKIN_TEMPERATURE = "skin_temperature"  # °C
    RESPIRATION = "respiration"  # 1/min
    MOVEMENT = "movement"  # g
    BED_OCCUPIED = "bed_occupied"  # 0 or 1
    PRESENCE = "presence"  # 0 or 1
    SOUND_LEVEL = "sound_level"  # dB above the room's baseline
    SOUND_EVENT = "sound_event"  # 0 or 1
    VOICE = "voice"  # 0-1, share of the time
    SHOUT = "shout"  # 0-1, evidence
    REPETITIVE_CALL = "repetitive_call"  # 0-1, evidence
    POSTURE = "posture"  # code
    ALARM = "alarm"  # 0 or 1: fire alarm, nurse call


ROOM_MICROPHONE = "room-microphone"  # source of its readings: the player's own sound is taken away already


class Reading(Struct, frozen=True, kw_only=True):
    source: str  # the device, as named in the topic
    quantity: Quantity
    value: float
    at: Seconds
    quality: float = 1.0  # 0-1


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason for the present estimate of agitation."""

    source: str
    quantity: Quantity
    agitation: float  # what this evidence alone would say, 0-1
    weight: float  # share in the estimate, 0-1
    age: Seconds
    value: float | None = None  # in the quantity's unit
    usual: float | None = None  # for this person now, in the quantity's unit
    departure: float | None = None  # from usual, in mean absolute departures of this person


class Trend(StrEnum):
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


class Validity(StrEnum):
    """What speaks against the sensors at present. Sleep and a removed wearable look like calm."""

    VALID = "valid"
    ASLEEP = "asleep"
    NOT_WORN = "not_worn"


class ListenerState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    agitation: float  # 0-1
    confidence: float  # 0-1; 0 when no fresh evidence
    trend: Trend
    why: tuple[Evidence, ...]  # the three strongest
    at: Seconds
    validity: Validity = Validity.VALID  # of the sensors; a rating by staff counts at any time

    @property
    def rated_at(self) -> Seconds | None:
        """When staff gave the rating on which this mostly rests; None: it rests on sensors."""
        ratings = [piece for piece in self.why if piece.quantity is Quantity.AGITATION_RATING]
        if sum(piece.weight for piece in ratings) <= 0.5:
            return None
        return Seconds(self.at - min(piece.age for piece in ratings))
