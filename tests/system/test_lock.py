"""A second Lull on the same data is refused, with the process that holds it."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.system.lock import DataLock
from player.errors import AlreadyRunningError, StoreError

HOLD = """
import sys
from pathlib import Path
from adapters.system.lock import DataLock
with DataLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunningError, match=f"process {first.pid}"):
            DataLock(tmp_path)
        first.kill()
    with DataLock(tmp_path):
        assert (tmp_path / "lull.pid").read_text() == f"{os.getpid()}\n"


def test_a_full_disk_costs_only_the_process_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("adapters.system.lock.os.write", full)
    with DataLock(tmp_path), pytest.raises(AlreadyRunningError):
        DataLock(tmp_path)


def test_an_unusable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="data:"):
        DataLock(tmp_path / "file" / "data")
