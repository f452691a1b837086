"""The disk: full, read-only, cut off."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.row import fault
from tests.faults.stage import Act, Stage
from tests.support.disk import fill

SIZE = "12m"


@contextmanager
def small_disk(stage: Stage) -> Iterator[None]:
    """The data folder on a file system of its own. Needs root."""
    stage.data.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "lull-faults", str(stage.data))
    try:
        yield
    finally:
        stage.keep_journal()
        _run("umount", "--lazy", str(stage.data))


@contextmanager
def full_disk(stage: Stage) -> Iterator[None]:
    with small_disk(stage):
        fill(stage.data)
        yield


@fault("disk full while playing", around=small_disk, after_s=10.0)
def disk_full(stage: Stage) -> Act:
    began = time.monotonic()
    fill(stage.data)
    return Act(began=began)


@fault("disk full, then room again", around=small_disk, note="what waited is stored")
def disk_full_for_a_while(stage: Stage) -> Act:
    began = time.monotonic()
    fill(stage.data)
    time.sleep(5.0)
    (stage.data / "filler").unlink()
    return Act(began=began)


@fault("disk full at the start", around=full_disk, acknowledges=False, note="music without a journal")
def disk_full_at_start(_stage: Stage) -> Act:
    return Act(began=time.monotonic())


@contextmanager
def read_only_disk(stage: Stage) -> Iterator[None]:
    with small_disk(stage):
        _run("mount", "-o", "remount,ro", str(stage.data))
        yield


@fault(
    "data folder read-only at the start",
    around=read_only_disk,
    acknowledges=False,
    note="nothing is acknowledged",
)
def read_only(_stage: Stage) -> Act:
    return Act(began=time.monotonic())


@fault("brain killed on a full disk", around=small_disk, note="a restart without room")
def killed_when_full(stage: Stage) -> Act:
    fill(stage.data)
    began = time.monotonic()
    stage.lull.process.kill()
    return Act(began=began)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)
