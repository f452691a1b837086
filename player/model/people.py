"""What people and their buttons say."""

from enum import StrEnum

from msgspec import Struct

from player.model.music import TrackId
from player.units import Seconds

# --- commands from people and devices --------------------------------------------------------------


class Verb(StrEnum):
    CALM = "calm"
    PLAY = "play"
    PAUSE = "pause"
    PLAY_PAUSE = "play_pause"
    STOP = "stop"
    NEXT = "next"
    LIKE = "like"
    DISLIKE = "dislike"
    NEVER = "never"
    ALLOW = "allow"  # takes a “never” back
    LOUDER = "louder"
    QUIETER = "quieter"
    VOLUME = "volume"
    MODE = "mode"
    RATE = "rate"


class AdaptMode(StrEnum):
    """auto: sensors may change the music; manual: only people; off: silent until `play`."""

    AUTO = "auto"
    MANUAL = "manual"
    OFF = "off"


class Command(Struct, frozen=True, kw_only=True):
    verb: Verb
    id: str = ""  # "" when the sender gave none: no result can be answered
    by: str = "staff"
    value: float | None = None  # volume: percent; rate: 0-4
    mode: AdaptMode | None = None
    track_id: TrackId | None = None  # like, dislike, never, allow: which track; None: the one playing


class Feedback(Struct, frozen=True, kw_only=True):
    """A person's judgement of the music: −1 worse, 0 same, +1 better."""

    id: str
    rating: int
    given: Seconds | None = None  # Unix time, as its sender tells it; it may arrive hours later
    by: str = "staff"
    about: str = "now"
    observed: tuple[str, ...] = ()
    note: str | None = None
