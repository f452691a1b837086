"""The private mosquitto: one per folder, on loopback, at the same port, restarted when it dies."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from adapters.mqtt.broker import PrivateBroker
from player.errors import MqttError
from player.model import Command, Verb
from tests.support.broker import PATIENCE_S, listening
from tests.support.link import TOPICS, linked

ROOT = Path(__file__).parents[2]


async def until_restarted(broker: PrivateBroker, times: int = 1) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while broker.restarts < times or not await answers(broker.port):
            await asyncio.sleep(0.01)


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def start(*argv: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], stderr=subprocess.DEVNULL)


def program(pid: int | None) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]


async def round_trip(broker: PrivateBroker) -> None:
    async with listening(broker.port, "hello") as person:
        await person.client.publish("hello", b"1", qos=1)
        assert await person.wait("hello") == 1


async def test_it_serves_and_is_gone_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    async with PrivateBroker(folder) as broker:
        await round_trip(broker)
        assert folder.stat().st_mode & 0o777 == 0o700
        pid = broker.pid
        assert pid is not None
        assert f"listener {broker.port} 127.0.0.1" in (folder / "mosquitto.conf").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_it_comes_back_at_the_same_port_when_killed(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path) as broker:
        port, pid = broker.port, broker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until_restarted(broker)
        assert (broker.port, broker.pid != pid) == (port, True)
        await round_trip(broker)


async def test_its_keeper_survives_a_fork_that_fails_and_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = asyncio.create_subprocess_exec, 0

    async def fail_once(*argv: str, **options: Any) -> asyncio.subprocess.Process:
        nonlocal failed
        if not failed:
            failed += 1
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        return await real(*argv, **options)

    async with PrivateBroker(tmp_path) as broker:
        monkeypatch.setattr(asyncio, "create_subprocess_exec", fail_once)
        monkeypatch.setattr("adapters.mqtt.broker.BACKOFF", (0.0,))
        (tmp_path / "mosquitto.pid").unlink()
        (tmp_path / "mosquitto.pid").symlink_to("/dev/full")
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await until_restarted(broker, times=2)
        await round_trip(broker)
        assert failed == 1


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_ctrl_c_is_not_for_it_but_it_goes_with_its_parent(tmp_path: Path) -> None:
    script = """if True:
        import asyncio, sys
        from pathlib import Path
        from adapters.mqtt.broker import PrivateBroker
        from adapters.system.child import saving
        async def main():
            async with PrivateBroker(Path(sys.argv[1]), saving) as broker:
                print(broker.pid, flush=True)
                await asyncio.Event().wait()
        asyncio.run(main())
    """
    argv = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert os.getpgid(pid) == pid  # a terminal's Ctrl-C goes to the parent's group
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 1.0
        while not gone(pid):
            assert time.monotonic() < deadline, "the broker must be gone within a second"
            time.sleep(0.01)


async def test_the_port_stays_over_runs_unless_it_is_taken(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path) as first:
        port = first.port
    async with PrivateBroker(tmp_path) as second:
        assert second.port == port
    thief = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    try:
        async with PrivateBroker(tmp_path) as third:
            assert third.port != port
            await round_trip(third)
    finally:
        thief.close()


async def test_a_megabyte_is_refused_at_the_door(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path) as broker, linked(broker.url) as rig:
        await rig.connected()
        with pytest.raises(aiomqtt.MqttError):
            async with listening(broker.port, "x") as person:
                await person.client.publish(
                    f"{TOPICS.root}/cmd/calm", b"{}".ljust(1_000_000), qos=1, timeout=2
                )
        async with listening(broker.port, "x") as person:
            await person.client.publish(f"{TOPICS.root}/cmd/stop", qos=1)
        await rig.until(lambda: rig.items == [Command(verb=Verb.STOP)])
        assert [connected for connected, _ in rig.changes] == [True]


async def test_a_stale_one_of_the_same_folder_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path) as broker:
        port = broker.port
    stale = start("/usr/sbin/mosquitto", "-c", str(tmp_path / "mosquitto.conf"))
    stranger = start("sleep", "60")
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await answers(port):
                await asyncio.sleep(0.01)
        (tmp_path / "mosquitto.pid").write_text(f"{stale.pid}\n")
        async with PrivateBroker(tmp_path) as broker:
            assert stale.poll() is not None
            assert broker.port == port
        (tmp_path / "mosquitto.pid").write_text(f"{stranger.pid}\n")
        async with PrivateBroker(tmp_path) as broker:
            assert stranger.poll() is None
    finally:
        for process in (stale, stranger):
            process.kill()
            process.wait()


async def test_the_prefix_of_the_parent_is_used(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path, lambda argv: ["setpriv", "--pdeathsig", "KILL", *argv]) as broker:
        assert program(broker.pid).endswith("mosquitto")  # setpriv has become mosquitto: one process, one id


async def test_without_mosquitto_it_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.mqtt.broker.shutil.which", lambda *_args, **_kwargs: None)
    with pytest.raises(MqttError, match="apt-get install mosquitto"):
        await PrivateBroker(tmp_path).__aenter__()


async def test_one_that_does_not_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.mqtt.broker.CONFIG", "no_such_option {port}{host}{folder}\n")
    with pytest.raises(MqttError, match="no_such_option"):
        await PrivateBroker(tmp_path).__aenter__()
