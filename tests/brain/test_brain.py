"""The brain carries out effects at once, and answers only what is on disk."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from adapters.brain import Brain, Hands, journalled
from adapters.clock import Clock
from adapters.inbox import Inbox
from player.model import (
    CatalogueEntry,
    Command,
    Feedback,
    MixCommand,
    Quantity,
    Reading,
    Stop,
    TrackFeatures,
    TrackId,
    Verb,
    Volume,
)
from player.ports.records import JournalEntry
from player.session.messages import (
    AudioReady,
    CatalogueChanged,
    CommandArrived,
    Event,
    Fault,
    Memory,
    PlaybackState,
    ProfileChanged,
    ReadingArrived,
    Reply,
    Started,
    Stopping,
)
from player.session.session import Session
from player.settings import Profile, Settings
from tests.support.journal import MemoryJournal
from tests.support.pieces import piece


class Room:
    """A brain with everything around it in memory."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.clock, self.inbox, self.journal = Clock(), Inbox(), journal
        self.mixed: list[MixCommand] = []
        self.saved: list[tuple[TrackId, TrackFeatures]] = []
        self.kept: list[tuple[CatalogueEntry, ...]] = []
        self.published: list[msgspec.Struct] = []
        started = Started(
            at=self.clock.now(),
            minute=720,
            boot="b",
            seed=1,
            settings=Settings(),
            profile=Profile(id="demo"),
            memory=Memory(),
        )
        hands = Hands(self.mixed.append, lambda *known: self.saved.append(known), self.kept.append)
        self.brain = Brain(started, self.clock, self.inbox, journal, hands)
        self.brain.announce_to(self)

    def publish(self, message: msgspec.Struct) -> None:
        self.published.append(message)

    def press(self, verb: Verb, command_id: str = "") -> None:
        self.inbox.put(CommandArrived(at=self.clock.now(), command=Command(verb=verb, id=command_id)))

    @asynccontextmanager
    async def living(self) -> AsyncIterator["Room"]:
        running = asyncio.create_task(self.brain.run())
        yield self
        self.inbox.put(Stopping(at=self.clock.now()))
        await running


async def until_handled(room: Room) -> None:
    while len(room.inbox):
        await asyncio.sleep(0)
    for _ in range(5):  # callbacks that the journal sends back to the loop
        await asyncio.sleep(0)


async def test_mix_commands_leave_before_anything_is_on_disk() -> None:
    async with Room(MemoryJournal(hold=True)).living() as room:
        room.inbox.put(AudioReady(at=room.clock.now()))
        room.press(Verb.STOP, "c1")
        await until_handled(room)
        assert [type(c) for c in room.mixed] == [Volume, Stop]
        assert not [m for m in room.published if isinstance(m, Reply)]
        room.journal.commit()
        await until_handled(room)
        assert Reply(id="c1", ok=True) in room.published


async def test_feedback_returns_only_from_disk() -> None:
    async with Room(MemoryJournal(hold=True)).living() as room:
        keeping = asyncio.create_task(room.brain.keep_feedback(Feedback(id="f", rating=1)))
        await asyncio.sleep(0)
        await until_handled(room)
        assert not keeping.done()
        room.journal.commit()
        await asyncio.wait_for(keeping, 1.0)


async def test_feedback_that_comes_twice_is_stored_once_and_answers_both() -> None:
    async with Room(MemoryJournal(hold=True)).living() as room:
        twice = [asyncio.create_task(room.brain.keep_feedback(Feedback(id="f", rating=1))) for _ in range(2)]
        await asyncio.sleep(0)
        await until_handled(room)
        assert not any(keeping.done() for keeping in twice)
        room.journal.commit()
        await asyncio.wait_for(asyncio.gather(*twice), 1.0)
        assert len([entry for entry in room.journal.entries() if entry.feedback_id == "f"]) == 1


async def test_states_are_shown_and_kept_for_the_view() -> None:
    async with Room(MemoryJournal()).living() as room:
        await until_handled(room)
        assert isinstance(room.brain.views[PlaybackState], PlaybackState)
        assert room.brain.views[PlaybackState] in room.published


async def test_who_listens_later_hears_of_every_state_as_it_stands_and_of_what_happened() -> None:
    class Late:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def publish(self, message: object) -> None:
            self.heard.append(message)

    async with Room(MemoryJournal()).living() as room:
        await until_handled(room)
        fault = Fault(part="audio", problem="no speaker")
        room.brain.tell(fault)
        late = Late()
        room.brain.announce_to(late)
        assert late.heard.pop() == fault
        assert late.heard == list(room.brain.views.values()) and len(late.heard) >= 3


async def test_the_log_says_nothing_about_the_resident(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Room(MemoryJournal()).living() as room:
        room.inbox.put(AudioReady(at=room.clock.now()))
        room.inbox.put(CatalogueChanged(at=room.clock.now(), found=(piece("Träumerei"),), complete=True))
        agitated = Reading(source="band", quantity=Quantity.AGITATION, value=0.875, at=room.clock.now())
        room.inbox.put(ReadingArrived(at=room.clock.now(), reading=agitated))
        room.press(Verb.CALM, "c1")
        await until_handled(room)
        decided = list(room.brain.decisions)
    assert decided and "decided: " in caplog.text
    for word in ("0.875", "0.88", "agitation", *(decision.reason for decision in decided)):
        assert word not in caplog.text


async def test_the_journal_replays_to_the_same_effects() -> None:
    async with Room(MemoryJournal()).living() as room:
        room.inbox.put(AudioReady(at=room.clock.now()))
        for verb in (Verb.CALM, Verb.STOP, Verb.LOUDER):
            room.press(verb, verb)
        await until_handled(room)
    entries = list(room.journal.entries())
    assert len(entries) == 6
    assert replayed(entries) == [entry.effects for entry in entries]


def replayed(entries: list[JournalEntry]) -> list[bytes]:
    first = msgspec.json.decode(entries[0].event, type=Started)
    session = Session(first)
    events = [msgspec.json.decode(entry.event, type=Event) for entry in entries]
    return [journalled(session.handle(event)) for event in events]


async def test_a_stated_profile_is_in_force_at_once_and_told_of_when_it_is_on_disk() -> None:
    async with Room(MemoryJournal(hold=True)).living() as room:
        profile = Profile(id="demo", birth_year=1931)
        keeping = asyncio.create_task(room.brain.keep(ProfileChanged(at=room.clock.now(), profile=profile)))
        await asyncio.sleep(0)
        await until_handled(room)
        assert room.brain.profile == profile and not keeping.done()
        room.journal.commit()
        await keeping
