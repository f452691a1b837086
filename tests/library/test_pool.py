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

from adapters.library import pool
from adapters.library.jobs import Failure
from adapters.library.pool import CRASHED, HUNG, KILLED, WorkerPool, Workers
from player.errors import LibraryError
from player.units import Seconds
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
        if len(args) > 1 and any(path.startswith("crash") for path in args[1]):
            self.broken = True
            future.set_exception(BrokenExecutor("a worker died"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("batch", [1, 4])
def test_a_crash_or_failure_costs_its_own_file_only(width: int, batch: int) -> None:
    paths = ["a", "b", "crash1", "c", "raise1", "d", "crash2", "crash3", "fail1", "e", "f"]
    with Workers(Fragile, width, batch=batch) as workers:
        results = dict(workers.run(act, paths))
    assert set(results) == set(paths)
    assert {path for path, result in results.items() if result == CRASHED} == {"crash1", "crash2", "crash3"}
    assert results["fail1"] == Failure("is bad")
    raised = results["raise1"]
    assert isinstance(raised, Failure) and "ValueError" in raised.why
    assert not raised.lasting  # it is a fault of ours, which an upgrade may mend
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
    asked = iter([True, True, True, False])
    with Workers(lambda: ThreadPoolExecutor(1)) as workers:
        done = [path for path, _ in workers.run(act, "abcdefgh", lambda: next(asked, False))]
    assert done == ["a", "b", "c"]


def test_files_travel_together_and_fewer_towards_the_end() -> None:
    sizes: list[int] = []

    class Counting(Fragile):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            sizes.append(len(args[1]) if args else 0)
            return super().submit(fn, *args, **kwargs)

    with Workers(Counting, batch=8) as workers:
        assert len(list(workers.run(act, map(str, range(100))))) == 100
    assert sizes[:3] == [0, 8, 8]
    assert sizes[-4:] == [1, 1, 1, 1]


def test_workers_that_never_answer_end_with_what_the_check_says(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Fragile):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return Future() if args else super().submit(fn, **kwargs)

    def check() -> None:
        raise LibraryError("all gone")

    monkeypatch.setattr(pool, "LOOK_EVERY", 0.01)
    with Workers(Silent, check=check) as workers, pytest.raises(LibraryError, match="all gone"):
        list(workers.run(act, ["a"]))


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


def test_a_job_that_hangs_costs_its_own_file_only_and_not_for_good(tmp_path: Path) -> None:
    paths = ["a", str(tmp_path / "wait"), "b", "crash", str(tmp_path / "busy")]
    with Workers(lambda: WorkerPool(2, limit=Seconds(0.5)), 2) as workers:
        results = dict(workers.run(act, paths))
    assert results == dict(zip(paths, ("a done", HUNG, "b done", CRASHED, "busy done"), strict=True))
    assert not HUNG.lasting


def test_a_worker_killed_from_outside_bars_no_file_for_good() -> None:
    with Workers(lambda: WorkerPool(2), 2) as workers:
        results = dict(workers.run(act, ["a", "kill", "b", "crash"]))
    assert results == {"a": "a done", "kill": KILLED, "b": "b done", "crash": CRASHED}
    assert not KILLED.lasting and CRASHED.lasting


def test_a_worker_that_gives_way_is_given_more_time() -> None:
    with Workers(lambda: WorkerPool(paced=True, limit=Seconds(0.3))) as workers:
        assert list(workers.run(act, ["slow"])) == [("slow", "slow done")]


@pytest.mark.parametrize("names", [["a"], ["cool"], ["slow"] * 16])
def test_no_worker_ends_that_rests_cools_down_or_goes_from_file_to_file(names: list[str]) -> None:
    started = []

    def make() -> WorkerPool:
        started.append(WorkerPool(limit=Seconds(0.4 if names == ["cool"] else 1.7)))
        return started[-1]

    with Workers(make, batch=4) as workers:
        for _ in range(2):
            assert [answer for _, answer in workers.run(act, names)] == [f"{name} done" for name in names]
            time.sleep(2.0)
    assert len(started) == 1


def test_a_worker_is_polite_and_single_threaded() -> None:
    with Workers(WorkerPool) as workers:
        ((_, answer),) = workers.run(describe, ["x"])
    assert isinstance(answer, tuple)
    pid, niceness, ignores_interrupt, threads, policy = answer
    assert policy == os.SCHED_OTHER
    assert pid != os.getpid()
    assert niceness == 19
    assert ignores_interrupt
    assert threads == "1"


def test_a_paced_worker_runs_only_when_nothing_else_wants_to() -> None:
    with Workers(lambda: WorkerPool(paced=True)) as workers:
        ((_, answer),) = workers.run(describe, ["x"])
    assert isinstance(answer, tuple)
    assert answer[-1] == os.SCHED_IDLE


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
