"""Ctrl-C and SIGTERM while workers are at work: once, and for the parent alone."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from adapters.library.pool import WorkerPool

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Attribute: by, the signal that ended the command; None: none did."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None


@contextmanager
def interrupted_once() -> Iterator[Ending]:
    """The first signal is a `KeyboardInterrupt`; no further one disturbs what ends the command in order."""
    ending = Ending()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        ending.by = signal.Signals(number)
        raise KeyboardInterrupt

    # whoever starts us without one, or with one of their own, wants it so
    usual = (signal.default_int_handler, signal.SIG_DFL)
    before = {each: signal.getsignal(each) for each in ENDINGS if signal.getsignal(each) in usual}
    for each in before:
        signal.signal(each, interrupt)
    try:
        yield ending
    finally:
        for each, handler in before.items():
            if signal.getsignal(each) is interrupt:
                signal.signal(each, handler)


class DeafPool(WorkerPool):
    """Its processes are deaf to Ctrl-C from their first moment, not only once they have loaded everything."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # a new process inherits what is blocked
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
