"""Ctrl-C while workers are at work: once, and for the parent alone."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from adapters.library.pool import WorkerPool

INTERRUPT: Final = (signal.SIGINT,)


@contextmanager
def interrupted_once() -> Iterator[None]:
    """The first Ctrl-C is a `KeyboardInterrupt`; no further one disturbs what ends the command in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # whoever starts us wants none, or has one of their own
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class DeafPool(WorkerPool):
    """Its processes are deaf to Ctrl-C from their first moment, not only once they have loaded everything."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPT)  # a new process inherits what is blocked
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def kill(self) -> None:
        """Also those that are only starting."""
        for process in tuple((self._processes or {}).values()):
            process.kill()
        super().kill()
