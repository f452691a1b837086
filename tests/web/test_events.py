"""Open pages: whole at the start, the newest only, bounded, and let go at the end."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from adapters.web.hub import MAX_STREAMS
from player.session.messages import PlaybackState, TrackView, VolumeState
from player.units import Percent, Seconds
from tests.support.site import PATIENCE_S, Reader, Site


class Stream:
    """The events of one open page, in order."""

    def __init__(self, reader: Reader, view: str = "staff") -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=PATIENCE_S)
        cookies = "; ".join(f"{name}={value}" for name, value in reader.cookies.items())
        self._link.request("GET", f"/events/{view}", headers={"Cookie": cookies, "Accept-Language": "de"})
        self.answer = self._link.getresponse()
        self.ids: list[str] = []

    def wait(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        event = ""
        while line := self.answer.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            match field:
                case "event":
                    event = value
                case "id":
                    self.ids.append(value)
                case "data" if event == name:
                    data = json.loads(value)
                    assert isinstance(data, dict)
                    return data
        raise EOFError

    def close(self) -> None:
        self.answer.close()
        self._link.close()


@contextmanager
def stream(reader: Reader, view: str = "staff") -> Iterator[Stream]:
    opened = Stream(reader, view)
    try:
        yield opened
    finally:
        opened.close()


def playing(title: str) -> PlaybackState:
    track = TrackView(id="0" * 32, title=title, artist="", duration=Seconds(60.0))
    return PlaybackState(
        state="playing",
        track=track,
        position=Seconds(0.0),
        since=Seconds(0.0),
        reason="",
        device="",
        fault="",
    )


def test_a_stream_begins_with_everything(here: Site, reader: Reader) -> None:
    here.do(lambda: here.hub.publish(playing("Träumerei")))
    reader.get("/")
    with stream(reader) as events:
        regions = events.wait("now")
        assert set(regions) == {"banners", "now", "undo", "question", "restless", "picture", "level"}
        assert "Träumerei" in regions["now"] and "Nicht zu hören" in regions["now"]  # no frame was written
        assert events.answer.headers["content-type"].startswith("text/event-stream")
        assert events.answer.headers["cache-control"] == "no-store"
        assert events.ids[0].startswith("boot1-")


def test_only_what_changed_follows(here: Site, reader: Reader) -> None:
    reader.get("/")
    with stream(reader) as events:
        events.wait("now")
        volume = VolumeState(percent=Percent(40.0), max=Percent(70.0), level_db=-30.0)
        here.do(lambda: here.hub.publish(volume))
        changed = events.wait("now")
        assert set(changed) == {"level"}
        assert "40" in changed["level"] and "70" in changed["level"]


def test_a_slow_reader_gets_the_newest_and_holds_up_nobody(here: Site, reader: Reader) -> None:
    reader.get("/")
    with stream(reader) as slow, stream(reader) as quick:
        for number in range(1_000):
            here.do(lambda number=number: here.hub.publish(playing(f"{number:04d}" + "x" * 200)))  # type: ignore[misc]
        for events in (quick, slow):
            while "0999x" not in events.wait("now").get("now", ""):
                pass


def test_more_streams_than_there_may_be(here: Site, reader: Reader) -> None:
    reader.get("/")
    with ExitStack() as open_streams:
        for _ in range(MAX_STREAMS):
            open_streams.enter_context(stream(reader)).wait("now")
        with stream(reader) as refused:
            assert refused.answer.status == 503
            assert refused.answer.headers["retry-after"] == "10"
        assert reader.post("/press/stop").status == 303  # a button still counts
        assert [command.verb for command in here.commands] == ["stop"]
    with stream(reader) as again:
        again.wait("now")


def test_streams_are_let_go_at_the_end(here: Site, reader: Reader) -> None:
    reader.get("/")
    with stream(reader) as events:
        events.wait("now")
        here.do(here.hub.end)
        with pytest.raises(EOFError):
            events.wait("anything more")


def test_the_family_may_watch_the_bedside_only(network: Site, stranger: Reader) -> None:
    stranger.get(f"/family/{network.keys.family}")
    with stream(stranger, "bedside") as events:
        assert set(events.wait("now")) == {"bedside"}
    with stream(stranger, "staff") as refused:
        assert refused.answer.status == 404


def test_somebody_who_says_nothing_holds_up_nobody(here: Site, reader: Reader) -> None:
    with ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(socket.create_connection(("127.0.0.1", here.port)))
        assert reader.get("/").status == 200
