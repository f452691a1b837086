"""Workers that crash, fail, hang and are orphaned."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.library.jobs import Failure
from adapters.library.pool import CRASHED, WorkerPool, Workers
from player.errors import LibraryError
from tests.support.jobs import act, describe

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0


class Fragile(Executor):
    """Runs jobs at once, except that a path beginning with "crash" breaks it, as a killed worker does."""

    made = 0

    def __init__(self) -> None:
        Fragile.made += 1
        self.broken = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.broken:
            raise BrokenExecutor("broken")
        if args and str(args[0]).startswith("crash"):
            self.broken = True
            future.set_exception(BrokenExecutor("a worker died"))
        else:
            try:
                future.set_result(fn(*args, **kwargs))
            except ValueError as error:
                future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


@pytest.mark.parametrize("width", [1, 3])
def test_a_crash_or_failure_costs_its_own_file_only(width: int) -> None:
    paths = ["a", "b", "crash1", "c", "raise1", "d", "crash2", "crash3", "fail1", "e", "f"]
    with Workers(Fragile, width) as workers:
        results = dict(workers.run(act, paths))
    assert set(results) == set(paths)
    assert {path for path, result in results.items() if result == CRASHED} == {"crash1", "crash2", "crash3"}
    assert results["fail1"] == Failure("is bad")
    raised = results["raise1"]
    assert isinstance(raised, Failure) and "ValueError" in raised.why
    assert all(results[path] == f"{path} done" for path in "abcdef")


def test_nothing_is_started_before_there_is_work_nor_after_a_rest() -> None:
    Fragile.made = 0
    with Workers(Fragile) as workers:
        assert list(workers.run(act, [])) == []
        assert Fragile.made == 0
        assert len(list(workers.run(act, ["a"]))) == 1
        workers.rest()
        assert Fragile.made == 1
        assert len(list(workers.run(act, ["b", "c"]))) == 2
        assert Fragile.made == 2


def test_no_new_file_is_begun_once_told_to_stop_and_none_begun_is_lost() -> None:
    asked: list[str] = []

    def paths() -> Any:
        for number in range(100):
            asked.append(str(number))
            yield str(number)

    with Workers(lambda: ThreadPoolExecutor(1)) as workers:
        done = [path for path, _ in workers.run(act, paths(), lambda: len(asked) < 5)]
    assert done == asked == ["0", "1", "2", "3", "4"]


def test_workers_that_cannot_be_started_are_an_error_that_says_so() -> None:
    def dead() -> Fragile:
        executor = Fragile()
        executor.broken = True
        return executor

    with Workers(dead) as workers, pytest.raises(LibraryError, match="check free memory"):
        list(workers.run(act, ["a"]))


# --- real processes ---------------------------------------------------------------------------------------


def test_a_real_crash_costs_its_own_file_only() -> None:
    with Workers(WorkerPool) as workers:
        results = dict(workers.run(act, ["a", "crash", "b", "fail"]))
        assert results == {"a": "a done", "crash": CRASHED, "b": "b done", "fail": Failure("is bad")}


def test_a_worker_is_polite_and_single_threaded() -> None:
    with Workers(WorkerPool) as workers:
        ((_, answer),) = workers.run(describe, ["x"])
    assert isinstance(answer, tuple)
    pid, niceness, ignores_interrupt, threads = answer
    assert pid != os.getpid()
    assert niceness == 19
    assert ignores_interrupt
    assert threads == "1"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        os.sched_yield()


def test_close_ends_a_busy_worker_at_once(tmp_path: Path) -> None:
    workers = Workers(WorkerPool)
    paths = [str(tmp_path / name) for name in ("wait1", "wait2", "wait3")]
    results: list[tuple[str, str | Failure]] = []
    thread = threading.Thread(target=lambda: results.extend(workers.run(act, paths)))
    thread.start()
    wait_until((tmp_path / "wait1").exists)
    workers.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert results == []
    assert list(workers.run(act, ["a"])) == []
    assert not any(tmp_path.glob("wait2"))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_dies_with_a_killed_parent(tmp_path: Path) -> None:
    busy = tmp_path / "wait"
    argv = [sys.executable, "-m", "tests.support.pool_child", str(busy)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        wait_until(busy.exists)
        assert alive(pid)
        process.kill()
    wait_until(lambda: not alive(pid))
