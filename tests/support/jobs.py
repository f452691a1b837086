"""Jobs for worker processes: what real ones do at their worst. A path's name says what happens."""

import os
import signal
import time
from pathlib import Path

from adapters.library.jobs import Failure
from adapters.library.pace import Pace


def act(path: str) -> str | Failure:
    name = Path(path).name
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("kill"):  # as for lack of memory
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("raise"):
        raise ValueError(name)
    if name.startswith("fail"):
        return Failure("is bad")
    if name.startswith("wait"):
        Path(path).touch()  # it has begun
        time.sleep(60.0)
    if name == "busy":  # for longer than a worker may hang
        pace = Pace()
        for _ in range(10):
            time.sleep(0.1)
            pace.breathe()
    if name == "slow":  # and shows no sign of life
        time.sleep(0.5)
    if name == "cool":
        pace = Pace(busy=0.1)
        time.sleep(0.05)
        pace.breathe()
    return f"{name} done"


def describe(_path: str) -> tuple[int, int, bool, str | None, int] | Failure:
    """Process id, niceness, whether Ctrl-C is ignored, threads of the numeric library, scheduling policy."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    threads = os.environ.get("OPENBLAS_NUM_THREADS")
    return os.getpid(), os.nice(0), ignored, threads, os.sched_getscheduler(0)
