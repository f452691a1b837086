"""How long staff stay asked to look after a resident, from the decisions that a player makes known."""

from typing import Final

from player.units import Seconds

ASKING_FOR: Final = Seconds(900.0)  # a request stands so long; own judgement
CALM: Final = 0.5  # agitation below which music is seen to have helped


def asked(
    before: Seconds | None, event_type: str, trigger: str, agitation: float | None, at: Seconds
) -> Seconds | None:
    """Since when, after one more decision; None: nobody is asked.

    That the music goes on because nothing else is there ends no request: only calm does, or a person.
    """
    if event_type == "prompt":
        return at
    calm = event_type == "keep" and trigger == "window" and agitation is not None and agitation < CALM
    return None if calm or trigger == "staff" else before


def stands(since: Seconds | None, now: Seconds) -> bool:
    return since is not None and 0.0 <= now - since <= ASKING_FOR
