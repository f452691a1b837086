"""The end of a worker that gets nowhere: its disk went away, or its decoder goes round in circles."""

import signal
from typing import Final

from player.units import Seconds

LIMIT: Final = Seconds(
    300.0
)  # for one piece of work; tuning constant: a slow network's longest is well below
DIED_OF: Final = signal.SIGALRM

_limit = 0.0  # s; 0: nobody watches over this process


def watch(limit: Seconds) -> None:
    """From now on this process is killed when a job of its main thread shows no sign of life for `limit`.

    By the kernel: what hangs in a system call or in a decoder's loop runs no Python any more.
    """
    global _limit  # noqa: PLW0603 - there is one timer for each process
    signal.signal(DIED_OF, signal.SIG_DFL)
    _limit = limit


def alive() -> None:
    """The job goes on: the time begins anew."""
    if _limit:
        signal.setitimer(signal.ITIMER_REAL, _limit)


def at_rest() -> None:
    """Nothing is under way, or it waits of its own accord."""
    if _limit:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
