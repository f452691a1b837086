"""Everything that happens to a resident from outside on one day, drawn before anything is decided."""

import math
from itertools import accumulate

import numpy as np
from msgspec import Struct
from numpy.random import Generator

from player.simulation.parameters import World
from player.simulation.person import OUTSIDE, Person, stream

MINUTES = 1440  # of a day
NOTHING, READS, STUCK = 0, 1, 2  # what the sensor does in a minute
LEAST = 0.05  # fewest causes or bouts expected of a day


class Visit(Struct, frozen=True):
    """Chances of one visit of staff: uniform 0-1, `error` a unit normal."""

    notices: float
    calms: float
    rates: float
    error: float
    mends: float
    refuses: float


class Cause(Struct, frozen=True):
    """Of unrest. need: one that music does not mend."""

    size: float
    need: bool


class Day(Struct, frozen=True):
    """By minute of the local day. The resident is awake from `wakes` until before `sleeps`."""

    wakes: int
    sleeps: int
    causes: dict[int, Cause]
    visits: dict[int, Visit]
    usual: list[float]  # agitation at rest
    error: list[float]  # of the sensor's score, false bouts included
    sensor: list[int]
    judged: list[float]  # uniform: whether staff judge a change of music of this minute
    judgement: list[float]  # unit normal
    comes: list[float]  # uniform: whether staff come when asked in this minute, and after how long
    comes_after: list[int]  # minutes
    bedtime: float  # uniform: whether staff stop the music


def make_day(world: World, person: Person, seed: int, resident: int, number: int) -> Day:
    draw = stream(seed, resident, OUTSIDE, number)
    wakes, sleeps = (round(float(draw.normal(*moment))) for moment in (world.wakes, world.sleeps))
    wakes, sleeps = min(max(wakes, 240), 600), min(max(sleeps, 1080), MINUTES - 1)
    uniform = draw.random((2, MINUTES))
    staff = world.staff
    return Day(
        wakes,
        sleeps,
        _causes(world, person, draw, wakes, sleeps),
        _visits(world, draw, wakes, sleeps),
        _usual(world, person, draw),
        _error(world, draw),
        _sensor(world, draw, wakes, sleeps),
        uniform[0].tolist(),
        draw.standard_normal(MINUTES).tolist(),
        uniform[1].tolist(),
        draw.integers(staff.comes_after[0], staff.comes_after[1] + 1, MINUTES).tolist(),
        float(draw.random()),
    )


def _causes(world: World, person: Person, draw: Generator, wakes: int, sleeps: int) -> dict[int, Cause]:
    unrest = world.unrest
    count = int(draw.poisson(max(person.causes_per_day, LEAST)))
    usual = draw.random(count) < unrest.usual_share
    around = draw.normal(person.usual_hour, unrest.usual_width, count)
    minutes = np.where(usual, around, draw.uniform(wakes, sleeps, count)).astype(int).tolist()
    sizes = draw.uniform(*unrest.size, count).tolist()
    needs = (draw.random(count) < unrest.need).tolist()
    happened = zip(minutes, sizes, needs, strict=True)
    return {minute: Cause(size, need) for minute, size, need in happened if wakes <= minute < sleeps}


def _visits(world: World, draw: Generator, wakes: int, sleeps: int) -> dict[int, Visit]:
    count = int(draw.poisson(world.staff.visits_per_hour * (sleeps - wakes) / 60.0))
    minutes = draw.integers(wakes, sleeps, count).tolist()
    chances = draw.random((5, count)).tolist()
    errors = draw.standard_normal(count).tolist()
    return {
        minute: Visit(chances[0][k], chances[1][k], chances[2][k], errors[k], chances[3][k], chances[4][k])
        for k, minute in enumerate(minutes)
    }


def wander(draw: Generator, deviation: float, time_constant: float) -> list[float]:
    """A first-order autoregressive walk through the day's minutes, stationary from the start."""
    keep = math.exp(-1.0 / time_constant)
    steps = (deviation * math.sqrt(1.0 - keep * keep) * draw.standard_normal(MINUTES)).tolist()
    first = deviation * float(draw.standard_normal())
    return list(accumulate(steps, lambda value, step: keep * value + step, initial=first))[1:]


def _usual(world: World, person: Person, draw: Generator) -> list[float]:
    unrest = world.unrest
    distance = (np.arange(MINUTES) - person.usual_hour) / unrest.usual_width
    rest = person.base + unrest.evening * np.exp(-0.5 * distance**2)
    usual: list[float] = (rest + wander(draw, unrest.wobble, unrest.wobble_time)).tolist()
    return usual


def _error(world: World, draw: Generator) -> list[float]:
    """Of overlapping bouts the highest counts."""
    of = world.sensors
    bouts = np.zeros(MINUTES)
    count = int(draw.poisson(of.bouts_per_day))
    begin = draw.integers(0, MINUTES, count).tolist()
    height = draw.uniform(*of.bout, count).tolist()
    length = (of.bout_length[0] * np.exp(draw.normal(0.0, of.bout_length[1], count))).tolist()
    for first, high, long in zip(begin, height, length, strict=True):
        part = bouts[first : first + max(round(long), 1)]
        np.maximum(part, high, out=part)
    error: list[float] = (bouts + wander(draw, of.noise, of.noise_time) + of.offset).tolist()
    return error


def _sensor(world: World, draw: Generator, wakes: int, sleeps: int) -> list[int]:
    of = world.sensors
    worn = draw.exponential(of.worn_after, 2)
    sensor = np.full(MINUTES, NOTHING)
    sensor[wakes + int(worn[0]) : max(sleeps - int(worn[1]), 0)] = READS
    for chance, state in ((of.dropout, NOTHING), (of.stuck, STUCK)):
        happens, begin = draw.random() < chance, int(draw.integers(wakes, sleeps))
        hours = draw.uniform(*of.trouble_hours)
        if happens:
            part = sensor[begin : begin + int(60.0 * hours)]
            part[part == READS] = state
    states: list[int] = sensor.tolist()
    return states
