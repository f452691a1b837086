"""What is answered to a press, and how a refusal is said."""

from adapters.web.translation import Language
from player.session.messages import Reply

OK = "done"


def code(reply: Reply) -> str:
    """The answer as one word, for an address."""
    return reply.reason or (OK if reply.ok else "failed")


def said(what: str, answer: str, _: Language) -> str:
    """`what`: the verb, or "feedback". `answer`: `code` of the reply. "" for what is neither."""
    done = {
        "calm": _("Calmer music is coming."),
        "like": _("Noted: this one is good."),
        "dislike": _("Noted. Another piece is coming."),
        "never": _("This piece will not be played here again."),
        "allow": _("This piece may be played again."),
        "stop": _("Stopped."),
        "louder": _("Louder."),
        "quieter": _("Quieter."),
        "play": _("Music is coming."),
        "pause": _("Paused."),
        "next": _("Another piece is coming."),
        "feedback": _("Thank you. It is noted."),
    }
    if what not in done:
        return ""
    if answer == OK:
        return done[what]
    return refusals(_).get(answer, _("This could not be done. Please try again."))


def refusals(_: Language) -> dict[str, str]:
    return {
        "at-limit": _("This is as far as it goes."),
        "nothing-plays": _("Nothing is playing just now."),
        "nothing-to-play": _("There is no music that may be played. Add music, or lift a “never”."),
        "nothing-calmer": _("Nothing calmer is known here. This music goes on."),
        "held-by-staff": _("Staff have stopped the music. Only staff start it again."),
        "quiet-hours": _("It is night here. Only staff start music now."),
        "unknown-track": _("This piece is no longer here."),
        "full": _("Lull is too busy just now. Please press again."),
        "too-many": _("Too many presses at once. Please press again."),
        "no-answer": _("No answer yet. Listen whether it was done, and press again if not."),
    }


def problem(status: int, reason: str, _: Language) -> str:
    """A page that could not be given, in one sentence that says what to do."""
    reasons = {
        "pin-needed": _("Please sign in with the staff PIN first."),
        "only-for-staff": _("This is for staff. Please sign in with the staff PIN."),
        "form-too-old": _("This page was open for too long. Go back, reload it, and press again."),
        "from-elsewhere": _("This was sent from another site, and was not done."),
        "wrong-pin": _("This PIN is not right. It is printed by “lull page” on the player."),
        "too-large": _("This is too large to be taken."),
        "too-slow": _("Nothing came for a minute, so this was given up. Please try again."),
    }
    if reason in reasons:
        return reasons[reason]
    if status == 404:
        return _("There is no such page here.")
    return _("This could not be done. Go back and try again.")
