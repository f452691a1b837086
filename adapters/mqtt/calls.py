"""What the link needs of the application."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from player.model import Command, Feedback, Reading


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the link calls, on the event loop.

    deliver: one command or reading; must not block.
    persist_feedback: returns when it is on disk; only then the broker may forget it.
    on_change: connected or not, and why not; connected, and what we are not allowed: in one sentence.
    tell: one sentence for people about a device, in every place where they look.
    vitals: what `status` carries beside the link's own counters; JSON values.
    """

    deliver: Callable[[Command | Reading], None]
    persist_feedback: Callable[[Feedback], Awaitable[None]]
    tell: Callable[[str], None]
    on_change: Callable[[bool, str], None] = lambda _connected, _why: None
    vitals: Callable[[], Mapping[str, object]] = dict


@dataclass(frozen=True, slots=True)
class Identity:
    """Who publishes: one boot of one version."""

    boot: str
    version: str
