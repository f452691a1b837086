"""Why this piece, in one sentence of the reader's language, from the fields of the decision."""

from typing import Final

from adapters.web.translation import Language
from player.session.messages import Decision
from player.session.motive import NOTHING_LEFT
from player.session.opening import ASLEEP, LOOKING, NO_MUSIC, QUIET

BRINGS: Final = frozenset({"start", "swap", "next", "resume"})  # decisions after which their piece is heard
ENDS: Final = frozenset({"hold", "rest", "release"})  # after which nothing is
FAMILIAR: Final = 0.6  # `basis`: well known here; own judgement
CALM: Final = 0.7  # `basis`


def why(decision: Decision, _: Language) -> str | None:
    """None when the fields do not say enough: then the English sentence stands."""
    title = decision.to_track.title if decision.to_track else ""
    occasion = _occasion(decision, title, _)
    if occasion is None:
        return None
    fit = _fit(decision, _)
    return f"{occasion} {fit}" if fit and decision.event_type in ("swap", "next", "start") else occasion


def _occasion(decision: Decision, title: str, _: Language) -> str | None:
    match decision.event_type, decision.trigger:
        case "swap", "agitation":
            return _("Restlessness was seen, so calmer music was chosen: “%(title)s”.", title=title)
        case "swap", "retry":
            return _("The piece before did not help enough, so another was chosen: “%(title)s”.", title=title)
        case "swap", "schedule":
            return _("This is often a restless hour, so calm music was chosen: “%(title)s”.", title=title)
        case "swap", "staff":
            return _("Calmer music was asked for by staff: “%(title)s”.", title=title)
        case "swap", "resident":
            return _("Calmer music was asked for with the resident’s button: “%(title)s”.", title=title)
        case "next", "ended":
            return _("The piece before had ended; “%(title)s” follows.", title=title)
        case "next", "staff":
            return _("Another piece was asked for by staff: “%(title)s”.", title=title)
        case "next", "resident":
            return _("Another piece was asked for with the resident’s button: “%(title)s”.", title=title)
        case (("next" | "start" | "resume"), "fault"):
            return _("The music was interrupted by a fault; “%(title)s” plays now.", title=title)
        case "next", "recovered":
            return _("“%(title)s” can be played now.", title=title)
        case "next", "guard":
            return _("What was coming might upset; “%(title)s” is played instead.", title=title)
        case "next", "the profile":
            return _("The piece before is not to be played here; “%(title)s” follows.", title=title)
        case "start", "staff":
            return _("Started by staff with “%(title)s”.", title=title)
        case "start", "resident":
            return _("Started with the resident’s button: “%(title)s”.", title=title)
        case "start", "start":
            return _("To begin, “%(title)s” was chosen.", title=title)
        case "resume", _anybody:
            return _("“%(title)s” goes on where it was.", title=title)
        case "hold", "staff":
            return _("Stopped by staff. Only a person starts the music again.")
        case "hold", "resident":
            return _("Stopped with the resident’s button. Only a person starts the music again.")
        case "rest", "asleep":
            return _("The resident sleeps, so the music faded out.")
        case "rest", "session":
            return _("The music had played for long enough and faded out.")
        case "rest", "upset":
            return _("Restlessness rose with the piece, so it was left.")
        case "release", _anybody:
            return _("The stop is over: music may begin again.")
        case _:
            return None


def standing(reason: str, _: Language) -> str | None:
    """A state's own reason, where it is one of the sentences that are always the same."""
    return {
        LOOKING: _("Looking for music."),
        NO_MUSIC: _(
            "No music found. Put music files into the library folder, or name another one in the settings."
        ),
        QUIET: _("Quiet hours. Press play to start quietly."),
        ASLEEP: _("Ready. Press play to start."),
        NOTHING_LEFT: _("No music that may be played is left. Add music, or lift a “never”."),
        "Paused by staff.": _("Paused by staff."),
        "Paused by resident.": _("Paused with the resident’s button."),
        "Paused by alarm.": _("Silent while an alarm is on."),
        "Stopped by staff; press play to go on.": _(
            "Stopped by staff. Only a person starts the music again."
        ),
        "Stopped by resident; press play to go on.": _(
            "Stopped with the resident’s button. Only a person starts the music again."
        ),
    }.get(reason)


def _fit(decision: Decision, _: Language) -> str:
    """What speaks for the piece, as the policy saw it."""
    familiar = decision.basis.get("familiarity", 0.0) >= FAMILIAR
    calm = decision.basis.get("calmness", 0.0) >= CALM
    if familiar and calm:
        return _("It is well known here, and calm.")
    if familiar:
        return _("It is well known here.")
    return _("It is calm.") if calm else ""
