"""A Dask scheduler with workers that are real processes of this machine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class DaskCluster:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder, self._file = folder, folder / "scheduler.json"
        arguments = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self._file)
        self.scheduler = self._start("distributed.cli.dask_scheduler", *arguments)
        deadline = time.monotonic() + PATIENCE_S
        while not (self._file.exists() and self._file.read_text().endswith("}")):
            if time.monotonic() > deadline or self.scheduler.poll() is not None:
                raise TimeoutError("the Dask scheduler did not start")
            time.sleep(0.05)
        self.address: str = json.loads(self._file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        number = len(self.workers)
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        place = ("--local-directory", self._folder / f"worker{number}")
        self.workers.append(self._start("distributed.cli.dask_worker", self.address, *arguments, *place))

    def _start(self, module: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        argv = [sys.executable, "-m", module, *map(str, arguments)]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    cluster = DaskCluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.end()
