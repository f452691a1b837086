"""Worker processes of the lowest priority that end with their parent, and when they get nowhere."""

import ctypes
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, Final, Self, TypeVar

from adapters.library import stall
from adapters.library.jobs import Failure
from adapters.library.pace import BUSY, step_back
from player.errors import LibraryError
from player.units import Seconds

A = TypeVar("A")
R = TypeVar("R")

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
LOWEST_PRIORITY: Final = 19  # nice(2)
LOOK_EVERY: Final = 5.0  # s without a result after which the executor is looked at
CRASHED: Final = Failure("makes the analysis crash: replace or remove it.")
HUNG: Final = Failure(  # a disk or server that went away may come back
    "gets the analysis nowhere: see whether its disk or server is there; if it is, replace or remove it.",
    lasting=False,
)
KILLED: Final = Failure(  # for lack of memory, mostly
    "was not analysed: its process was killed from outside, twice. Free memory, or use fewer workers.",
    lasting=False,
)


class WorkerLostError(Exception):
    """The worker that ran one job died; its executor goes on."""


class _Context(SpawnContext):
    """Fresh processes, remembered: how one ended is asked when its pool is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        process = SpawnProcess(*args, **kwargs)
        self.started.append(process)
        return process


class WorkerPool(ProcessPoolExecutor):
    """Fresh processes (spawned), so that none inherits sockets, locks or the sound card.

    They are killed when the thread that submits to the pool ends, however it ends, and one whose job shows
    no sign of life for `limit`.
    """

    def __init__(self, workers: int = 1, *, paced: bool = False, limit: Seconds = stall.LIMIT) -> None:
        """paced: they run only when nothing else wants to."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read by the child when it imports numpy
        self._context = _Context()
        arguments = (os.getpid(), paced, Seconds(limit / BUSY) if paced else limit)  # who gives way is slow
        super().__init__(workers, mp_context=self._context, initializer=_start_worker, initargs=arguments)

    def kill(self) -> None:
        """End at once, whatever the workers are at."""
        for child in self._context.started:
            if child.pid is not None:
                child.kill()
        self.shutdown(wait=True, cancel_futures=True)

    def verdict(self) -> Failure:
        """Once it is killed: why the one job died that it had."""
        ends = {child.exitcode for child in self._context.started}
        if -stall.DIED_OF in ends:
            return HUNG
        # the others were ended with it
        return CRASHED if ends - {None, 0, -signal.SIGKILL, -signal.SIGTERM} else KILLED


def _start_worker(parent: int, paced: bool, limit: Seconds) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)
    os.nice(LOWEST_PRIORITY)
    if paced:
        step_back()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    stall.watch(limit)


class Workers:
    """Runs jobs on executors that `make` gives, one after another as they break.

    A job that fails costs its file; so does one that kills its worker, or hangs until it is killed: all that
    were at work are tried again, each alone, and the one that kills again is the culprit. No process is
    started before there is work.
    """

    def __init__(
        self,
        make: Callable[[], Executor] = WorkerPool,
        width: int = 1,
        *,
        batch: int = 1,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """width: how many jobs run at the same time; batch: how many files one carries at most.

        check: called when no result comes for a while; raises `LibraryError` when none can come any more.
        """
        self._make, self._width, self._batch, self._check = make, width, batch, check
        self._executor: Executor | None = None
        self._closed = False

    def run(
        self,
        job: Callable[[A], R | Failure],
        items: Iterable[A],
        go_on: Callable[[], bool] = lambda: True,
    ) -> Iterator[tuple[A, R | Failure]]:
        """Each item with what `job` made of it, as they get ready, until `go_on` says no or `close`.

        Raises `LibraryError` when workers cannot be started at all, or are gone for good.
        """
        left = deque(items)
        pending: dict[Future[list[R | Failure]], list[A]] = {}
        while not self._closed:
            while left and len(pending) < 2 * self._width and go_on():
                # batches shrink towards the end, so that all workers end together
                size = max(1, min(self._batch, len(left) // (4 * self._width)))
                batch = [left.popleft() for _ in range(size)]
                pending[self._submit(job, batch)] = batch
            if not pending:
                return
            done = self._wait(pending, FIRST_COMPLETED)
            if self._closed:
                return
            broken = any(_is_broken(future) for future in done)
            if broken:
                done = self._wait(pending, ALL_COMPLETED)  # the others break at the same moment
            suspects: list[A] = []
            for future in [future for future in pending if future in done]:
                batch = pending.pop(future)
                results = _results(future)
                if results is None:
                    suspects += batch
                else:
                    yield from zip(batch, results, strict=True)
            if broken:
                self.rest()
            for item in suspects:
                if self._closed:
                    return
                alone = self._submit(job, [item])
                executor = self._executor
                self._wait([alone], ALL_COMPLETED)
                if self._closed:
                    return
                results = _results(alone)
                if _is_broken(alone):
                    self.rest()
                yield item, results[0] if results else _verdict(executor)

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

    def _wait(self, futures: Iterable[Future[Any]], until: str) -> set[Future[Any]]:
        futures = list(futures)
        while True:
            done, _ = wait(futures, timeout=LOOK_EVERY, return_when=until)
            if self._closed or len(done) == len(futures) or (done and until == FIRST_COMPLETED):
                return done
            self._check()

    def _submit(self, job: Callable[[A], R | Failure], batch: Sequence[A]) -> "Future[list[R | Failure]]":
        try:
            executor = self._executor
            if executor is None:
                executor = self._executor = self._started()
            return executor.submit(_each, job, batch)
        except RuntimeError as error:  # broken, or closed meanwhile
            broken: Future[list[R | Failure]] = Future()
            broken.set_exception(BrokenExecutor(str(error)))
            return broken

    def _started(self) -> Executor:
        """Raises `BrokenExecutor` once closed."""
        if self._closed:
            raise BrokenExecutor("closed")
        executor = self._make()
        try:
            # all at once: a pool starts a process only when a job finds none that is idle
            started = [executor.submit(os.getpid) for _ in range(self._width)]
            started[0].result()
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


def _each(job: Callable[[A], R | Failure], batch: Sequence[A]) -> list[R | Failure]:
    """In the worker: an error costs its file, not the batch."""
    results: list[R | Failure] = []
    for item in batch:
        stall.alive()
        try:
            results.append(job(item))
        except Exception as error:  # noqa: BLE001 - a worker must not end for one file
            why = f"cannot be analysed ({error!r}): please report this file."
            results.append(Failure(why, lasting=False))  # the fault is ours: after an upgrade it may work
    stall.at_rest()
    return results


def _verdict(executor: Executor | None) -> Failure:
    """Of a job that killed its worker, alone, once the executor is gone."""
    return executor.verdict() if isinstance(executor, WorkerPool) else CRASHED


def _is_broken(future: "Future[Any]") -> bool:
    """Whether the whole executor broke."""
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _results(future: "Future[list[R | Failure]]") -> list[R | Failure] | None:
    """None when the worker died. Raises `LibraryError` when all workers are gone for good."""
    try:
        return future.result()
    except (BrokenExecutor, CancelledError, WorkerLostError):
        return None
