"""What devices say, on its way to the session."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from adapters.clock import Clock
from adapters.conversation import Conversation
from adapters.inbox import Inbox
from player.model import Command, Quantity, Reading, Verb
from player.settings import Settings
from player.units import Seconds


def test_a_value_that_grew_stale_reaches_the_session_but_is_nothing_that_a_device_said(
    tmp_path: Path,
) -> None:
    inbox, heard = Inbox(), list[Command | Reading]()
    nobody: Any = SimpleNamespace()
    conversation = Conversation(Settings(data=str(tmp_path)), Clock(), inbox, nobody, dict)
    conversation.follow(lambda message, _at: heard.append(message))
    strap = [
        Reading(source="strap", quantity=Quantity.HEART_RATE, value=72.0, at=Seconds(1.0), quality=quality)
        for quality in (1.0, 0.0)
    ]
    said: list[Command | Reading] = [*strap, Command(verb=Verb.STOP)]
    for message in said:
        conversation.deliver(message)
    assert heard == [strap[0], Command(verb=Verb.STOP)]
    assert len(inbox) == 3
