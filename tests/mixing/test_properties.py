"""What holds for every sequence of commands, every partition and every sound."""

import math
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from player.errors import MixingError
from player.mixing.gain import SHORTEST_FADE
from player.mixing.limiter import CEILING
from player.mixing.mixer import Mixer
from player.model import Crossfade, Fade, Stop, Volume
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Decibels, Seconds
from tests.support.decks import Command, constant, noise, render, ring_of, square

DECKS = 4
Step = tuple[int, Command]  # frames to render before the command
Sound = Callable[[int], tuple[Pcm, bool]]  # of the n-th ring attached: samples, and has it ended?

fades = st.floats(0.0, 0.3).map(Seconds)
crossfades = st.builds(Crossfade, deck=st.integers(0, DECKS - 1), fade=fades)
commands = st.one_of(
    crossfades,
    crossfades,
    st.builds(Fade, audible=st.booleans(), fade=fades),
    st.builds(Volume, level=st.floats(-60.0, 6.0).map(Decibels)),
    st.builds(Stop, fade=fades),
)
scripts = st.lists(st.tuples(st.integers(0, 9000), commands), min_size=1, max_size=12)


class Player:
    """Plays a script; an empty deck gets the next sound when a command comes."""

    def __init__(self, sound: Sound, gain: float = 0.0) -> None:
        self.mixer = Mixer()
        self.mixer.apply(Volume(level=Decibels(0.0)))
        self.freed: list[tuple[int, ...]] = []
        self._sound, self._gain, self._attached = sound, Decibels(gain), 0
        self._stopped = False

    def take(self, command: Command) -> None:
        self.freed.append(self.mixer.freed())
        for deck in range(DECKS):
            if not self.mixer.status(deck).loaded:
                samples, ended = self._sound(self._attached)
                self._attached += 1
                self.mixer.attach(deck, ring_of(samples, ended=ended), self._gain)
        self._stopped = self._stopped or isinstance(command, Stop)
        try:
            self.mixer.apply(command)
        except MixingError:  # only a swap, and only while a stop runs
            assert isinstance(command, Crossfade) and self._stopped

    def play(self, script: list[Step]) -> Pcm:
        parts = []
        for frames, command in script:
            parts.append(self.mixer.render(frames))
            self.take(command)
        parts.append(self.mixer.render(SAMPLE_RATE // 2))
        return np.concatenate(parts)


def some_noise(number: int) -> tuple[Pcm, bool]:
    """Loud enough to be limited; some rings run short, some end, one carries NaN."""
    block = noise(60_000 if number % 3 else 3001, 0.4, number)
    if number == 1:
        block[500:510] = np.nan
    return block, number % 2 == 0


@given(script=scripts, data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_partition_renders_the_same(script: list[Step], data: st.DataObject) -> None:
    whole, cut = Player(some_noise), Player(some_noise)
    for frames, command in [*script, (SAMPLE_RATE // 4, Stop(fade=Seconds(0.1)))]:
        pieces = data.draw(st.lists(st.integers(0, max(frames, 1)), max_size=6))
        edges = np.array([0, *sorted(min(piece, frames) for piece in pieces), frames])
        expected = whole.mixer.render(frames)
        got = render(cut.mixer, np.diff(edges).tolist())
        np.testing.assert_allclose(got, expected, rtol=0.0, atol=1e-6)
        whole.take(command)
        cut.take(command)
    assert cut.freed == whole.freed
    assert cut.mixer.faults == whole.mixer.faults


@given(script=scripts, gain=st.floats(-12.0, 24.0), periods=st.lists(st.integers(2, 5000), min_size=1))
@settings(max_examples=40, deadline=None)
def test_the_output_never_passes_the_ceiling(script: list[Step], gain: float, periods: list[int]) -> None:
    player = Player(lambda n: (square(60_000, periods[n % len(periods)]), False), gain)
    output = player.play([(0, Crossfade(deck=0, fade=Seconds(0.0))), *script])
    assert output.dtype == np.float32 and output.shape[1] == 2
    assert np.isfinite(output).all()
    assert np.abs(output).max() <= CEILING


VALUE = 0.2
FADE_SLOPE = math.pi / 2 / SHORTEST_FADE  # of cos, sin and the raised cosine, per frame


@given(script=scripts, short=st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_command_makes_a_click(script: list[Step], short: bool) -> None:
    """A step is at most what four moving decks, one moving gate and four breaking rings can make."""
    lengths = (60_000, 777, 5000, 12_345) if short else (200_000,)
    player = Player(lambda n: (constant(lengths[n % len(lengths)], VALUE), n % 2 == 0))
    output = player.play([(0, Crossfade(deck=0, fade=Seconds(0.0))), *script])
    assert np.abs(np.diff(output, axis=0)).max() <= VALUE * FADE_SLOPE * (DECKS + 2 + 2 * DECKS)


@given(swaps=st.lists(st.tuples(st.integers(0, 3000), crossfades), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_power_is_constant_through_interrupted_swaps(swaps: list[tuple[int, Crossfade]]) -> None:
    """Each sound is an impulse in one of four frames, so that the output shows each deck's gain.

    A ring starts with its deck's phase because swaps come at multiples of four frames.
    """
    comb = np.zeros((DECKS, 150_000, 2), np.float32)  # longer than any list of swaps
    for deck in range(DECKS):
        comb[deck, deck::DECKS] = 0.1
    mixer = Mixer()
    mixer.apply(Volume(level=Decibels(0.0)))

    def refill() -> None:
        for deck in range(DECKS):
            if not mixer.status(deck).loaded:
                mixer.attach(deck, ring_of(comb[deck]), Decibels(0.0))

    refill()
    mixer.apply(Crossfade(deck=0, fade=Seconds(0.0)))
    mixer.render(SHORTEST_FADE + mixer.latency)
    parts = []
    for quarters, command in swaps:
        mixer.apply(command)
        parts.append(mixer.render(4 * quarters))
        mixer.freed()
        refill()
    gains = np.concatenate(parts)[:, 0].reshape(-1, DECKS).astype(np.float64) / 0.1
    power = (gains**2).sum(axis=1)
    assert np.abs(power - 1.0).max(initial=0.0) <= 2 * 4 * FADE_SLOPE  # gains move within four frames


@given(levels=st.lists(st.tuples(st.integers(0, 60_000), st.floats(-60.0, 10.0)), min_size=1, max_size=10))
@settings(max_examples=30, deadline=None)
def test_what_is_heard_rises_by_at_most_two_decibels_a_second(levels: list[tuple[int, float]]) -> None:
    mixer = Mixer()
    mixer.apply(Volume(level=Decibels(-40.0)))
    mixer.attach(0, ring_of(constant(700_000, 0.3)), Decibels(0.0))
    mixer.apply(Crossfade(deck=0, fade=Seconds(0.0)))
    mixer.render(SHORTEST_FADE + mixer.latency)
    parts = []
    for frames, level in levels:
        parts.append(mixer.render(frames))
        mixer.apply(Volume(level=Decibels(level)))
    output = np.concatenate(parts)[:, 0].astype(np.float64)
    every = output[::480]
    rise = np.diff(20.0 * np.log10(every)) if len(every) > 1 else np.zeros(1)
    assert rise.max() <= 2.0 * 480 / SAMPLE_RATE + 1e-5
