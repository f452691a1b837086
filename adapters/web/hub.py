"""The newest of everything the session shows, and who waits for it: open pages, answers to presses."""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from player.model import Command, Progress
from player.session.messages import (
    AgitationState,
    Decision,
    Fault,
    ModeState,
    PlaybackState,
    Reply,
    StateView,
    VolumeState,
)
from player.units import Frames, Seconds

MAX_STREAMS: Final = 200  # open pages of one player; more are told to come back
MAX_ASKED: Final = 200  # presses that wait for their answer
KEPT_ANSWERS: Final = 1_000  # so that a form sent twice counts once
KEPT_DECISIONS: Final = 50
STILL: Final = Seconds(4.0)  # without frames written: no sound reaches the device
PATIENCE: Final = 5.0  # s until a press without an answer is called lost


class Full(Exception):
    """More than may wait at once."""


class Watcher:
    """One open page. What changes meanwhile is coalesced: a slow reader holds nothing but the newest."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.ended = False

    def wake(self) -> None:
        self._changed.set()

    def end(self) -> None:
        self.ended = True
        self._changed.set()

    async def wait(self, patience: float) -> bool:
        """True when something changed, False when nothing did for so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Hub:
    """A `Publisher` for the page. All calls are on the event loop's thread."""

    def __init__(self) -> None:
        self.playback: PlaybackState | None = None
        self.volume: VolumeState | None = None
        self.mode: ModeState | None = None
        self.agitation: AgitationState | None = None
        self.decisions: deque[Decision] = deque(maxlen=KEPT_DECISIONS)
        self.position: int | None = None  # s in the piece, of the last frame written; None: nothing is heard
        self.moving = False  # frames are being written
        self._frames, self._frames_at = Frames(-1), Seconds(-math.inf)
        self.version = 0  # grows with every change
        self._watchers: set[Watcher] = set()
        self._asked: dict[str, asyncio.Future[Reply]] = {}
        self._answers: OrderedDict[str, Reply] = OrderedDict()
        self.ended = False

    # --- from the brain -----------------------------------------------------------------------------------

    def publish(self, message: Struct) -> None:
        match message:
            case PlaybackState() | VolumeState() | ModeState() | AgitationState():
                self._keep(message)
            case Decision():
                self.decisions.append(message)
            case Reply():
                self._answer(message)
                return
            case Fault():
                pass  # what stands is in the states and vitals; this is its moment only
            case _:
                return
        self.changed()

    def _keep(self, view: StateView) -> None:
        match view:
            case PlaybackState():
                self.playback = view
            case VolumeState():
                self.volume = view
            case ModeState():
                self.mode = view
            case AgitationState():
                self.agitation = view

    def heard(self, progress: Progress | None, at: Seconds) -> None:
        """Frames really written, reported about once a second; None: there was no report yet."""
        if progress is not None and progress.frames_written != self._frames:
            self._frames, self._frames_at = progress.frames_written, at
        moving = at - self._frames_at < STILL
        position = round(progress.position) if progress and progress.deck >= 0 else None
        if (moving, position) != (self.moving, self.position):
            stands = moving != self.moving
            self.moving, self.position = moving, position
            self.changed() if stands else self._wake()

    def changed(self) -> None:
        """Something that pages show is not what it was."""
        self.version += 1
        self._wake()

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.wake()

    # --- presses ------------------------------------------------------------------------------------------

    def answer_to(self, command_id: str) -> Reply | None:
        """Of a press that was answered lately."""
        return self._answers.get(command_id)

    @contextmanager
    def asking(self, command: Command) -> Iterator["asyncio.Future[Reply]"]:
        """The answer to a command that is about to be sent. Raises `Full`."""
        waiting = self._asked.get(command.id)
        if waiting is not None:  # the same form, sent again while the first waits
            yield waiting
            return
        if len(self._asked) >= MAX_ASKED:
            raise Full
        waiting = self._asked[command.id] = asyncio.get_running_loop().create_future()
        try:
            yield waiting
        finally:
            self._asked.pop(command.id, None)

    def is_asked(self, command_id: str) -> bool:
        return command_id in self._asked

    def _answer(self, reply: Reply) -> None:
        waiting = self._asked.get(reply.id)
        if waiting is None:
            return  # somebody else's, over MQTT
        self.remember(reply)
        if not waiting.done():
            waiting.set_result(reply)

    def remember(self, reply: Reply) -> None:
        self._answers[reply.id] = reply
        while len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)

    # --- open pages ---------------------------------------------------------------------------------------

    @property
    def watched(self) -> int:
        return len(self._watchers)

    @property
    def is_full(self) -> bool:
        return self.ended or len(self._watchers) >= MAX_STREAMS

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Raises `Full` beyond `MAX_STREAMS`, or when the service ends."""
        if self.is_full:
            raise Full
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def let_go(self) -> None:
        """Every open page has to come again, and to show who it is."""
        for watcher in self._watchers:
            watcher.end()

    def end(self) -> None:
        """The service ends: every open page is let go."""
        self.ended = True
        self.let_go()
