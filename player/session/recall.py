"""The working copy of `Memory`: what staff decided and what was heard."""

from collections.abc import Iterable

from msgspec import structs

from player.model import AdaptMode, TrackId
from player.selection.context import History
from player.selection.familiarity import wear
from player.session.dating import SOFT_BLOCK
from player.session.messages import Block, Memory, Play, Resume
from player.units import Percent, Seconds

MAX_PLAYS = 1_000  # tracks whose last play is remembered
MAX_FEEDBACK = 200
RECENT = 3  # tracks that count as "just played"


class Recall:
    def __init__(self, memory: Memory) -> None:
        self.version = 0  # grows with every change of what may be chosen
        self._built: Memory | None = None
        self._built_of: tuple[object, ...] = ()
        self._take(memory)

    def _take(self, memory: Memory) -> None:
        self._blocks = dict(memory.blocks)
        self._never = list(memory.never)
        self._likes = dict(memory.likes)
        self._plays = dict(memory.plays)
        self._feedback = list(memory.feedback)
        self.mode: AdaptMode = memory.mode
        self.held_by = memory.held_by
        self.held_since = memory.held_since
        self.paused_by = memory.paused_by
        self.alarms = memory.alarms
        self.day = memory.day
        self.resume = memory.resume
        self.resting = memory.resting
        self.learned = memory.learned
        self.natural = memory.natural
        self.hours = memory.hours
        self.swaps = memory.swaps
        self.soothed_at = memory.soothed_at
        self.habits = memory.habits
        self.profile = memory.profile

    def forget(self) -> None:
        """All that is known of the person. What holds for the room stays: mode, hold, pause, alarms."""
        kept = Memory(
            mode=self.mode,
            held_by=self.held_by,
            held_since=self.held_since,
            paused_by=self.paused_by,
            alarms=self.alarms,
            resting=self.resting,
        )
        self._take(kept)
        self.version += 1

    def memory(self, volume: Percent) -> Memory:
        """The same object as before, unless something changed: this is asked after every event."""
        state = (
            self.version, volume, self.mode, self.held_by, self.paused_by, self.resume, self.resting,
            len(self._feedback), self._feedback[-1:],
            id(self.learned), id(self.natural), id(self.hours), id(self.habits),
            id(self.profile),
            self.held_since, self.alarms, self.day, self.swaps, self.soothed_at,
        )  # fmt: skip
        if self._built is None or state != self._built_of:
            self._built_of = state
            self._built = Memory(
                blocks=dict(self._blocks),
                never=tuple(self._never),
                likes=dict(self._likes),
                plays=dict(self._plays),
                volume=volume,
                feedback=tuple(self._feedback),
                mode=self.mode,
                held_by=self.held_by,
                held_since=self.held_since,
                paused_by=self.paused_by,
                alarms=self.alarms,
                day=self.day,
                resume=self.resume,
                resting=self.resting,
                learned=self.learned,
                natural=self.natural,
                hours=self.hours,
                swaps=self.swaps,
                soothed_at=self.soothed_at,
                habits=self.habits,
                profile=self.profile,
            )
        return self._built

    def played(self, track_id: TrackId, at: Seconds) -> None:
        self.version += 1
        before = self._plays.pop(track_id, None)
        count, worn = (before.count, wear(before.worn, at - before.last)) if before else (0, 0.0)
        self._plays[track_id] = Play(last=at, count=count + 1, worn=worn + 1.0)
        while len(self._plays) > MAX_PLAYS:
            del self._plays[next(iter(self._plays))]

    def like(self, track_id: TrackId, change: int) -> None:
        self.version += 1
        self._likes[track_id] = self._likes.get(track_id, 0) + change

    def upset(self, track_id: TrackId, at: Seconds) -> Block:
        """Once: away for a while. Twice: away until staff lift it (SCIENCE, "Harm")."""
        self.version += 1
        upsets = self._blocks[track_id].upsets + 1 if track_id in self._blocks else 1
        block = Block(until=Seconds(at + SOFT_BLOCK) if upsets == 1 else None, upsets=upsets)
        self._blocks[track_id] = block
        if track_id in self._plays:  # what makes familiar is what was heard without harm
            self._plays[track_id] = structs.replace(self._plays[track_id], count=0)
        return block

    def never(self, track_id: TrackId) -> None:
        self.version += 1
        if track_id not in self._never:
            self._never.append(track_id)

    def unblock(self, track_id: TrackId) -> None:
        """A person likes it after all: a block (not a `never`) is lifted."""
        self.version += 1
        self._blocks.pop(track_id, None)

    def allow(self, track_id: TrackId) -> None:
        """A person takes their “never” back, and every block."""
        self.unblock(track_id)
        if track_id in self._never:
            self._never.remove(track_id)

    def feedback_is_new(self, feedback_id: str) -> bool:
        if feedback_id in self._feedback:
            return False
        self._feedback = [*self._feedback, feedback_id][-MAX_FEEDBACK:]
        return True

    def recent(self, count: int = RECENT) -> frozenset[TrackId]:
        return frozenset(list(self._plays)[-count:]) if count > 0 else frozenset()

    def history(self, at: Seconds) -> History:
        blocks = self._blocks.items()
        return History(
            barred=frozenset(self._never),
            blocked=frozenset(t for t, block in blocks if block.until is not None and at < block.until),
            refused=frozenset(t for t, block in blocks if block.until is None),
            plays={t: play.count for t, play in self._plays.items()},
            since_play={t: Seconds(at - play.last) for t, play in self._plays.items()},
            worn={t: wear(play.worn, at - play.last) for t, play in self._plays.items()},
            likes=self._likes,
        )

    def forget_place(self) -> None:
        self.resume = None

    def place(self, track_id: TrackId | None, position: Seconds, at: Seconds) -> None:
        if track_id is not None:
            self.resume = Resume(track_id=track_id, position=position, at=at)


def without(tracks: frozenset[TrackId], *others: TrackId | None) -> frozenset[TrackId]:
    return tracks | frozenset(other for other in _some(others))


def _some(ids: Iterable[TrackId | None]) -> Iterable[TrackId]:
    return (track_id for track_id in ids if track_id is not None)
