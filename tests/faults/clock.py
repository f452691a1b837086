"""The wall clock of Lull steps while music plays; the machine's own clock stays as it is."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.row import fault
from tests.faults.stage import Act, Stage

SOURCE = Path(__file__).with_name("clock.c")
HOUR = 3600
YEAR = 365 * 24 * HOUR


@contextmanager
def own_clock(stage: Stage) -> Iterator[None]:
    """A library before libc's, whose wall clock a row may change. Needs a C compiler."""
    library, offset = stage.folder / "clock.so", stage.folder / "offset"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
    offset.write_text("0")
    stage.env |= {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(offset)}
    yield


def _step(stage: Stage, seconds: int) -> Act:
    began = time.monotonic()
    (stage.folder / "offset").write_text(str(seconds))
    return Act(began=began)


@fault("clock steps 1 h forward", around=own_clock)
def forward(stage: Stage) -> Act:
    return _step(stage, HOUR)


@fault("clock steps 10 years back", around=own_clock, note="no clock at boot, set wrong later")
def back(stage: Stage) -> Act:
    return _step(stage, -10 * YEAR)
