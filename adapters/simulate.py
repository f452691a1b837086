"""`lull simulate`: many virtual residents under several policies, on all processors."""

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from multiprocessing import get_context

from msgspec import Struct

from player.errors import SelectionError
from player.selection.policies import POLICIES
from player.simulation.comparison import (
    OURS,
    Figures,
    FirstWeek,
    Resamples,
    Table,
    differences,
    figures,
    first_week,
    resampled,
)
from player.simulation.life import Life
from player.simulation.measures import DayMeasures
from player.simulation.parameters import NO_EFFECT, World

DEFAULT_POLICIES = ("learn", "random-approved", "staff-order", "calmest-familiar")
Progress = Callable[[int, int], None]  # lives done, and all


class Job(Struct, frozen=True):
    """One resident's life under one policy."""

    world: World
    policy: str
    seed: int
    resident: int
    days: int


class Lived(Struct, frozen=True):
    days: tuple[DayMeasures, ...]
    truth: bytes  # a digest of the true agitation of every minute


class NoEffect(Struct, frozen=True):
    """The world in which music does nothing. same_truth: agitation was the same under every policy."""

    same_truth: bool
    policies: dict[str, Figures]
    differences: dict[str, Figures]


class Answer(Struct, frozen=True):
    """What `lull simulate --json` prints. `differences`: each policy less `learn`."""

    policies: dict[str, Figures]
    first_week: FirstWeek | None
    differences: dict[str, Figures]
    no_effect: NoEffect | None
    seed: int
    residents: int
    days: int
    resident_days_per_minute: float  # of wall time, all policies and worlds counted


def simulate(
    residents: int,
    days: int,
    policies: Sequence[str] = DEFAULT_POLICIES,
    seed: int = 1,
    workers: int = 1,
    *,
    no_effect: bool = True,
    progress: Progress | None = None,
) -> Answer:
    """The same answer for the same seed, but for its pace. Raises `SelectionError` for an unknown policy."""
    for policy in policies:
        if policy not in POLICIES:
            raise SelectionError(f"there is no policy {policy!r}: use one of {', '.join(sorted(POLICIES))}")
    if residents < 1 or days < 1:
        raise SelectionError("there must be at least one resident and one day")
    worlds = [World(), NO_EFFECT] if no_effect else [World()]
    jobs = [
        Job(world, policy, seed, resident, days)
        for world in worlds
        for resident in range(residents)
        for policy in policies
    ]
    began = time.monotonic()
    lives: list[Lived] = []
    with _mapping(workers) as over:
        for lived in over(jobs):
            lives.append(lived)
            if progress is not None:
                progress(len(lives), len(jobs))
    minutes = (time.monotonic() - began) / 60.0
    resamples = resampled(residents, seed)
    half = residents * len(policies)
    tables, without = _tables(lives[:half], policies), None
    if no_effect:
        idle = _tables(lives[half:], policies)
        without = NoEffect(
            same_truth=_same_truth(lives[half:], len(policies)),
            policies={name: figures(table, resamples) for name, table in idle.items()},
            differences=_differences(idle, resamples),
        )
    return Answer(
        policies={name: figures(table, resamples) for name, table in tables.items()},
        first_week=first_week(tables, resamples),
        differences=_differences(tables, resamples),
        no_effect=without,
        seed=seed,
        residents=residents,
        days=days,
        resident_days_per_minute=round(days * len(jobs) / max(minutes, 1e-9), 1),
    )


def live(job: Job) -> Lived:
    life = Life(job.world, job.policy, job.seed, job.resident)
    digest, days = blake2b(digest_size=16), []
    for _ in range(job.days):
        days.append(life.day())
        digest.update(struct.pack(f"{len(life.truth)}d", *life.truth))
    return Lived(tuple(days), digest.digest())


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[[Sequence[Job]], Iterator[Lived]]]:
    """`live` over jobs, in order: here, or on several processors."""
    if workers <= 1:
        yield lambda jobs: map(live, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield lambda jobs: pool.map(live, jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _tables(lives: Sequence[Lived], policies: Sequence[str]) -> dict[str, Table]:
    """Lives come resident by resident, and for each the policies in order."""
    count = len(policies)
    return {policy: Table([each.days for each in lives[k::count]]) for k, policy in enumerate(policies)}


def _differences(tables: dict[str, Table], resamples: Resamples) -> dict[str, Figures]:
    if OURS not in tables:
        return {}
    others = {name: table for name, table in tables.items() if name != OURS}
    return {name: differences(tables[OURS], table, resamples) for name, table in others.items()}


def _same_truth(lives: Sequence[Lived], policies: int) -> bool:
    groups = (lives[k : k + policies] for k in range(0, len(lives), policies))
    return all(len({lived.truth for lived in group}) == 1 for group in groups)
