"""Why this piece, in one sentence of the reader's language, from the fields of the decision."""

from adapters.web.translation import Language
from player.session.messages import Decision


def why(decision: Decision, _: Language) -> str | None:
    """None when the fields do not say enough: then the English sentence stands."""
    title = decision.to_track.title if decision.to_track else ""
    match decision.event_type, decision.trigger:
        case "swap", "agitation" | "retry":
            return _("Restlessness was seen, so calmer music was chosen: “%(title)s”.", title=title)
        case "swap", "staff":
            return _("Calmer music was asked for by staff: “%(title)s”.", title=title)
        case "swap", "resident":
            return _("Calmer music was asked for with the resident’s button: “%(title)s”.", title=title)
        case "next", "ended":
            return _("The piece before had ended; “%(title)s” follows.", title=title)
        case "next", "staff":
            return _("Another piece was asked for by staff: “%(title)s”.", title=title)
        case "start", "staff":
            return _("Started by staff with “%(title)s”.", title=title)
        case "resume", _anything:
            return _("“%(title)s” goes on where it was.", title=title)
        case "hold", "staff":
            return _("Stopped by staff. Only a person starts the music again.")
        case "hold", "resident":
            return _("Stopped with the resident’s button. Only a person starts the music again.")
        case _:
            return None
