"""The live guard: leaves a station before what is coming would upset a resident who is restless.

Pure rules. The audio process hears a station as far ahead of the ear as its buffer goes.
"""

from msgspec import Struct

from player.model import Ahead
from player.units import Lu, Seconds

# Own judgement.
RESTLESS = 0.4  # agitation from which the guard acts, as `player.selection.context`
SPEECH, SPEECH_SURE = 0.8, 0.45  # probability and confidence from which it is spoken word
STARTLE = Lu(8.0)  # rise within 3 s
AGITATING = 0.3  # calmness below which music is too lively for somebody restless
AWAY = Seconds(300.0)  # before the station is tried again
SHORTEST, LONGEST, SPARE = Seconds(1.0), Seconds(5.0), Seconds(0.5)  # of the fade, and before the ear


class Leave(Struct, frozen=True):
    why: str  # a clause
    fade: Seconds  # over before it reaches the ear, as far as the buffer allows


def judge(ahead: Ahead, agitation: float | None, spoken_word: str) -> Leave | None:
    """Whether to leave, given agitation 0-1 (None: not known) and `Profile.spoken_word`."""
    if agitation is None or agitation < RESTLESS:
        return None
    why = objection(ahead, spoken_word)
    if why is None:
        return None
    return Leave(why, Seconds(min(max(ahead.lead - SPARE, SHORTEST), LONGEST)))


def objection(ahead: Ahead, spoken_word: str) -> str | None:
    """What of it somebody restless shall not hear; None: nothing."""
    if ahead.rise is not None and ahead.rise > STARTLE:
        return f"a sudden rise of {ahead.rise:.0f} dB is coming"
    spoken = ahead.speech is not None and ahead.speech >= SPEECH and ahead.speech_confidence >= SPEECH_SURE
    if spoken and spoken_word == "exclude":
        return "people speak there"
    if ahead.calmness is not None and ahead.calmness < AGITATING and not spoken:
        return "lively music is coming"
    return None
