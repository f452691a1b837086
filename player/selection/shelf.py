"""All music of one resident in the order of what a policy hopes for, so that a choice looks at few tracks.

Facts that never change between choices lie in columns. Tracks that may never be chosen are known but not on
the shelf. The shelf is a row of bins by arousal, each in the order of the policy's promise: the best of all
are at the fronts of the bins, and what is near a given arousal is in a few of them.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from random import Random

from player.model import TrackId
from player.selection.constraints import Limits
from player.selection.facts import OFF_THE_SHELF, Facts, Flag
from player.units import Lu

BINS = 40  # of arousal, and one more for the unknown
NEAR = 9  # bins that count as near a given arousal, each 0.05 wide; a tuning constant
TRIES = 6  # draws for each track of a random sample; a tuning constant
FEW, SHARE = (
    64,
    0.05,
)  # changes, and share of the shelf, up to which each is put in its place; tuning constants

Slot = int


class Shelf:
    def __init__(self, promise: Callable[[Facts], float]) -> None:
        self._promise = promise
        self._slots: dict[TrackId, Slot] = {}
        self._ids: list[TrackId] = []
        self._flags = array("i")
        self._columns = tuple(array("d") for _ in range(7))
        (
            self._calmness,
            self._arousal,
            self._upper,
            self._swell,
            self._familiarity,
            self._place,
            self._promised,
        ) = self._columns
        self._bins = [array("i") for _ in range(BINS + 1)]
        self._calmest = [0.0] * (BINS + 1)  # no track of the bin is calmer
        self._sum, self._squares = 0.0, 0.0  # of the arousal of what is on the shelf and known

    def __len__(self) -> int:
        """How many tracks are on the shelf."""
        return sum(map(len, self._bins))

    def __contains__(self, track_id: TrackId) -> bool:
        slot = self._slots.get(track_id)
        return slot is not None and not self._flags[slot] & OFF_THE_SHELF

    def is_gone(self, slot: Slot) -> bool:
        return bool(self._flags[slot] & Flag.GONE)

    def id(self, slot: Slot) -> TrackId:
        return self._ids[slot]

    def slot(self, track_id: TrackId) -> Slot | None:
        return self._slots.get(track_id)

    def facts(self, slot: Slot) -> Facts:
        return Facts(
            self._flags[slot],
            self._calmness[slot],
            self._arousal[slot],
            self._upper[slot],
            Lu(self._swell[slot]),
            self._familiarity[slot],
            self._place[slot],
        )

    # --- changes -------------------------------------------------------------------------------------

    def change(self, put: Sequence[tuple[TrackId, Facts]], gone: Iterable[TrackId] = ()) -> None:
        """Add tracks, replace what is known of them, and take away others."""
        anew = len(put) > FEW + SHARE * len(self)
        for track_id in gone:
            slot = self._slots.get(track_id)
            if slot is not None:
                self._take(slot)
                self._flags[slot] |= Flag.GONE
        for track_id, facts in put:
            slot = self._slots.get(track_id)
            if slot is not None and not anew:
                self._take(slot)
            slot = self._write(track_id, facts)
            if not facts.flags & OFF_THE_SHELF and not anew:
                number = self._bin(slot)
                order = self._bins[number]
                order.insert(bisect_left(order, self._key(slot), key=self._key), slot)
                self._calmest[number] = max(self._calmest[number], facts.calmness)
                self._weigh(slot, 1.0)
        if anew:
            self._sort()

    def _write(self, track_id: TrackId, facts: Facts) -> Slot:
        slot = self._slots.get(track_id)
        if slot is None:
            slot = self._slots[track_id] = len(self._ids)
            self._ids.append(track_id)
            self._flags.append(0)
            for column in self._columns:
                column.append(0.0)
        self._flags[slot] = facts.flags
        self._calmness[slot] = facts.calmness
        self._arousal[slot] = facts.arousal
        self._upper[slot] = facts.upper
        self._swell[slot] = facts.swell
        self._familiarity[slot] = facts.familiarity
        self._place[slot] = facts.place
        self._promised[slot] = self._promise(facts)
        return slot

    def _take(self, slot: Slot) -> None:
        if self._flags[slot] & OFF_THE_SHELF:
            return
        order = self._bins[self._bin(slot)]
        del order[bisect_left(order, self._key(slot), key=self._key)]
        self._weigh(slot, -1.0)

    def _sort(self) -> None:
        bins: list[list[Slot]] = [[] for _ in range(BINS + 1)]
        self._sum = self._squares = 0.0
        for slot, flags in enumerate(self._flags):
            if not flags & OFF_THE_SHELF:
                bins[self._bin(slot)].append(slot)
                self._weigh(slot, 1.0)
        for number, order in enumerate(bins):
            order.sort(key=self._ids.__getitem__)
            order.sort(key=self._promised.__getitem__, reverse=True)  # stable: ties stay in order of id
            self._bins[number] = array("i", order)
            self._calmest[number] = max((self._calmness[slot] for slot in order), default=0.0)

    def _key(self, slot: Slot) -> tuple[float, TrackId]:
        return -self._promised[slot], self._ids[slot]

    def _bin(self, slot: Slot) -> int:
        if self._flags[slot] & Flag.UNKNOWN:
            return BINS
        return min(max(int((self._arousal[slot] + 1.0) * 0.5 * BINS), 0), BINS - 1)

    def _weigh(self, slot: Slot, sign: float) -> None:
        if not self._flags[slot] & Flag.UNKNOWN:
            self._sum += sign * self._arousal[slot]
            self._squares += sign * self._arousal[slot] ** 2

    # --- the resident's own music as a whole -----------------------------------------------------------

    def arousal_quantile(self, share: float) -> float | None:
        """Arousal below which this share of the known music lies; None when none is known."""
        known = sum(map(len, self._bins[:BINS]))
        if not known:
            return None
        missing = share * known
        for number, order in enumerate(self._bins[:BINS]):
            if missing <= len(order) and order:
                return (number + missing / len(order)) * 2.0 / BINS - 1.0
            missing -= len(order)
        return 1.0

    def arousal_deviation(self) -> float:
        """Standard deviation of arousal over the known music."""
        known = sum(map(len, self._bins[:BINS]))
        if known < 2:
            return 0.0
        mean = self._sum / known
        return math.sqrt(max(self._squares / known - mean * mean, 0.0))

    def _may_pass(self, number: int, bound: Limits) -> bool:
        """Whether any track of the bin can be calm enough and not too arousing."""
        lowest = number * 2.0 / BINS - 1.0
        calm = self._calmest[number] >= bound.least_calmness
        return calm and (number in (0, BINS) or lowest <= bound.most_arousal)

    def _excluded(self, bound: Limits) -> set[Slot]:
        return {self._slots[track_id] for track_id in bound.excluded if track_id in self._slots}

    # --- looking -------------------------------------------------------------------------------------

    def passing(self, slots: Iterable[Slot], bound: Limits) -> Iterator[Slot]:
        """Those that may be chosen, in the same order: `constraints.passes` over columns."""
        flags, calmness, upper, swell = self._flags, self._calmness, self._upper, self._swell
        banned, least, arousal, most = _numbers(bound)
        excluded = self._excluded(bound)
        return (
            slot
            for slot in slots
            if calmness[slot] >= least
            and upper[slot] <= arousal
            and not flags[slot] & banned
            and swell[slot] <= most
            and slot not in excluded
        )

    def everything(self, bound: Limits) -> "array[int]":
        """All that may be chosen, in the order in which it came."""
        banned, least, arousal, most = _numbers(bound)
        if bound.open:
            slots = [slot for slot, flags in enumerate(self._flags) if not flags & banned]
        else:
            columns = zip(self._calmness, self._upper, self._flags, self._swell, strict=True)
            slots = [
                slot
                for slot, (c, u, f, s) in enumerate(columns)
                if c >= least and u <= arousal and not f & banned and s <= most
            ]
        found = array("i", slots)
        for slot in self._excluded(bound):
            place = bisect_left(found, slot)
            if place < len(found) and found[place] == slot:
                del found[place]
        return found

    def best(self, bound: Limits, count: int, skip: Collection[Slot] = ()) -> list[Slot]:
        """The `count` that promise most among those that may be chosen, best first; without `skip`."""
        promised, found = self._promised, list[Slot]()
        bins = [order for number, order in enumerate(self._bins) if order and self._may_pass(number, bound)]
        bins.sort(key=lambda order: -promised[order[0]])
        worst = -math.inf
        for order in bins:
            if promised[order[0]] < worst:
                break
            more: list[Slot] = []
            for slot in self.passing(order, bound):
                if promised[slot] < worst or len(more) == count:
                    break
                if slot not in skip:
                    more.append(slot)
            if more:
                found = sorted([*found, *more], key=self._key)[:count]
                worst = promised[found[-1]] if len(found) == count else worst
        return found

    def near(self, arousal: float, bound: Limits, count: int) -> list[Slot]:
        """About `count` that may be chosen, the most promising of the bins around an arousal."""
        centre = (arousal + 1.0) * 0.5 * BINS - 0.5
        found: list[Slot] = []
        for looked_at, number in enumerate(sorted(range(BINS), key=lambda number: abs(number - centre))):
            if looked_at >= NEAR and len(found) >= count:
                break
            if self._may_pass(number, bound):
                found += islice(self.passing(self._bins[number], bound), -(-count // NEAR))
        return found

    def sample(self, bound: Limits, count: int, random: Random) -> list[Slot]:
        """Up to `count` different ones that may be chosen, each as likely; fewer when few can be found."""
        if not self._ids:
            return []
        drawn = (int(random.random() * len(self._ids)) for _ in range(count * TRIES))
        return list(islice(dict.fromkeys(self.passing(drawn, bound)), count))


def _numbers(bound: Limits) -> tuple[int, float, float, float]:
    return bound.banned, bound.least_calmness, bound.most_arousal, bound.most_swell
