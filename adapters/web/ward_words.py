"""What the ward says of its rooms."""

from typing import Final

from adapters.web.translation import Language

# by the urgency of a room, as the ward names it
LOUD: Final = frozenset({"silent", "away"})
SOFT: Final = frozenset({"calm", "unknown"})


def condition(name: str, _: Language) -> str:
    """name: that of a `Condition`, in small letters."""
    words = {
        "silent": _("Silent by fault"),
        "away": _("Not to be reached"),
        "asking": _("Please look after the resident"),
        "restless": _("Restless"),
        "calm": _("Calm"),
        "unknown": _("No sensor tells"),
    }
    return words[name]


def playing(state: str, _: Language) -> str:
    words = {
        "idle": _("No music"),
        "paused": _("Paused"),
        "held": _("Stopped by staff"),
        "playing": _("Music plays"),
        "soothing": _("Calming music plays"),
    }
    return words.get(state, "")


def sent(what: str, room: str, _: Language) -> str:
    """what: the verb, or "lost" when the room could not be told; "" for what is neither."""
    words = {
        "calm": _("%(room)s was told to play calmer music.", room=room),
        "stop": _("%(room)s was told to stop.", room=room),
        "lost": _("%(room)s could not be told: there is no link to the broker. Please go there.", room=room),
        "unknown": _("There is no such room here."),
    }
    return words.get(what, "")
