import math

import numpy as np
import pytest

from player.errors import MixingError
from player.mixing.mixer import Mixer
from player.mixing.ring import Ring
from player.model import Crossfade, Fade, Stop, Volume
from player.units import SAMPLE_RATE, SILENCE_DB, Decibels, Frames, Seconds, amplitude_to_db
from tests.support.decks import Command, constant, noise, playing, render, ring_of

LATENCY = Mixer.latency
LONG = 10 * SAMPLE_RATE


def swap(deck: int, fade: float) -> Crossfade:
    return Crossfade(deck=deck, fade=Seconds(fade))


# --- swaps ---------------------------------------------------------------------------------------------


def test_nothing_is_heard_before_the_first_volume() -> None:
    mixer = Mixer()
    mixer.attach(0, ring_of(constant(LONG, 0.3)), Decibels(0.0))
    mixer.apply(swap(0, 0.0))
    assert not mixer.render(4800).any()


def test_a_start_fades_in_at_the_set_volume() -> None:
    mixer = Mixer()
    mixer.attach(0, ring_of(constant(LONG, 0.3)), Decibels(-6.0))
    mixer.apply(swap(0, 1.0))
    mixer.apply(Volume(level=Decibels(-20.0)))  # still before the first frame: at once
    output = mixer.render(2 * SAMPLE_RATE)[LATENCY:, 0]
    assert abs(output[0]) < 1e-5
    assert np.diff(output).min() >= -1e-9
    assert output[-1] == pytest.approx(0.3 * 10 ** (-26 / 20), rel=1e-5)
    middle = SAMPLE_RATE // 2 - 1
    assert output[middle] == pytest.approx(output[-1] * math.sin(math.pi / 4), rel=1e-3)


def test_a_command_changes_the_very_next_frame() -> None:
    mixer = playing(constant(LONG, 0.3))
    mixer.apply(Fade(audible=False, fade=Seconds(0.1)))
    output = mixer.render(LATENCY + 10)[:, 0]
    assert (output[:LATENCY] == output[0]).all()
    assert output[LATENCY] < output[0]


