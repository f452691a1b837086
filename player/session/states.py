"""What the session is doing: one of these, never a row of flags."""

from msgspec import Struct

from player.units import Seconds


class Idle(Struct, frozen=True, kw_only=True):
    """Nothing is meant to be heard: not started yet, nothing to play, or not the hour for it."""

    since: Seconds
    reason: str


class Playing(Struct, frozen=True, kw_only=True):
    since: Seconds
    reason: str


class Soothing(Struct, frozen=True, kw_only=True):
    """The music was moved to something calmer; `until` is the end of the response window."""

    since: Seconds
    reason: str
    until: Seconds


class Paused(Struct, frozen=True, kw_only=True):
    """Silent at a place to which `play` returns."""

    since: Seconds
    by: str
    during: Playing | Soothing


class Held(Struct, frozen=True, kw_only=True):
    """Stopped by a person. Only a person starts the music again."""

    since: Seconds
    by: str


State = Idle | Playing | Soothing | Paused | Held
