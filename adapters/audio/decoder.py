"""One thread per deck: open, seek, cue in, decide the gain, and keep the ring filled."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from adapters.audio.priority import raise_threads
from adapters.audio.unmeasured import UnmeasuredGain
from player.errors import DecodeError
from player.mixing.drift import ClockDrift
from player.mixing.ring import Ring
from player.mixing.stretch import Stretcher
from player.model import Load
from player.ports.audio import AudioSource, Pcm
from player.units import SAMPLE_RATE, Decibels, Seconds, seconds_to_frames

# Tuning constants.
AHEAD_AUDIBLE: Final = Seconds(30.0)  # decoded ahead of the ear
AHEAD_STANDBY: Final = Seconds(10.0)
REFILL: Final = Seconds(2.0)  # the ring is filled up in bursts of at least this much
ENOUGH: Final = Seconds(0.5)  # decoded before a deck may start
ENOUGH_LIVE: Final = Seconds(2.0)  # the same for a station: the network pauses
CUE_LEVEL: Final = np.float32(1e-3)  # −60 dBFS: what is quieter at the start is skipped
CUE_LEAD: Final = Seconds(0.02)  # kept before it, for soft attacks
CUE_MAX: Final = Seconds(30.0)
GUESS_HEAD: Final = Seconds(20.0)  # heard before the gain of an unknown track is decided,
GUESS_PATIENCE: Final = Seconds(1.0)  # or what came within this time


class Head(Struct, frozen=True, kw_only=True):
    """What is known when a deck may start."""

    gain: Decibels
    cue: Seconds


class Listener:
    """What a decoder tells. Called on its thread; `analyse` may hold it back for a moment.

    lower: louder music is coming on a deck whose gain was guessed, and this is the gain for it.
    """

    def __init__(
        self,
        ready: Callable[["Decoder", Head], None],
        failed: Callable[["Decoder", str], None],
        analyse: Callable[["Decoder", Pcm | None], None],
        lower: Callable[["Decoder", Decibels], None],
    ) -> None:
        self.ready, self.failed, self.analyse, self.lower = ready, failed, analyse, lower


class Decoder:
    """Fills `ring` from `load.uri`. `audible` decides how far ahead; `cancel` ends it."""

    def __init__(self, load: Load, listener: Listener) -> None:
        self.load = load
        self.ring = Ring(seconds_to_frames(AHEAD_AUDIBLE))
        self.audible = False
        self.source_ended = False
        self.came = time.monotonic()  # when sound was decoded last
        self.titles: deque[tuple[int, str]] = deque(maxlen=32)  # from which frame on a station names what
        self._frames = 0  # written to the ring
        self.from_start = load.start <= 0
        self.cancelled = threading.Event()
        self.analysed = True  # False: its analysis was given up, the music goes on without
        self._listener = listener
        self._pace: _Pace | None = None  # of a station
        self._unmeasured: UnmeasuredGain | None = None
        self._head: _Head | None = _Head(load)
        self._thread = threading.Thread(target=self._run, name=f"deck {load.deck}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Returns at once; the thread follows, after a read from the network at the latest."""
        self.cancelled.set()

    def _run(self) -> None:
        raise_threads()
        try:
            from adapters.decode import open_source  # FFmpeg: loaded by the child's warm-up, not by the brain

            with open_source(self.load.uri, on_title=self._name, cancelled=self.cancelled.is_set) as source:
                if not self.from_start and source.duration > 0:  # a live stream goes on where it is now
                    source.seek(self.load.start)
                if self.load.live and source.duration <= 0:
                    self._pace = _Pace()
                self._fill(source)
        except DecodeError as error:
            self._fail(error.problem)
        except Exception as error:  # noqa: BLE001  a thread's boundary: whatever broke, another track can play
            self._fail(f"stopped the decoder ({type(error).__name__}: {error}).")
        finally:
            self.source_ended = True
            self.ring.end()

    def _name(self, title: str) -> None:
        self.titles.append((self._frames, title))

    def _fail(self, problem: str) -> None:
        if not self.cancelled.is_set():
            self._listener.failed(self, problem)

    def _fill(self, source: AudioSource) -> None:
        if self.load.gain is None:
            self._unmeasured = UnmeasuredGain()
        while not self.cancelled.is_set():
            block = source.read()
            if block is None:
                break
            self.came = time.monotonic()
            if self._pace is not None:
                block = self._pace.follow(block)
                if not len(block):
                    continue  # a few frames, which wait for the next
            self._listener.analyse(self, block)
            if self._head is not None:
                block = self._head.cued(block)
            if self._unmeasured is not None and (gain := self._unmeasured.push(block)) is not None:
                self._listener.lower(self, gain)  # before it can be heard
            self._write(block)
            if self._head is not None:
                self._head.push(block)
                if self._head.enough:
                    self._tell_ready(self._head)
        if self.cancelled.is_set():
            return
        if self._head is not None:
            if self.ring.level == 0:
                raise DecodeError(
                    self.load.uri, "holds nothing but silence from here on: choose another track."
                )
            self._tell_ready(self._head)
        self._listener.analyse(self, None)

    def _tell_ready(self, head: "_Head") -> None:
        self._head = None
        gain = self.load.gain
        if self._unmeasured is not None:
            gain = self._unmeasured.guess()
        assert gain is not None
        self._listener.ready(self, Head(gain=gain, cue=head.cue))

    def _write(self, block: Pcm) -> None:
        ring = self.ring
        while len(block) and not self.cancelled.is_set():
            ahead = AHEAD_AUDIBLE if self.audible else max(AHEAD_STANDBY, GUESS_HEAD if self._head else 0.0)
            if ring.level >= seconds_to_frames(ahead):
                self._wait_until(ahead - REFILL)
            taken = ring.write(block)
            self._frames += taken
            block = block[taken:]
            if self._pace is not None:
                self._pace.drift.wrote(ring.level, ring.consumed)

    def _wait_until(self, ahead: float) -> None:
        """Until no more than `ahead` seconds are in the ring, or the deck became audible and wants more."""
        was_audible = self.audible
        while self.ring.level > ahead * SAMPLE_RATE and self.audible == was_audible:
            if self.cancelled.wait(REFILL / 8):
                return


