"""Why this piece, in one sentence of the reader's language, from the fields of the decision."""

from typing import Final

from adapters.web.translation import Language
from player.session.messages import Decision

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
        case _:
            return None


def _fit(decision: Decision, _: Language) -> str:
    """What speaks for the piece, as the policy saw it."""
    familiar = decision.basis.get("familiarity", 0.0) >= FAMILIAR
    calm = decision.basis.get("calmness", 0.0) >= CALM
    if familiar and calm:
        return _("It is well known here, and calm.")
    if familiar:
        return _("It is well known here.")
    return _("It is calm.") if calm else ""
