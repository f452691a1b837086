"""One consumer of the inbox: hands each event to the session and carries out what follows."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from msgspec import json

from adapters.clock import Clock
from adapters.inbox import Inbox
from player.model import CatalogueEntry, Feedback, MixCommand, TrackFeatures, TrackId
from player.ports.records import Journal, JournalEntry, Publisher
from player.session.messages import (
    AudioReported,
    Calibrated,
    Decide,
    Decision,
    Effect,
    Event,
    Fault,
    FeedbackArrived,
    Forgotten,
    KeepComfort,
    Mix,
    ProfileChanged,
    ReadingArrived,
    Remember,
    Reply,
    SaveFeatures,
    Show,
    Started,
    StateView,
    Stopping,
    Tick,
    Wake,
)
from player.session.session import Session
from player.settings import Profile
from player.units import Seconds

log = logging.getLogger(__name__)

TICK = Seconds(5.0)
EARLY = 20  # events that wait for the broker's connection, which comes after the sound


@dataclass(frozen=True, slots=True)
class Hands:
    """What the brain moves: mix commands for the audio process, finished analyses for the catalogue, and the
    pieces to keep on this disk."""

    send: Callable[[MixCommand], None]
    save: Callable[[TrackId, TrackFeatures], None]
    keep: Callable[[tuple[CatalogueEntry, ...]], None]


class Brain:
    def __init__(self, started: Started, clock: Clock, inbox: Inbox, journal: Journal, hands: Hands) -> None:
        """Raises `SelectionError` for a policy that does not exist."""
        self._started = started
        self._clock = clock
        self._inbox = inbox
        self._journal = journal
        self._hands = hands
        self._session = Session(started)
        self._never: Sequence[TrackId] = started.memory.never
        self._publishers: list[Publisher] = []
        self._events: deque[Decision | Fault] = deque(maxlen=EARLY)  # for who is announced to later
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}  # feedback on its way to the disk, by id
        self._kept: dict[int, asyncio.Future[None]] = {}  # other events that somebody waits for
        self._wake: asyncio.TimerHandle | None = None
        self.handled = 0  # events
        self.views: dict[type[StateView], StateView] = {}
        self.decisions: list[Decision] = []  # the newest few, for the terminal

    @property
    def boot(self) -> str:
        return self._started.boot

    @property
    def profile(self) -> Profile:
        """The one in force."""
        return self._session.profile

    @property
    def never(self) -> Sequence[TrackId]:
        """Pieces that somebody pressed “never” for."""
        return self._never

    def announce_to(self, publisher: Publisher) -> None:
        """It hears of every state as it stands, of the newest events, and of everything from now on."""
        for message in (*self.views.values(), *self._events):
            publisher.publish(message)
        self._publishers.append(publisher)

    def tell(self, fault: Fault) -> None:
        """People should know."""
        self._carry_out(fault)

    async def run(self) -> None:
        """Until a `Stopping` was handled."""
        self._handle(self._started)
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick(), name="tick")
            while True:
                event = await self._inbox.get()
                self._handle(event)
                if isinstance(event, Stopping):
                    break
            ticking.cancel()

    async def keep_feedback(self, feedback: Feedback) -> None:
        """Returns when the feedback is on disk."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(feedback.id, []).append(stored)  # it may come twice, over two ways
        self._inbox.put(FeedbackArrived(at=self._clock.now(), feedback=feedback))
        await stored

    async def keep(self, event: ProfileChanged | Forgotten | Calibrated) -> None:
        """Returns when the event was handled and is on disk; the inbox never refuses these."""
        stored = asyncio.get_running_loop().create_future()
        self._kept[id(event)] = stored
        try:
            self._inbox.put(event)
            await stored
        finally:
            self._kept.pop(id(event), None)

    # --- events -----------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._put_tick()

    def _put_tick(self) -> None:
        clock = self._clock
        self._inbox.put(Tick(at=clock.now(), minute=clock.minute(), ahead=clock.ahead()))

    def _handle(self, event: Event) -> None:
        effects = self._session.handle(event)
        self.handled += 1
        after: list[Callable[[], None]] = []
        memory: bytes | None = None
        for effect in effects:
            if isinstance(effect, Remember):
                self._never = effect.memory.never
                memory = json.encode(effect.memory)
            elif isinstance(effect, Reply):
                after.append(partial(self._publish, effect))
            else:
                self._carry_out(effect)
        feedback_id = None
        if isinstance(event, FeedbackArrived):
            feedback_id = event.feedback.id
            after += [partial(_resolve, waiting) for waiting in self._waiting.pop(feedback_id, ())]
        kept = self._kept.get(id(event))
        if kept is not None:
            after.append(partial(_resolve, kept))
        self._journal.append(
            JournalEntry(
                boot=self._started.boot,
                at=Seconds(event.at + self._clock.ahead()),
                event=json.encode(event),
                effects=journalled(effects),
                memory=memory,
                feedback_id=feedback_id,
                lasting=bool(after) or memory is not None or not _telemetry(event, effects),
            ),
            self._durable(after) if after else None,
        )

    @staticmethod
    def _durable(after: list[Callable[[], None]]) -> Callable[[], None]:
        """What may be said only once the entry is on disk, from the writer's thread to the loop."""
        loop = asyncio.get_running_loop()

        def on_disk() -> None:
            for action in after:
                loop.call_soon_threadsafe(action)

        return on_disk

    # --- effects ------------------------------------------------------------------------------------------

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Mix(command=command):
                self._hands.send(command)
            case Show(state=state):
                self.views[type(state)] = state
                self._publish(state)
            case Decide(decision=decision):
                log.info("decided: %s", decision.event_type)  # why is health data: the journal has it
                self.decisions = [*self.decisions[-4:], decision]
                self._publish(decision)
            case Fault(problem=problem):
                log.warning("%s", problem)
                self._publish(effect)
            case SaveFeatures(track_id=track_id, features=features):
                self._hands.save(track_id, features)
            case KeepComfort(pieces=pieces):
                self._hands.keep(pieces)
            case Wake(at=at):
                self._wake_at(at)
            case Remember() | Reply():
                raise AssertionError(effect)  # go with the journal entry
            case _:
                assert_never(effect)

    def _publish(self, message: StateView | Decision | Fault | Reply) -> None:
        if isinstance(message, Decision | Fault):
            self._events.append(message)
        for publisher in self._publishers:
            publisher.publish(message)

    def _wake_at(self, at: Seconds) -> None:
        if self._wake is not None:
            self._wake.cancel()
        delay = max(at - self._clock.now(), 0.0)
        self._wake = asyncio.get_running_loop().call_later(delay, self._put_tick)


def journalled(effects: tuple[Effect, ...]) -> bytes:
    """Effects as the journal keeps them: the memory has its own place, it would outgrow all the rest."""
    return json.encode([effect for effect in effects if not isinstance(effect, Remember)])


def _telemetry(event: Event, effects: tuple[Effect, ...]) -> bool:
    """What nobody did and from which nothing was decided."""
    moved = any(isinstance(effect, Decide | Fault) for effect in effects)
    return isinstance(event, ReadingArrived | Tick | AudioReported) and not moved


def _resolve(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():  # the one who waited may have been cancelled
        waiting.set_result(None)
