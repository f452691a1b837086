"""A real `lull run` in a process of its own, and a person with an MQTT client beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 30.0  # a real system that has not answered by then is broken
END_S = 10.0  # after SIGTERM
PRESENT = Path("/proc")


class Lull:
    """`log` holds the lines of standard error."""

    def __init__(self, settings: dict[str, Any], folder: Path, env: dict[str, str] | None = None) -> None:
        self.config = folder / "lull.yaml"
        self.config.write_text(yaml.safe_dump(settings))
        self.env = {**(env or os.environ), "PYTHONFAULTHANDLER": "1"}
        self.log: list[str] = []
        self._grown = threading.Condition()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-m", "adapters.cli", "run", "--quiet", "--config", str(self.config)]
        process = subprocess.Popen(argv, env=self.env, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self._pump, args=(process,), daemon=True).start()
        return process

    def _pump(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                with self._grown:
                    self.log.append(line.rstrip())
                    self._grown.notify_all()

    def restart(self) -> None:
        self.log.clear()
        self.process = self._start()

    def wait_line(self, pattern: str, timeout: float = PATIENCE_S) -> re.Match[str]:
        """The first line of the log that matches. Raises `TimeoutError` with the log."""

        def found() -> re.Match[str] | None:
            return next((m for line in self.log if (m := re.search(pattern, line))), None)

        with self._grown:
            match = self._grown.wait_for(found, timeout)
        if not match:
            raise TimeoutError(f"no line {pattern!r} in:\n" + "\n".join(self.log[-40:]))
        return match

    @property
    def port(self) -> int:
        """Of the private broker."""
        return int(self.wait_line(r"broker: .*127\.0\.0\.1:(\d+)")[1])

    def children(self) -> dict[str, int]:
        """Process ids below `lull run`: "audio" and "mosquitto"."""
        named: dict[str, int] = {}
        for process in PRESENT.glob("[0-9]*"):
            try:
                status = (process / "stat").read_text()
                argv = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # ended while we looked
            if int(status.rsplit(") ", 1)[1].split()[1]) != self.process.pid:
                continue
            line = b" ".join(argv).decode()
            if "adapters.audio.child" in line:
                named["audio"] = int(process.name)
            elif "mosquitto" in line:
                named["mosquitto"] = int(process.name)
        return named

    def end(self) -> int:
        """As systemd would: SIGTERM, then wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=END_S)
        except subprocess.TimeoutExpired as error:
            self.process.send_signal(signal.SIGABRT)  # faulthandler tells where every thread stands
            self.process.wait(timeout=PATIENCE_S)
            raise TimeoutError("lull did not end:\n" + "\n".join(self.log[-80:])) from error

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE_S)


class Person:
    """Publishes below `root`, and keeps everything that is published there with its arrival time."""

    def __init__(self, port: int, root: str, below: str = "#") -> None:
        self.root = root
        self.seen: list[tuple[float, str, bytes]] = []
        self._grown = threading.Condition()
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(f"{root}/{below}", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._ready.wait(PATIENCE_S):
            raise TimeoutError("the broker did not take the subscription")

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self._grown:
            self.seen.append((time.monotonic(), message.topic[len(self.root) + 1 :], bytes(message.payload)))
            self._grown.notify_all()

    def publish(self, topic: str, payload: object = None, *, qos: int = 1, retain: bool = False) -> float:
        """When it was handed to the client, monotonic. bytes and str go as they are, else JSON."""
        data = payload if isinstance(payload, bytes | str | None) else json.dumps(payload)
        at = time.monotonic()
        self._client.publish(f"{self.root}/{topic}", data, qos=qos, retain=retain)
        return at

    def wait(
        self,
        topic: str,
        wanted: Callable[[Any], bool] = lambda _: True,
        *,
        since: float = 0.0,
        timeout: float = PATIENCE_S,
    ) -> Any:
        """The first message on `topic` (JSON decoded) that is wanted and came after `since`."""

        def found() -> list[Any]:
            for at, seen, payload in self.seen:
                if seen == topic and at >= since:
                    value = _decoded(payload)
                    if wanted(value):
                        return [value]
            return []

        with self._grown:
            match = self._grown.wait_for(found, timeout)
        if not match:
            newest = [f"{t}: {p[:200]!r}" for _, t, p in self.seen[-12:]]
            raise TimeoutError(f"nothing wanted on {topic}; newest:\n" + "\n".join(newest))
        return match[0]

    def newest(self, topic: str) -> Any:
        """The last message on `topic`. Raises `LookupError` before the first."""
        with self._grown:
            payloads = [payload for _, seen, payload in self.seen if seen == topic]
        return _decoded(payloads[-1])

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _decoded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode()


@contextmanager
def lull(settings: dict[str, Any], folder: Path, env: dict[str, str] | None = None) -> Iterator[Lull]:
    """Runs until the block ends; whatever is left is killed."""
    running = Lull(settings, folder, env)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def person(port: int, root: str, below: str = "#") -> Iterator[Person]:
    somebody = Person(port, root, below)
    try:
        yield somebody
    finally:
        somebody.leave()
