"""The whole service on a bad wire: killed among feedback, brokers that stand still, are slow, or replay."""

import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.store.journal import SqliteJournal
from adapters.store.memory import remembered
from player.session.messages import Memory
from tests.e2e.test_killed import wait_until
from tests.e2e.test_swap import ROOT
from tests.support.broker import running_broker
from tests.support.lull import lull, person

pytestmark = pytest.mark.usefixtures("music")


@pytest.fixture
def silent(settings: dict[str, Any]) -> dict[str, Any]:
    settings["audio"] = {"device": "null"}
    return settings


def stored_feedback(settings: dict[str, Any]) -> list[str]:
    """Ids in the order in which they were stored; the service may be writing."""
    with closing(sqlite3.connect(f"file:{settings['data']}/journal.db?mode=ro", uri=True)) as reader:
        rows = reader.execute("SELECT feedback_id FROM entries WHERE feedback_id IS NOT NULL ORDER BY id")
        return [row[0] for row in rows]


def memory_of(settings: dict[str, Any]) -> Memory:
    journal = SqliteJournal(Path(settings["data"]) / "journal.db", resident="heron")
    try:
        memory, problem = remembered(journal)
    finally:
        journal.close()
    assert not problem
    return memory


def test_the_brain_is_killed_at_the_tenth_of_a_hundred_judgements(
    silent: dict[str, Any], tmp_path: Path
) -> None:
    sent = [f"f{n}" for n in range(100)]
    with running_broker() as broker:
        silent["mqtt"] = {"url": broker.url}
        with lull(silent, tmp_path) as running, person(broker.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing")
            for name in sent:
                staff.publish("feedback", {"id": name, "rating": 1})
            wait_until(lambda: len(stored_feedback(silent)) >= 10, 20.0)
            running.kill()
            first = stored_feedback(silent)
            assert 10 <= len(first) <= 100
            running.restart()
            wait_until(lambda: set(stored_feedback(silent)) >= set(sent), 30.0)
    ids, memory = stored_feedback(silent), memory_of(silent)
    assert sorted(ids) == sorted(sent), "each is stored once"
    assert sorted(memory.feedback) == sorted(sent)
    assert sum(memory.likes.values()) <= len(sent), "none counts twice"


def test_a_broker_that_stands_still_does_not_stop_the_music(silent: dict[str, Any], tmp_path: Path) -> None:
    """Shorter than in life: what the service does is decided within the keep-alive of 15 s."""
    with running_broker() as broker:
        silent["mqtt"] = {"url": broker.url}
        with lull(silent, tmp_path) as running, person(broker.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing")
            audio = running.children()["audio"]
            os.kill(broker.process.pid, signal.SIGSTOP)
            try:
                running.wait_line(r"broker: .*away", timeout=60.0)
                assert running.children()["audio"] == audio and running.process.poll() is None
            finally:
                again = time.monotonic()
                os.kill(broker.process.pid, signal.SIGCONT)
            staff.wait("availability", lambda said: said == "offline", since=again, timeout=60.0)
            staff.wait("availability", lambda said: said == "online", since=again, timeout=60.0)
            staff.publish("cmd/stop")
            staff.wait("state/playback", lambda s: s["state"] == "held", since=again)


@contextmanager
def slow_proxy(port: int, bytes_per_second: float) -> Iterator[int]:
    """A port in front of the broker that lets a trickle through."""
    door = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while not ending.is_set() and (data := source.recv(64)):
                ending.wait(len(data) / bytes_per_second)
                target.sendall(data)
        except OSError:
            return  # one of the two has gone: so has the other
        finally:
            for end in (source, target):
                end.close()

    def serve() -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(door.getsockname()[1])
    finally:
        ending.set()
        door.close()


def test_a_slow_connection_delays_messages_and_nothing_else(silent: dict[str, Any], tmp_path: Path) -> None:
    with running_broker() as broker, slow_proxy(broker.port, 4_000.0) as port:
        silent["mqtt"] = {"url": f"mqtt://127.0.0.1:{port}"}
        with lull(silent, tmp_path), person(broker.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing", timeout=60.0)
            staff.publish("cmd/stop", {"id": "s"})
            assert staff.wait("cmd_result", lambda r: r["id"] == "s", timeout=60.0)["ok"]
            assert staff.wait("status", timeout=60.0)["underruns"] == 0


def test_a_stored_command_never_acts_whatever_brings_it(silent: dict[str, Any], tmp_path: Path) -> None:
    """At the start, after a restart of the broker, and when a second client of our name appears."""
    with running_broker() as broker:
        silent["mqtt"] = {"url": broker.url}
        with person(broker.port, ROOT) as staff:
            staff.publish("cmd/stop", {"id": "old-stop"}, retain=True)
            staff.publish("cmd/next", {"id": "old-next"}, retain=True)
            with lull(silent, tmp_path):
                staff.wait("state/playback", lambda s: s["state"] == "playing")
                assert staff.wait("cmd_result", lambda r: r["id"] == "old-next")["reason"] == "retained"
        broker.kill()
        broker.restart()
        with lull(silent, tmp_path) as running, person(broker.port, ROOT) as staff:
            staff.wait("state/playback", lambda s: s["state"] == "playing")
            running.wait_line("broker: ")
            take_over(broker.port, "lull-home1-room7")
            again = time.monotonic()
            staff.wait("availability", lambda said: said == "online", since=again)
            staff.publish("cmd/volume", {"id": "v", "args": {"value": 40}})
            staff.wait("cmd_result", lambda r: r["id"] == "v")
            results = [m for _, topic, m in staff.seen if topic == "cmd_result" and b"old-" in m]
            assert results and all(b'"ok":false' in result for result in results)
            staff.wait("state/playback", lambda s: s["state"] == "playing", since=again)
            assert not [m for _, topic, m in staff.seen if topic == "state/playback" and b'"held"' in m]


def take_over(port: int, client_id: str) -> None:
    """Connect under the player's own name and leave: the broker drops the player."""
    name = client_id.encode()
    with socket.create_connection(("127.0.0.1", port)) as other:
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
        other.sendall(b"\x10" + bytes([len(body)]) + body)
        assert other.recv(4)[:1] == b"\x20"