class _Pace:
    """A station's sound at the pace of the sound card's clock."""

    def __init__(self) -> None:
        self.drift = ClockDrift()
        self._stretcher = Stretcher()

    def follow(self, block: Pcm) -> Pcm:
        return self._stretcher.push(block, self.drift.stretch)


class _Head:
    """Cue point of the first seconds, and when enough of them came."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._cueing = load.start <= 0
        self._skipped = 0  # frames
        self._heard = 0  # frames
        self._opened = time.monotonic()

    @property
    def enough(self) -> bool:
        if self._heard < seconds_to_frames(ENOUGH_LIVE if self._load.live else ENOUGH):
            return False
        if self._load.gain is not None or self._heard >= seconds_to_frames(GUESS_HEAD):
            return True
        return time.monotonic() - self._opened > GUESS_PATIENCE

    def cued(self, block: Pcm) -> Pcm:
        """`block` without the silence at the start of the track."""
        if not self._cueing:
            return block
        sound = np.flatnonzero(np.abs(block).max(axis=1) > CUE_LEVEL)
        first = max(0, int(sound[0]) - seconds_to_frames(CUE_LEAD)) if len(sound) else len(block)
        first = min(first, seconds_to_frames(CUE_MAX) - self._skipped)
        self._skipped += first
        self._cueing = first == len(block) and self._skipped < seconds_to_frames(CUE_MAX)
        return block[first:]

    def push(self, block: Pcm) -> None:
        self._heard += len(block)

    @property
    def cue(self) -> Seconds:
        return Seconds(self._load.start + self._skipped / SAMPLE_RATE)
