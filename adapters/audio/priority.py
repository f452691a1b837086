"""Priorities of the audio process, as far as the system allows (root, or LimitNICE and LimitRTPRIO)."""

import logging
import os
from typing import Final

log = logging.getLogger(__name__)

NICE: Final = -11  # as PulseAudio and PipeWire take; tuning constants
REALTIME: Final = 5


def raise_threads() -> None:
    """Of the calling thread and those that it starts, all alike.

    A thread of lower priority would hold the interpreter while busy processes hold it off.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        log.info("audio runs at normal priority: LimitNICE=-11 in the service would raise it")


def raise_render_thread() -> None:
    """Wake the calling thread before all ordinary ones; threads that it starts are ordinary."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REALTIME))
    except PermissionError:
        log.info("audio renders without real-time priority: LimitRTPRIO=5 in the service would allow it")
