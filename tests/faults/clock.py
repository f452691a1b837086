"""The wall clock steps while music plays (libfaketime; the monotonic clock stays as it is)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.row import fault
from tests.faults.stage import Act, Stage

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@contextmanager
def fake_clock(stage: Stage) -> Iterator[None]:
    """The time is read from a file, which a row may change. Needs Debian's `libfaketime`."""
    if LIBRARY is None:
        raise FileNotFoundError("libfaketime is not here: apt-get install faketime")
    offset = stage.folder / "faketime"
    offset.write_text("+0")
    stage.env |= {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }
    yield


def _step(stage: Stage, offset: str) -> Act:
    began = time.monotonic()
    (stage.folder / "faketime").write_text(offset)
    return Act(began=began)


@fault("clock steps 1 h forward", around=fake_clock)
def forward(stage: Stage) -> Act:
    return _step(stage, "+3600")


@fault("clock steps 10 years back", around=fake_clock, note="no clock at boot, set wrong later")
def back(stage: Stage) -> Act:
    return _step(stage, "-3652d")