def test_the_middle_of_a_swap_does_not_dip() -> None:
    fade = 3.0
    mixer = playing(noise(LONG, 0.05, 1), noise(LONG, 0.05, 2))
    before = mixer.render(SAMPLE_RATE)
    mixer.apply(swap(1, fade))
    during = mixer.render(int(fade * SAMPLE_RATE))
    windows = during[: len(during) // 9600 * 9600].reshape(-1, 9600 * 2)
    levels = 10 * np.log10((windows.astype(np.float64) ** 2).mean(axis=1))
    reference = 10 * np.log10((before.astype(np.float64) ** 2).mean())
    assert np.abs(levels - reference).max() < 0.5


def test_a_swap_back_to_a_leaving_deck_keeps_both_until_one_is_silent() -> None:
    mixer = playing(constant(LONG, 0.2), constant(LONG, 0.2))
    mixer.apply(swap(1, 3.0))
    mixer.render(SAMPLE_RATE)
    mixer.apply(swap(0, 1.0))
    mixer.render(SAMPLE_RATE - 1)
    assert mixer.freed() == ()
    mixer.render(1)
    assert mixer.freed() == (1,)
    assert mixer.freed() == ()
    assert mixer.status(0).audible and not mixer.status(1).loaded
    assert mixer.render(1000)[-1, 0] == pytest.approx(0.2)


# --- the gate ------------------------------------------------------------------------------------------


def test_a_pause_keeps_decks_and_positions() -> None:
    mixer = playing(noise(LONG, 0.05, 1))
    mixer.apply(Fade(audible=False, fade=Seconds(0.2)))
    mixer.render(9600)
    position = mixer.status(0).position
    assert not mixer.render(LATENCY + 4800)[LATENCY:].any()
    assert mixer.status(0).position == position
    assert mixer.idle and mixer.freed() == () and mixer.underruns == 0
    mixer.apply(Fade(audible=True, fade=Seconds(0.2)))
    assert mixer.render(9600)[-1].any()
    assert mixer.status(0).position == position + 9600


def test_a_gate_turns_round_from_where_it_is() -> None:
    mixer = playing(constant(LONG, 0.3))
    mixer.apply(Fade(audible=False, fade=Seconds(1.0)))
    mixer.render(SAMPLE_RATE // 2)
    mixer.apply(Fade(audible=True, fade=Seconds(1.0)))
    output = mixer.render(SAMPLE_RATE // 2 + LATENCY)[LATENCY:, 0]
    assert output[0] == pytest.approx(0.15, abs=1e-4)
    assert np.diff(output).min() >= 0.0
    assert output[-1] == np.float32(0.3)


def test_a_swap_behind_the_closed_gate_is_done_at_once() -> None:
    mixer = playing(constant(LONG, 0.3), constant(LONG, 0.1))
    mixer.apply(Fade(audible=False, fade=Seconds(0.1)))
    mixer.render(4800)
    mixer.apply(swap(1, 5.0))
    assert mixer.freed() == (0,)
    mixer.apply(Fade(audible=True, fade=Seconds(0.1)))
    output = mixer.render(4800 + LATENCY)[LATENCY:, 0]
    assert output.max() == output[-1] == np.float32(0.1)


def test_a_stop_is_silent_in_time_and_empties_every_deck() -> None:
    mixer = playing(constant(LONG, 0.3), constant(LONG, 0.3))
    mixer.apply(Stop(fade=Seconds(0.5)))
    mixer.apply(Fade(audible=True, fade=Seconds(0.0)))  # a stop wins
    mixer.render(SAMPLE_RATE // 2 - 1)
    with pytest.raises(MixingError):
        mixer.apply(swap(1, 1.0))
    assert mixer.freed() == ()
    mixer.render(1)
    assert mixer.freed() == (0, 1)
    assert not mixer.idle  # the limiter still holds some
    assert not mixer.render(LATENCY + 480)[LATENCY:].any()
    assert mixer.idle
    mixer.attach(0, ring_of(constant(LONG, 0.3)), Decibels(0.0))
    mixer.apply(swap(0, 1.0))
    start = mixer.render(SAMPLE_RATE + LATENCY)[LATENCY:, 0]
    assert start[0] < 1e-4 and start[-1] == np.float32(0.3)


def test_a_second_stop_never_prolongs_the_first() -> None:
    mixer = playing(constant(LONG, 0.3))
    mixer.apply(Stop(fade=Seconds(0.2)))
    mixer.render(4800)
    mixer.apply(Stop(fade=Seconds(5.0)))
    mixer.render(4800)
    assert mixer.freed() == (0,)


def test_a_stop_with_nothing_audible_is_done_at_once() -> None:
    mixer = Mixer()
    mixer.attach(2, ring_of(constant(10, 0.1)), Decibels(0.0))
    mixer.apply(Stop(fade=Seconds(0.5)))
    assert mixer.freed() == (2,)


def test_a_deck_attached_while_all_stops_is_kept() -> None:
    mixer = playing(constant(LONG, 0.3))
    mixer.apply(Stop(fade=Seconds(0.5)))
    mixer.attach(1, ring_of(constant(LONG, 0.3)), Decibels(0.0))
    mixer.render(SAMPLE_RATE)
    assert mixer.freed() == (0,)
    assert mixer.status(1).loaded


# --- levels --------------------------------------------------------------------------------------------


def test_volume_rises_slowly_and_falls_quickly() -> None:
    mixer = playing(constant(4 * LONG, 0.3), volume=-30.0)
    mixer.apply(Volume(level=Decibels(-20.0)))
    rising = mixer.render(5 * SAMPLE_RATE + LATENCY)[LATENCY:, 0]
    assert amplitude_to_db(rising[SAMPLE_RATE - 1] / 0.3) == pytest.approx(-28.0, abs=0.01)
    assert amplitude_to_db(rising[-1] / 0.3) == pytest.approx(-20.0, abs=0.001)
    mixer.apply(Volume(level=Decibels(-30.0)))
    falling = mixer.render(SAMPLE_RATE // 4 + LATENCY)[LATENCY:, 0]
    assert amplitude_to_db(falling[-1] / 0.3) == pytest.approx(-30.0, abs=0.001)


def test_muted_is_silent_and_returns_from_the_floor() -> None:
    mixer = playing(constant(4 * LONG, 0.3), volume=-30.0)
    mixer.apply(Volume(level=SILENCE_DB))
    assert not mixer.render(3 * SAMPLE_RATE)[-1].any()
    mixer.apply(Volume(level=Decibels(-50.0)))
    output = mixer.render(int(6.5 * SAMPLE_RATE) + LATENCY)[LATENCY:, 0]
    assert amplitude_to_db(output[int(1.5 * SAMPLE_RATE) - 1] / 0.3) == pytest.approx(-60.0, abs=0.01)
    assert amplitude_to_db(output[-1] / 0.3) == pytest.approx(-50.0, abs=0.001)


def test_volume_never_amplifies() -> None:
    mixer = playing(constant(LONG, 0.3), volume=40.0)
    assert mixer.render(1000).max() == np.float32(0.3)


def test_volume_is_set_at_once_while_paused() -> None:
    mixer = playing(constant(LONG, 0.3), volume=-40.0)
    mixer.apply(Fade(audible=False, fade=Seconds(0.1)))
    mixer.render(4800)
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.apply(Fade(audible=True, fade=Seconds(0.1)))
    assert mixer.render(4800 + LATENCY)[-1, 0] == np.float32(0.3)


def test_an_audible_track_is_corrected_downward_only() -> None:
    mixer = playing(constant(LONG, 0.3))
    mixer.set_gain(0, Decibels(-4.0))
    mixer.render(SAMPLE_RATE)
    assert mixer.status(0).gain == pytest.approx(-2.0)
    mixer.set_gain(0, Decibels(3.0))
    mixer.render(SAMPLE_RATE)
    assert mixer.status(0).gain == pytest.approx(-2.0)


def test_a_silent_track_is_corrected_at_once() -> None:
    mixer = Mixer()
    mixer.attach(0, ring_of(constant(10, 0.1)), Decibels(0.0))
    mixer.set_gain(0, Decibels(3.0))
    assert mixer.status(0).gain == 3.0


# --- rings that run short, end or carry nonsense -------------------------------------------------------


def test_a_short_ring_is_silence_and_a_counted_underrun() -> None:
    ring = Ring(Frames(LONG))
    mixer = Mixer()
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.attach(0, ring, Decibels(0.0))
    mixer.apply(swap(0, 0.0))
    ring.write(constant(1000, 0.3))
    mixer.render(1000)
    assert mixer.underruns == 0
    gap = mixer.render(1000)[LATENCY:]
    mixer.render(1000)
    assert gap[240:].any(axis=1).sum() == 0  # the edge has decayed after 5 ms
    assert mixer.underruns == mixer.status(0).underruns == 2
    assert mixer.status(0).position == 1000
    ring.write(constant(1000, 0.3))
    back = render(mixer, [1000, LATENCY])[LATENCY:, 0]
    assert back[0] < 0.01 and back[300] == np.float32(0.3)
    assert mixer.status(0).audible


def test_underruns_of_several_decks_count_once_for_the_programme() -> None:
    mixer = playing(constant(2000, 0.1), constant(100, 0.1))
    mixer.apply(swap(1, 5.0))
    mixer.render(4800)
    assert (mixer.status(0).underruns, mixer.status(1).underruns, mixer.underruns) == (1, 1, 1)


def test_a_drained_deck_is_freed() -> None:
    mixer = Mixer()
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.attach(3, ring_of(constant(1000, 0.3), ended=True), Decibels(0.0))
    mixer.apply(swap(3, 0.0))
    mixer.render(999)
    assert mixer.status(3).ended
    assert mixer.freed() == ()
    mixer.render(500)
    assert mixer.freed() == (3,)
    assert mixer.underruns == 0
    mixer.render(LATENCY)
    assert mixer.idle


def test_a_source_that_breaks_off_at_the_edge_of_a_block_does_not_click() -> None:
    mixer = Mixer()
    mixer.apply(Volume(level=Decibels(0.0)))
    mixer.attach(0, ring_of(constant(1000, 0.3), ended=True), Decibels(0.0))
    mixer.apply(swap(0, 0.0))
    output = render(mixer, [1000, 1000])
    assert np.abs(np.diff(output, axis=0)).max() < 0.005
    assert mixer.freed() == (0,)


def test_a_deck_that_never_had_sound_is_freed() -> None:
    mixer = Mixer()
    mixer.attach(0, ring_of(constant(0, 0.0), ended=True), Decibels(0.0))
    mixer.apply(swap(0, 1.0))
    mixer.render(1000)
    assert mixer.freed() == (0,)


@pytest.mark.parametrize("nonsense", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_silence_and_counted(nonsense: float) -> None:
    block = constant(LONG, 0.1)
    block[2000:2003, 1] = nonsense
    mixer = playing(block)
    output = mixer.render(SAMPLE_RATE)
    assert np.isfinite(output).all() and np.abs(output).max() <= np.float32(0.1)
    assert mixer.faults == 3
    mixer.apply(Stop(fade=Seconds(0.0)))
    mixer.render(480)
    assert mixer.faults == 3


def test_absurd_samples_do_not_reach_the_ear() -> None:
    block = constant(LONG, 0.1)
    block[2000] = 3e38
    mixer = playing(block)
    output = mixer.render(2 * SAMPLE_RATE)
    assert np.abs(output).max() < 0.9
    assert output[-1, 0] > 0.09


# --- what cannot be done -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        swap(1, 1.0),
        swap(4, 1.0),
        swap(-1, 1.0),
        swap(0, math.nan),
        Fade(audible=False, fade=Seconds(-1.0)),
        Stop(fade=Seconds(math.inf)),
        Volume(level=Decibels(math.nan)),
    ],
    ids=repr,
)
def test_a_refused_command_changes_nothing(command: Command) -> None:
    mixer, twin = playing(noise(LONG, 0.1, 1)), playing(noise(LONG, 0.1, 1))
    with pytest.raises(MixingError):
        mixer.apply(command)
    np.testing.assert_array_equal(mixer.render(9600), twin.render(9600))
    assert mixer.status(0) == twin.status(0)


def test_decks_are_guarded() -> None:
    mixer = playing(constant(LONG, 0.1))
    ring = ring_of(constant(10, 0.1))
    with pytest.raises(MixingError):
        mixer.attach(0, ring, Decibels(0.0))
    with pytest.raises(MixingError):
        mixer.attach(1, ring, Decibels(math.nan))
    with pytest.raises(MixingError):
        mixer.attach(1, ring, Decibels(60.0))
    with pytest.raises(MixingError):
        mixer.detach(0)
    with pytest.raises(MixingError):
        mixer.detach(1)
    with pytest.raises(MixingError):
        mixer.set_gain(1, Decibels(0.0))
    with pytest.raises(MixingError):
        mixer.status(4)
    assert not mixer.status(1).loaded
    mixer.attach(1, ring, Decibels(0.0))
    mixer.detach(1)
    assert not mixer.status(1).loaded and mixer.freed() == ()


def test_no_frames_are_no_sound() -> None:
    mixer = playing(constant(LONG, 0.1))
    assert mixer.render(0).shape == (0, 2)
    with pytest.raises(MixingError):
        mixer.render(-1)
