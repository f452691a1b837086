"""Moments in the memory, kept true when the wall clock was wrong: ahead, behind, or never set.

A session counts on a clock that no step of the wall clock moves. What outlives it is written in true time as
far as that is known at the time of writing; what a wrong clock dated into the future is pulled to now.
"""

from collections.abc import Callable

from msgspec import structs

from player.session.messages import Block, Day, Memory, Play, Resume
from player.units import Seconds

SOFT_BLOCK = Seconds(30 * 86_400.0)  # own judgement: how long a track that upset once stays away
HALF_DAY = Seconds(43_200.0)  # longer than any change to or from summer time, shorter than a day
NEVER = Seconds(0.0)  # the stamp of what never happened

Move = Callable[[Seconds], Seconds]


def redated(memory: Memory, now: Seconds) -> Memory:
    """At a start: nothing that happened lies ahead of now, and no block lasts longer than one from now."""
    return _moved(memory, lambda moment: min(moment, now))


def dated(memory: Memory, began: Seconds, ahead: Seconds) -> Memory:
    """To be stored: what happened since the run `began`, in true time. ahead: s, wall clock over session."""
    if not ahead:
        return memory
    return _moved(memory, lambda moment: Seconds(moment + ahead) if moment > began else moment)


def newest(memory: Memory) -> Seconds:
    """The latest moment that the memory knows of; 0 for an empty one."""
    seen = [NEVER]

    def look(moment: Seconds) -> Seconds:
        seen.append(moment)
        return moment

    _moved(memory, look)
    return max(seen)


def _moved(memory: Memory, move: Move) -> Memory:
    """Every moment at which something happened, moved; the day's own midnight is kept in true time anyway."""
    day, resume, learned, natural = memory.day, memory.resume, memory.learned, memory.natural
    return structs.replace(
        memory,
        blocks={track_id: _block(block, move) for track_id, block in memory.blocks.items()},
        plays={
            track_id: Play(last=move(play.last), count=play.count, worn=play.worn)
            for track_id, play in memory.plays.items()
        },
        held_since=move(memory.held_since),
        day=day if day.began is None else structs.replace(day, began=move(day.began)),
        resume=resume and Resume(track_id=resume.track_id, position=resume.position, at=move(resume.at)),
        learned=learned and structs.replace(learned, at=move(learned.at)),
        natural=natural and structs.replace(natural, at=move(natural.at)),
        hours=structs.replace(memory.hours, at=move(memory.hours.at)),
        swaps=tuple(map(move, memory.swaps)),
        soothed_at=move(memory.soothed_at),
    )


def _block(block: Block, move: Move) -> Block:
    if block.until is None:
        return block
    return structs.replace(block, until=Seconds(move(Seconds(block.until - SOFT_BLOCK)) + SOFT_BLOCK))


def on(day: Day, midnight: Seconds) -> Day:
    """The day that began at this midnight (true time, as known now).

    A later one begins anew. A clock set back by a day or more does not give the dose anew: it goes on.
    """
    if day.midnight is None or midnight - day.midnight > HALF_DAY:
        return Day(midnight=midnight, began=day.began)
    if day.midnight - midnight > HALF_DAY:
        return structs.replace(day, midnight=midnight)
    return day
