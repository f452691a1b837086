"""The inbox is bounded: telemetry goes first, a stop never."""

import asyncio

from adapters.inbox import Inbox
from player.model import Command, Quantity, Reading, Verb
from player.session.messages import CommandArrived, Event, ReadingArrived
from player.units import Seconds


def reading(n: int) -> ReadingArrived:
    at = Seconds(float(n))
    return ReadingArrived(at=at, reading=Reading(source="s", quantity=Quantity.AGITATION, value=0.5, at=at))


def press(verb: Verb) -> CommandArrived:
    return CommandArrived(at=Seconds(0.0), command=Command(verb=verb))


async def test_events_leave_in_the_order_in_which_they_came() -> None:
    inbox = Inbox()
    events: list[Event] = [press(Verb.CALM), reading(1), press(Verb.STOP)]
    for event in events:
        inbox.put(event)
    assert [await inbox.get() for _ in events] == events


async def test_a_waiting_consumer_is_woken() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(press(Verb.STOP))
    assert await waiting == press(Verb.STOP)


async def test_the_oldest_telemetry_makes_room() -> None:
    inbox = Inbox(capacity=3)
    for event in (press(Verb.LIKE), reading(1), reading(2), press(Verb.CALM)):
        assert inbox.put(event)
    assert inbox.dropped == 1
    assert [await inbox.get() for _ in range(3)] == [press(Verb.LIKE), reading(2), press(Verb.CALM)]


async def test_a_full_inbox_of_commands_still_takes_a_stop() -> None:
    inbox = Inbox(capacity=2)
    assert inbox.put(press(Verb.NEXT))
    assert inbox.put(press(Verb.NEXT))
    assert not inbox.put(press(Verb.NEXT))
    assert inbox.put(press(Verb.STOP))
    assert len(inbox) == 3
    assert inbox.dropped == 1


async def test_an_alarm_makes_no_room_and_is_never_refused() -> None:
    def alarm(value: float) -> ReadingArrived:
        at = Seconds(0.0)
        return ReadingArrived(at=at, reading=Reading(source="s", quantity=Quantity.ALARM, value=value, at=at))

    inbox = Inbox(capacity=1)
    assert inbox.put(alarm(1.0))
    assert not inbox.put(reading(1))
    assert inbox.put(alarm(0.0))
    assert [await inbox.get() for _ in range(2)] == [alarm(1.0), alarm(0.0)]
