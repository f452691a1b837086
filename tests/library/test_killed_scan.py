"""`lull scan` killed, interrupted and repeated: what was kept stays, the rest is done, nothing twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.music import music

ROOT = Path(__file__).parents[2]
FILES = 16
PATIENCE_S = 60.0


def command(tmp_path: Path, *more: str) -> "subprocess.Popen[str]":
    config = tmp_path / "lull.yaml"
    (tmp_path / "resident.yaml").write_text("id: demo\n")
    config.write_text("resident: resident.yaml\ndata: data\n")
    argv = [sys.executable, "-m", "adapters.cli", "scan", str(tmp_path / "music"), "--json"]
    argv += ["--config", str(config), "--workers", "1", *more]
    # a group of its own, so that Ctrl-C reaches its workers as well, as from a terminal
    return subprocess.Popen(
        argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def analysed(tmp_path: Path) -> int:
    try:
        with sqlite3.connect(f"file:{tmp_path}/data/catalogue.db?mode=ro", uri=True) as store:
            count = int(store.execute("SELECT count(*) FROM features").fetchone()[0])
        store.close()
    except sqlite3.OperationalError:
        return 0
    return count


def wait_for_some(tmp_path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while analysed(tmp_path) < 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_and_repeated(tmp_path: Path, how: signal.Signals) -> None:
    for number in range(FILES):
        music(tmp_path / "music" / f"{number}.flac", number, seconds=20.0)
    with command(tmp_path) as first:
        wait_for_some(tmp_path)
        os.killpg(first.pid, how) if how is signal.SIGINT else first.send_signal(how)
        out, err = first.communicate(timeout=PATIENCE_S)
    kept = analysed(tmp_path)
    assert kept >= 1
    if how is not signal.SIGKILL:
        assert first.returncode == (143 if how is signal.SIGTERM else 1)
        assert json.loads(out)["tracks"] == kept
        assert err.splitlines()[-1].startswith("lull: Stopped: what was analysed is kept")
        assert "Traceback" not in err
    with command(tmp_path) as second:
        out, err = second.communicate(timeout=PATIENCE_S)
    answer = json.loads(out)
    assert (answer["tracks"], answer["skipped"], answer["failed"]) == (FILES - kept, kept, [])
    assert analysed(tmp_path) == FILES


def started_workers(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return sum(b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


@pytest.mark.parametrize("again", [False, True])
def test_interrupted_while_the_workers_start_or_twice_in_a_row(tmp_path: Path, *, again: bool) -> None:
    music(tmp_path / "music" / "a.flac", 1, seconds=20.0)
    with command(tmp_path) as scan:
        deadline = time.monotonic() + PATIENCE_S
        while not started_workers(scan.pid):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.killpg(scan.pid, signal.SIGINT)
        if again:
            time.sleep(0.01)
            os.killpg(scan.pid, signal.SIGINT)
        out, err = scan.communicate(timeout=PATIENCE_S)
    assert scan.returncode == 1
    assert json.loads(out)["tracks"] == 0
    assert err.splitlines() == [
        "lull: Stopped: what was analysed is kept; the same command goes on from there."
    ]
