"""What devices measure and people press, in the reader's words and with the unit."""

from adapters.web.translation import Language
from player.model import Quantity, Verb


def quantity(name: str, _: Language) -> str:
    """One that is not known here stays as it is."""
    words: dict[str, str] = {
        Quantity.AGITATION: _("agitation, 0 to 1"),
        Quantity.AGITATION_RATING: _("agitation as seen by people, 0 to 4"),
        Quantity.HEART_RATE: _("heart rate, per minute"),
        Quantity.HEART_RATE_VARIABILITY: _("heart rate variability, ms"),
        Quantity.EDA: _("skin conductance, µS"),
        Quantity.SKIN_TEMPERATURE: _("skin temperature, °C"),
        Quantity.RESPIRATION: _("breaths per minute"),
        Quantity.MOVEMENT: _("movement, g"),
        Quantity.BED_OCCUPIED: _("in bed, 0 or 1"),
        Quantity.PRESENCE: _("somebody is there, 0 or 1"),
        Quantity.SOUND_LEVEL: _("louder than usual, dB"),
        Quantity.SOUND_EVENT: _("a sound, 0 or 1"),
        Quantity.VOICE: _("voices, 0 to 1"),
        Quantity.SHOUT: _("shout, 0 to 1"),
        Quantity.REPETITIVE_CALL: _("repeated calls, 0 to 1"),
        Quantity.POSTURE: _("posture"),
        Quantity.ALARM: _("alarm, 0 or 1"),
    }
    return words.get(name, name)


def button(verb: str, _: Language) -> str:
    """As it stands on the page."""
    words: dict[str, str] = {
        Verb.CALM: _("Calm now"),
        Verb.PLAY: _("Play"),
        Verb.PAUSE: _("Pause"),
        Verb.PLAY_PAUSE: _("Play or pause"),
        Verb.STOP: _("Stop"),
        Verb.NEXT: _("Another piece"),
        Verb.LIKE: _("Good"),
        Verb.DISLIKE: _("Not this one"),
        Verb.NEVER: _("Never"),
        Verb.ALLOW: _("Allow again"),
        Verb.LOUDER: _("Louder"),
        Verb.QUIETER: _("Quieter"),
        Verb.VOLUME: _("Volume"),
        Verb.MODE: _("Mode"),
        Verb.RATE: _("How restless"),
    }
    return words.get(verb, verb)


def person(who: str, _: Language) -> str:
    return {"staff": _("staff"), "resident": _("resident")}.get(who, who)
