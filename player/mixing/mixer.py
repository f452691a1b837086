"""Decks to one programme: swaps, gate, volume, limiter."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, assert_never

import numpy as np

from player.errors import MixingError
from player.mixing.deck import Deck
from player.mixing.entrance import HEAD, HeardLevel, entrance
from player.mixing.gain import (
    FULLY_IN,
    NEARLY_IN,
    RISE,
    SHORTEST_FADE,
    Gain,
    Ramp,
    SwapGain,
    amplitude,
    fade_frames,
    raised_cosine,
    slew,
)
from player.mixing.hearing import Hearing
from player.mixing.limiter import Limiter
from player.mixing.ring import Ring
from player.model import Crossfade, Fade, Shape, Stop, Volume
from player.ports.audio import Pcm
from player.units import CHANNELS, SILENCE_DB, Decibels, Frames, Seconds

LOUDEST_LEVEL: Final = Decibels(0.0)  # hard ceiling of the programme gain: digital full gain
LOUDEST_TRACK_GAIN: Final = Decibels(24.0)  # more can only be a fault of analysis


@dataclass(frozen=True, slots=True)
class DeckStatus:
    deck: int
    loaded: bool
    audible: bool  # part of the programme, even while the programme is paused
    gain: Decibels  # track gain now
    position: Frames  # consumed from the ring since it was attached
    level: Frames  # in the ring
    underruns: int  # since the ring was attached
    ended: bool


class Mixer:
    """Pulls from the rings of the audible decks and renders one programme. Used by one thread.

    Output = limiter(hearing(gate · volume · Σ swap gain · track gain · deck)), `latency` frames later.

    - *Swap*: `Crossfade` is equal power and may interrupt a swap. A deck that has faded out is
      detached and reported by `freed`.
    - *Gate*: `Fade` closes and opens the whole programme with a raised cosine, from where it is.
      While it is closed decks are not consumed, their fades stand still, and a `Crossfade` is done
      at once: opening the gate is its fade.
    - *Volume*: rises by at most 2 dB/s and falls by 40 dB/s while something is heard. While nothing
      is (no audible deck, gate closed, or a start in its very first frame) it is set at once, since
      the fade-in that must follow makes the start quiet. Never above 0 dB. A new mixer is silent
      until the first `Volume`.
    - A ring that runs short is silence for the missing frames and a counted underrun; one that has
      ended frees its deck.
    """

    latency: Final = Limiter.latency

    def __init__(self, decks: int = 4) -> None:
        self._decks: list[Deck | None] = [None] * decks
        self._limiter = Limiter()
        self._hearing = Hearing()
        self._frame = 0  # rendered
        self._played = 0  # rendered with decks heard: the clock of swaps and track gains
        self._heard_until = -self.latency  # frame after the last one with a deck heard
        self._heard = HeardLevel()
        self._gate = Ramp.steady(1.0)  # phase of the raised cosine
        self._volume = Ramp.steady(SILENCE_DB)  # dB
        self._stopping: tuple[Deck, ...] | None = None  # decks to empty when the gate has closed
        self._freed: list[int] = []
        self._underruns = 0
        self._faults = 0  # of decks that are gone

    # --- what is so ---------------------------------------------------------------------------------

    @property
    def underruns(self) -> int:
        """Render calls in which an audible deck's ring ran short."""
        return self._underruns

    @property
    def faults(self) -> int:
        """Samples that were NaN or infinite and were played as 0."""
        return self._faults + sum(deck.faults for deck in self._decks if deck is not None)

    @property
    def idle(self) -> bool:
        """Nothing is audible, no fade runs, and the limiter has given out the last sound."""
        flushed = self._frame - self._heard_until >= self.latency
        return flushed and (self._closed or not self._audible())

    def status(self, deck: int) -> DeckStatus:
        """Raises `MixingError` for a deck that does not exist."""
        loaded = self._at(deck)
        if loaded is None:
            return DeckStatus(deck, False, False, Decibels(0.0), Frames(0), Frames(0), 0, False)
        return DeckStatus(
            deck=deck,
            loaded=True,
            audible=loaded.swap is not None,
            gain=Decibels(loaded.track_gain.at(self._played)),
            position=loaded.position,
            level=Frames(loaded.ring.level),
            underruns=loaded.underruns,
            ended=loaded.ring.ended,
        )

    def freed(self) -> tuple[int, ...]:
        """Decks that faded out, drained or were stopped since last asked; they are detached.

        Ask after every `apply` and `render`, before a freed deck is used again.
        """
        freed = tuple(sorted(self._freed))
        self._freed.clear()
        return freed

    # --- decks ----------------------------------------------------------------------------------------

    def attach(self, deck: int, ring: Ring, gain: Decibels) -> None:
        """Put `ring` on an empty deck, silent until a `Crossfade`. Raises `MixingError`."""
        if self._at(deck) is not None:
            raise MixingError(f"deck {deck} is in use: detach it, or wait until it is freed")
        self._decks[deck] = Deck(ring, _checked_gain(gain))

    def detach(self, deck: int) -> None:
        """Empty a silent deck. Raises `MixingError` if it is empty or audible."""
        if self._loaded(deck).swap is not None:
            raise MixingError(f"deck {deck} is heard: fade to another deck, or stop, before detaching it")
        self._empty(deck)

    def set_gain(self, deck: int, gain: Decibels) -> None:
        """Correct the track gain in dB: at once on a silent deck, down by 2 dB/s on an audible one.

        An audible deck is never made louder: a higher gain keeps the one it has now.
        Raises `MixingError` for an empty deck or a gain that is not a number of at most 24 dB.
        """
        loaded = self._loaded(deck)
        gain = _checked_gain(gain)
        if loaded.swap is None:
            loaded.track_gain = Ramp.steady(gain)
        else:
            present = loaded.track_gain.at(self._played)
            loaded.track_gain = slew(self._played, present, min(gain, present), fall=RISE)

    # --- commands -------------------------------------------------------------------------------------

    def apply(self, command: Crossfade | Fade | Volume | Shape | Stop) -> None:
        """Carry out `command` from the next rendered frame on.

        Raises `MixingError`, and changes nothing, when it cannot be carried out.
        """
        match command:
            case Crossfade(deck=deck, fade=fade, gentle=gentle):
                self._crossfade(deck, fade, gentle)
            case Fade(audible=audible, fade=fade):
                self._fade(audible, fade)
            case Volume(level=level):
                self._set_volume(level)
            case Shape():
                self._hearing.shape(command, heard=not self.idle)
            case Stop(fade=fade):
                self._stop(fade)
            case _:
                assert_never(command)

    def _crossfade(self, deck: int, fade: Seconds, gentle: bool) -> None:
        length = fade_frames(fade)
        entering = self._loaded(deck)
        if self._stopping is not None:
            raise MixingError(f"deck {deck} cannot enter while everything stops: wait until decks are freed")
        angle = math.asin(min(entering.level(self._played), 1.0))
        leaving = [other for other in self._audible() if other is not entering]
        if self._closed or math.cos(angle) < NEARLY_IN:
            self._free(leaving)
            entering.swap = SwapGain(Ramp.steady(FULLY_IN), entering=True)
            return
        if gentle and leaving and entering.swap is None:
            gain = Decibels(entering.track_gain.at(self._played))
            head = entering.ring.peek(HEAD)
            entering.track_gain = entrance(head, gain, self._heard.level, self._played, length)
        ramp = Ramp.line(self._played, angle, FULLY_IN, length)
        for other in leaving:
            scale = other.level(self._played) / math.cos(angle)
            other.swap = SwapGain(ramp, entering=False, scale=scale)
        entering.swap = SwapGain(ramp, entering=True)

    def _fade(self, audible: bool, fade: Seconds) -> None:
        length = fade_frames(fade)
        if self._stopping is None:  # a stop wins, and leaves the gate open
            self._move_gate(1.0 if audible else 0.0, length)

    def _stop(self, fade: Seconds) -> None:
        length = fade_frames(fade)
        earlier = self._gate if self._stopping is not None else None
        self._stopping = tuple(deck for deck in self._decks if deck is not None)
        self._move_gate(0.0, length)
        if earlier is not None and earlier.left(self._frame) < self._gate.left(self._frame):
            self._gate = earlier
        self._settle()

    def _move_gate(self, phase: float, length: int) -> None:
        """`length` is for the whole way: a part of the way takes its share of it."""
        if not self._audible():
            self._gate = Ramp.steady(phase)
            return
        present = self._gate.at(self._frame)
        way = math.ceil(length * abs(phase - present))
        if way == 0:
            self._gate = Ramp.steady(phase)
        else:
            self._gate = Ramp.line(self._frame, present, phase, max(way, SHORTEST_FADE))

    def _set_volume(self, level: Decibels) -> None:
        if math.isnan(level):
            raise MixingError("a volume must be a number of decibels")
        target = max(min(level, LOUDEST_LEVEL), SILENCE_DB)
        heard = self._gate.at(self._frame) > 0.0 and any(d.level(self._played) > 0.0 for d in self._audible())
        present = self._volume.at(self._frame)
        self._volume = slew(self._frame, present, target) if heard else Ramp.steady(target)

    # --- rendering ------------------------------------------------------------------------------------

    def render(self, frames: int) -> Pcm:
        """The next `frames` frames: shape (frames, 2), float32, finite, |x| ≤ the limiter's ceiling.

        Never waits. Blocks of any size give the same programme.
        """
        if frames < 0:
            raise MixingError(f"{frames} frames cannot be rendered")
        programme: Pcm = np.zeros((frames, CHANNELS), np.float32)
        short: set[Deck] = set()
        done = 0
        while done < frames:
            done += self._span(programme[done:], short)
        for deck in short:
            deck.underruns += 1
        self._underruns += bool(short)
        return self._limiter.process(self._hearing.process(programme))

    def _span(self, programme: Pcm, short: set[Deck]) -> int:
        """Add to the beginning of `programme` up to where a gain begins or ends to move; frames done."""
        decks = [] if self._closed else self._audible()
        count = self._until_next_change(len(programme), decks)
        programme = programme[:count]
        for deck in decks:
            block, ran_short = deck.pull(count)
            if ran_short:
                short.add(deck)
            block *= _column(deck.gain(self._played, count))
            programme += block
        if decks:
            self._heard.add(programme)
            gate = raised_cosine(self._gate.over(self._frame, count))
            programme *= _column(gate * amplitude(self._volume.over(self._frame, count)))
            self._played += count
            self._heard_until = self._frame + count
        self._frame += count
        self._settle()
        return count

    def _until_next_change(self, count: int, decks: list[Deck]) -> int:
        left = [self._gate.left(self._frame), self._volume.left(self._frame)]
        left += [deck.track_gain.left(self._played) for deck in decks]
        left += [deck.swap.angle.left(self._played) for deck in decks if deck.swap is not None]
        return min([count, *(frames for frames in left if frames)])

    def _settle(self) -> None:
        """Empty the decks that are over."""
        for deck in self._audible():
            swap = deck.swap
            faded = swap is not None and not swap.entering and swap.angle.left(self._played) == 0
            if faded or deck.exhausted:
                self._free([deck])
        if self._stopping is not None and (self._closed or not self._audible()):
            self._free(self._stopping)
            self._stopping = None
            self._gate = Ramp.steady(1.0)

    # --- helpers --------------------------------------------------------------------------------------

    @property
    def _closed(self) -> bool:
        """The gate is closed and stays so."""
        return self._gate.left(self._frame) == 0 and self._gate.at(self._frame) == 0.0

    def _audible(self) -> list[Deck]:
        return [deck for deck in self._decks if deck is not None and deck.swap is not None]

    def _at(self, deck: int) -> Deck | None:
        if not 0 <= deck < len(self._decks):
            raise MixingError(f"there is no deck {deck}: decks are 0 to {len(self._decks) - 1}")
        return self._decks[deck]

    def _loaded(self, deck: int) -> Deck:
        loaded = self._at(deck)
        if loaded is None:
            raise MixingError(f"deck {deck} is empty: load a track on it first")
        return loaded

    def _free(self, decks: Collection[Deck]) -> None:
        for index, deck in enumerate(self._decks):
            if deck is not None and deck in decks:
                self._empty(index)
                self._freed.append(index)

    def _empty(self, index: int) -> None:
        self._faults += self._loaded(index).faults
        self._decks[index] = None


def _checked_gain(gain: Decibels) -> Decibels:
    if not gain <= LOUDEST_TRACK_GAIN:
        raise MixingError(f"a track gain is at most {LOUDEST_TRACK_GAIN:.0f} dB, not {gain}")
    return Decibels(max(gain, SILENCE_DB))


def _column(gain: Gain) -> np.float32 | Pcm:
    """As float32, to be multiplied with a block of shape (frames, 2)."""
    if isinstance(gain, float):
        return np.float32(gain)
    return gain.astype(np.float32)[:, None]
