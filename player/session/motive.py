"""Why the music moves and how fast: motives for the record of decisions, fades, and what is said."""

from msgspec import Struct

from player.model import Selection
from player.units import Seconds

STOP_FADE = Seconds(0.4)  # the stop, never above 0.5 s (DESIGN 5)
PAUSE_FADE = Seconds(0.4)
RESUME_FADE = Seconds(2.0)  # after a fault or a pause: quietly in again
START_FADE = Seconds(4.0)
STAY_CALM = Seconds(1800.0)  # after a soothing, 20-30 min (SCIENCE, "Delivery")
NOW = Seconds(0.0)
RETRY = "retry"  # trigger: another piece within one soothing
LOOK = "please look for pain, thirst, toilet, noise, light, or company that is missed."
NOTHING_LEFT = "No music that may be played is left. Add music, or lift a “never”."


class Motive(Struct, frozen=True, kw_only=True):
    """Why the music moves, for the record of decisions."""

    kind: str  # `Decision.event_type`
    trigger: str
    reason: str


class Coming(Struct, frozen=True, kw_only=True):
    """A piece that was chosen and is not heard yet."""

    choice: Selection
    soothing: bool
