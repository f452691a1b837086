"""The room's microphone: sound in by a blocking read on its own thread, a few numbers out, nothing kept.

What is read goes to `RoomEar` and is gone within seconds. It is never stored and never sent: this module
opens no file and no socket, and the only things it gives away are `RoomHeard` and why it hears nothing.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from adapters.audio.portaudio import PortAudioInput
from player.errors import OutputError
from player.model import MicrophoneState, RoomHeard
from player.ports.audio import Pcm
from player.room.ear import RoomEar
from player.units import Seconds

# Tuning constants.
READ: Final = 3840  # frames, 80 ms: few enough wake-ups beside the render thread
LATENCY: Final = Seconds(0.2)  # what the device may hold: a late thread loses nothing
PLAYED_BLOCKS: Final = 256  # of 20 ms; full: the oldest goes, and both sides begin anew
RETRY: Final = Seconds(10.0)  # between two looks for a microphone that is away
APART: Final = Seconds(1.0)  # within which the thread lets go of the device

OpenInput = Callable[[str, Seconds], Any]


class Microphone:
    """Closed until `allow`. `report` gets `RoomHeard` every two seconds, and each change of what is wrong;
    `played` never waits."""

    def __init__(
        self,
        device: str,
        report: Callable[[RoomHeard | MicrophoneState], None],
        *,
        opener: OpenInput = PortAudioInput,
        ear: Callable[[], RoomEar] = RoomEar,
    ) -> None:
        self._device, self._report, self._opener, self._make_ear = device, report, opener, ear
        self._played: queue.Queue[Pcm] = queue.Queue(PLAYED_BLOCKS)
        self._allowed = threading.Event()
        self._wanted = threading.Event()  # cleared: let go of the device
        self._wanted.set()
        self._free = threading.Event()  # the device is not open
        self._free.set()
        self._lost = False  # blocks of the player were dropped
        self._problem = ""

    def start(self) -> None:
        threading.Thread(target=self.run, name="microphone", daemon=True).start()

    def allow(self, on: bool) -> None:
        """Consent is given, or withdrawn: the device is closed within a block."""
        if on:
            self._allowed.set()
        else:
            self._allowed.clear()

    def played(self, block: Pcm) -> None:
        """Frames that were really written."""
        if self._free.is_set():
            return  # nobody listens
        try:
            self._played.put_nowait(block)
        except queue.Full:
            self._lost = True

    def apart(self, action: Callable[[], None]) -> bool:
        """Do this while the microphone is closed: PortAudio ends every stream when it is started anew.

        False, and nothing was done: its driver does not let go of it.
        """
        self._wanted.clear()
        try:
            if not self._free.wait(APART):
                return False
            action()
            return True
        finally:
            self._wanted.set()

    def run(self) -> None:
        """For ever, on a thread of its own."""
        while True:
            if not self._allowed.is_set():
                self._tell("")  # nobody wants it to hear
            self._allowed.wait()
            self._wanted.wait()
            self._free.clear()
            try:
                if not self._wanted.is_set():
                    continue  # `apart` came between: it may have seen the device free
                with contextlib.closing(self._opener(self._device, LATENCY)) as stream:
                    self._tell("")
                    self._listen(stream)
            except OutputError as error:
                self._tell(str(error))
            finally:
                self._free.set()
            if self._problem:
                time.sleep(RETRY)

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._report(MicrophoneState(problem=problem))

    def _listen(self, stream: Any) -> None:
        """Until the device is gone (`OutputError`) or is not wanted for a moment."""
        ear = self._make_ear()
        self._drain(None)
        while self._wanted.is_set() and self._allowed.is_set():
            block, overflowed = stream.read(READ)
            self._drain(ear)
            if overflowed or self._lost:
                self._lost = False
                ear.gap()
            for heard in ear.hear(np.asarray(block, np.float32), time.localtime().tm_hour):
                self._report(heard)

    def _drain(self, ear: RoomEar | None) -> None:
        while True:
            try:
                block = self._played.get_nowait()
            except queue.Empty:
                return
            if ear is not None:
                ear.play(block)
