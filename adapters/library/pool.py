"""Worker processes of the lowest priority that end with their parent."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing import active_children, get_context
from multiprocessing.queues import SimpleQueue
from typing import Final, Self, TypeVar

from adapters.library.jobs import Failure
from player.errors import LibraryError

R = TypeVar("R")

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
LOWEST_PRIORITY: Final = 19  # nice(2)
CRASHED: Final = Failure("makes the analysis crash: replace or remove it.")


class WorkerPool(ProcessPoolExecutor):
    """Fresh processes (spawned), so that none inherits sockets, locks or the sound card.

    They are killed when the thread that submits to the pool ends, however it ends.
    """

    def __init__(self, workers: int = 1) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read by the child when it imports numpy
        context = get_context("spawn")
        self._pids: SimpleQueue[int] = context.SimpleQueue()
        super().__init__(
            workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(), self._pids)
        )

    def kill(self) -> None:
        """End at once, whatever the workers are at."""
        pids: set[int] = set()
        while not self._pids.empty():
            pids.add(self._pids.get())
        for child in active_children():
            if child.pid in pids:
                child.kill()
        self.shutdown(wait=True, cancel_futures=True)


def _start_worker(parent: int, pids: "SimpleQueue[int]") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)
    os.nice(LOWEST_PRIORITY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    pids.put(os.getpid())


class Workers:
    """Runs jobs on executors that `make` gives, one after another as they break.

    A job that fails costs its file; so does one that kills its worker: all that were at work are tried again,
    each alone, and the one that kills again is the culprit. No process is started before there is work.
    """

    def __init__(self, make: Callable[[], Executor] = WorkerPool, width: int = 1) -> None:
        """width: how many jobs run at the same time."""
        self._make, self._width = make, width
        self._executor: Executor | None = None
        self._closed = False

    def run(
        self,
        job: Callable[[str], R | Failure],
        paths: Iterable[str],
        go_on: Callable[[], bool] = lambda: True,
    ) -> Iterator[tuple[str, R | Failure]]:
        """Each path with what `job` made of it, as they get ready, until `go_on` says no or `close`.

        Raises `LibraryError` when workers cannot be started at all.
        """
        source = iter(paths)
        pending: dict[Future[R | Failure], str] = {}
        while not self._closed:
            while len(pending) < 2 * self._width and go_on() and (path := next(source, None)) is not None:
                pending[self._submit(job, path)] = path
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            if self._closed:
                return
            if any(isinstance(future.exception(), BrokenExecutor) for future in done):
                done, _ = wait(pending)  # the others break at the same moment
            suspects = []
            for future in [future for future in pending if future in done]:
                path = pending.pop(future)
                result = _result(future)
                if result is None:
                    suspects.append(path)
                else:
                    yield path, result
            if suspects:
                self.rest()
            for path in suspects:
                if self._closed:
                    return
                result = _result(self._submit(job, path))
                if result is None:
                    self.rest()
                yield path, result or CRASHED

    def rest(self) -> None:
        """End the worker processes until there is work again."""
        executor, self._executor = self._executor, None
        if isinstance(executor, WorkerPool):
            executor.kill()
        elif executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End at once; from any thread. `run` gives nothing more."""
        self._closed = True
        self.rest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _submit(self, job: Callable[[str], R | Failure], path: str) -> Future[R | Failure]:
        try:
            executor = self._executor
            if executor is None:
                executor = self._executor = self._started()
            return executor.submit(job, path)
        except RuntimeError as error:  # broken, or closed meanwhile
            broken: Future[R | Failure] = Future()
            broken.set_exception(BrokenExecutor(str(error)))
            return broken

    def _started(self) -> Executor:
        """Raises `BrokenExecutor` once closed."""
        if self._closed:
            raise BrokenExecutor("closed")
        executor = self._make()
        try:
            executor.submit(os.getpid).result()
        except (BrokenExecutor, CancelledError) as error:
            executor.shutdown()
            if self._closed:
                raise
            raise LibraryError(
                "The processes that analyse music cannot be started: check free memory, then try again."
            ) from error
        if self._closed:
            executor.shutdown()
            raise BrokenExecutor("closed")
        return executor


def _result(future: "Future[R | Failure]") -> R | Failure | None:
    """None when the worker died."""
    try:
        error = future.exception()
    except CancelledError:
        return None
    if error is None:
        return future.result()
    if isinstance(error, BrokenExecutor):
        return None
    return Failure(f"cannot be analysed ({error!r}): please report this file.")
