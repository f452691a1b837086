"""What the session is doing: one of these, never a row of flags."""

from msgspec import Struct

from player.units import Seconds

ALARM = "alarm"  # who pauses while an alarm is on


class Idle(Struct, frozen=True, kw_only=True):
    """Nothing is meant to be heard: not started yet, nothing to play, or not the hour for it.

    fault: nothing could be played that should be: it is tried again, whatever the hour.
    """

    since: Seconds
    reason: str
    fault: bool = False


class Playing(Struct, frozen=True, kw_only=True):
    """calm_until: what follows before this moment stays calm, for music has soothed."""

    since: Seconds
    reason: str
    calm_until: Seconds = Seconds(0.0)


class Soothing(Struct, frozen=True, kw_only=True):
    """The music was moved to something calmer; `until` is the end of the response window."""

    since: Seconds
    reason: str
    until: Seconds
    began: Seconds  # of the first piece of this soothing
    tries: int = 1  # pieces
    before: float | None = None  # agitation as the newest piece was chosen; None: not known


class Fading(Struct, frozen=True, kw_only=True):
    """The programme fades out until `until`, and rests then. Still heard."""

    since: Seconds
    reason: str
    until: Seconds


class Resting(Struct, frozen=True, kw_only=True):
    """Silent on purpose: a new occasion or a person starts the music, nothing else."""

    since: Seconds
    reason: str


class Paused(Struct, frozen=True, kw_only=True):
    """Silent at a place to which `play` returns."""

    since: Seconds
    by: str
    during: Playing | Soothing


class Held(Struct, frozen=True, kw_only=True):
    """Stopped by a person. Only a person starts the music again."""

    since: Seconds
    by: str


State = Idle | Playing | Soothing | Fading | Resting | Paused | Held


def paused_before(by: str, at: Seconds) -> Paused:
    return Paused(since=at, by=by, during=Playing(since=at, reason="Paused before a restart."))


def stays_calm(state: State, at: Seconds) -> bool:
    """What follows shall be calm, for music soothes or has soothed."""
    match state:
        case Soothing() | Paused(during=Soothing()):
            return True
        case Playing(calm_until=until) | Paused(during=Playing(calm_until=until)):
            return at < until
        case _:
            return False
