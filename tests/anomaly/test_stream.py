"""The network breaks at its Nth step, in every way a socket can: a file is whole, a station returns."""

import errno
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.decode import http, open_source
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Seconds
from tests.contracts.audio_source import check_audio_source, check_bad_source, read_all
from tests.support.badweb import BadWeb, Page, bad_web
from tests.support.encode import encode
from tests.support.wav import write_wav

NOISE: Pcm = np.random.default_rng(3).normal(0.0, 0.1, (2 * SAMPLE_RATE, 2)).astype(np.float32)
WAYS = ("reset", "closed", "late")
RECEIPT = 4096  # bytes, at most: a step
FIRST_ANSWER = 3  # steps: connecting, asking, receiving the headers. Here it is the session that tries again.


class Network:
    """Sockets whose steps are counted: connecting, sending, each receipt. From `first` on `times` fail."""

    def __init__(self) -> None:
        self.steps = 0
        self.first, self.times, self.way = -1, 0, "reset"
        self._connect = socket.create_connection

    def break_at(self, step: int, way: str, times: int = 1) -> None:
        self.steps, self.first, self.way, self.times = 0, step, way, times

    @property
    def struck(self) -> bool:
        return self.steps > self.first

    def create_connection(self, address: tuple[str, int], timeout: float) -> "Line":
        if self.step():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return Line(self, self._connect(address, timeout=timeout))

    def step(self) -> bool:
        """True: the other side has closed. Raises `OSError`."""
        number, self.steps = self.steps, self.steps + 1
        if not self.first <= number < self.first + self.times:
            return False
        if self.way == "late":
            raise TimeoutError("timed out")
        if self.way == "reset":
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return True


class Line:
    """A connected socket of such a network."""

    def __init__(self, network: Network, line: socket.socket) -> None:
        self._network, self._line = network, line
        self._closed = False

    def sendall(self, data: bytes) -> None:
        if self._network.step():
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        self._line.sendall(data)

    def recv_into(self, buffer: Any) -> int:
        self._closed = self._closed or self._network.step()
        return 0 if self._closed else self._line.recv_into(memoryview(buffer)[:RECEIPT])

    def settimeout(self, seconds: float) -> None:
        self._line.settimeout(seconds)

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr("adapters.decode.http.socket.create_connection", network.create_connection)
    monkeypatch.setattr(http, "BACKOFF", (0.0,))
    monkeypatch.setattr(http, "GIVE_UP", Seconds(1.0))
    return network


@pytest.fixture
def web() -> Iterator[BadWeb]:
    with bad_web() as web:
        yield web


@pytest.fixture
def flac(tmp_path: Path) -> bytes:
    return encode(tmp_path / "noise.flac", NOISE, "flac").read_bytes()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_whole_wherever_its_connection_broke(
    network: Network, web: BadWeb, flac: bytes, way: str, ranges: bool
) -> None:
    web.pages["noise.flac"] = Page(flac, ranges=ranges)
    for step in itertools.count():
        network.break_at(step, way)
        if step < FIRST_ANSWER:
            check_bad_source(lambda: open_source(web.url("noise.flac")))
            continue
        try:
            with open_source(web.url("noise.flac")) as source:
                whole = read_all(source)
        except DecodeError as error:
            pytest.fail(f"step {step}: {error.problem}")
        assert len(whole) == len(NOISE) and np.abs(whole - NOISE).max() < 1e-3, f"step {step}"
        if not network.struck:
            assert step > 30
            return


@pytest.mark.parametrize("step", [5, 11, 17])
def test_a_source_that_was_broken_keeps_the_contract(
    network: Network, web: BadWeb, flac: bytes, step: int
) -> None:
    web.pages["noise.flac"] = Page(flac)

    def broken() -> Any:
        network.break_at(step, "reset")
        return open_source(web.url("noise.flac"))

    check_audio_source(broken, NOISE)


def test_a_network_that_stays_away_ends_in_one_sentence_after_what_came(
    network: Network, web: BadWeb, flac: bytes
) -> None:
    web.pages["noise.flac"] = Page(flac)
    for step in (0, 1, 2, 9, 20):
        network.break_at(step, "reset", times=10**9)
        check_bad_source(lambda: open_source(web.url("noise.flac")))


@pytest.mark.parametrize("way", WAYS)
def test_a_station_goes_on_wherever_its_connection_broke(
    network: Network, web: BadWeb, tmp_path: Path, way: str
) -> None:
    """It goes on where the station is then: a piece of sound may be missing, never the rest."""
    song = write_wav(tmp_path / "song.wav", NOISE).read_bytes()
    web.pages["radio"] = Page(song[44:], "audio/L16;rate=48000;channels=2", live=True)
    for step in range(FIRST_ANSWER, 30):
        network.break_at(step, way)
        with http.HttpFile(web.url("radio")) as file:
            heard = 0
            while heard < 30 * RECEIPT:
                data = file.read(16_384)
                assert data, f"step {step}: a station has no end"
                heard += len(data)
        assert network.struck
        assert file.connections == (1 if way == "late" else 2)
