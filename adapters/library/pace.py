"""Keeping out of the way: how a worker leaves processor and disk to the music that plays."""

import ctypes
import os
import platform
import time
from typing import Final

from adapters.library import stall
from adapters.library.thermal import Thermometer
from player.units import Seconds

BUSY: Final = 0.25  # share of one core that a paced scan takes; tuning constant
SLICE: Final = Seconds(0.02)  # of work between two pauses: shorter than any buffer of sound
IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30}  # number of the system call, asm/unistd.h
IOPRIO_WHO_PROCESS: Final = 1  # linux/ioprio.h
IOPRIO_IDLE: Final = 3 << 13  # the class that reads only when nobody else does


class Pace:
    """Pauses that keep the busy share of this thread at `busy`; 1: no pause at all."""

    def __init__(self, busy: float = 1.0) -> None:
        self._idle_per_busy = 1.0 / busy - 1.0
        self._since = time.monotonic()
        self._thermometer = Thermometer()

    @property
    def paced(self) -> bool:
        return self._idle_per_busy > 0.0

    def breathe(self) -> None:
        """Called between pieces of work."""
        worked = time.monotonic() - self._since
        if self.paced and worked >= SLICE:
            stall.at_rest()
            time.sleep(worked * self._idle_per_busy)
            self._thermometer.wait_until_cool()
            self._since = time.monotonic()
        stall.alive()


def step_back() -> None:
    """This process runs only when no other wants the processor, and reads only when no other reads."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    number = IOPRIO_SET.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE)
