"""What a press on the page does: one command into the inbox, and its answer once it is on disk."""

import asyncio
import re
import secrets
from typing import Final

from adapters.web.house import House
from adapters.web.hub import PATIENCE, Full, Hub
from player.model import Command, Feedback, Verb
from player.session.messages import Reply

ID: Final = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
TOO_MANY, LOST, FULL = "too-many", "no-answer", "full"  # reasons of our own, beside the session's


class Presses:
    def __init__(self, house: House, hub: Hub) -> None:
        self._house, self._hub = house, hub

    async def press(self, command: Command) -> Reply:
        """An id that was answered before is not carried out again."""
        known = self._hub.answer_to(command.id)
        if known is not None:
            return known
        again = self._hub.is_asked(command.id)
        try:
            with self._hub.asking(command) as answer:
                if not again and not self._house.send(command):
                    return Reply(id=command.id, ok=False, reason=FULL)
                async with asyncio.timeout(PATIENCE):
                    return await asyncio.shield(answer)
        except Full:
            if command.verb in (Verb.STOP, Verb.QUIETER):  # done even when its answer cannot be awaited
                self._house.send(command)
            return Reply(id=command.id, ok=False, reason=TOO_MANY)
        except TimeoutError:
            return Reply(id=command.id, ok=False, reason=LOST)

    async def judge(self, feedback: Feedback) -> Reply:
        """Answered once it is on disk. The same id is stored once."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._house.keep(feedback)
        except TimeoutError:
            return Reply(id=feedback.id, ok=False, reason=LOST)
        return Reply(id=feedback.id, ok=True)


def form_id(sent: object) -> str:
    """Of the form that was sent; a new one when it brought none that can be used."""
    return sent if isinstance(sent, str) and ID.match(sent) else new_id()


def new_id() -> str:
    """Ours, so that it is never mistaken for an id of a device."""
    return f"page-{secrets.token_urlsafe(12)}"
