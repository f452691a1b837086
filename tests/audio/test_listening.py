"""Analysis beside the music: it may fail or stand still, the music may not."""

import logging
import threading
from collections.abc import Callable

import numpy as np
import pytest

from adapters.audio import listening
from adapters.audio.decoder import Decoder, Listener
from adapters.audio.listening import QUEUE_BLOCKS, Analysis
from player.analysis.stream import StreamAnalyzer
from player.model import Ahead, Listened, Load, TrackId
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Seconds

BLOCK: Pcm = np.zeros((SAMPLE_RATE // 10, 2), np.float32)


class BrokenAnalyzer(StreamAnalyzer):
    def push(self, _block: Pcm) -> None:
        raise ZeroDivisionError("injected")


def decoder(deck: int) -> Decoder:
    def nothing(*_arguments: object) -> None:
        pass

    load = Load(deck=deck, track_id=TrackId(f"t{deck}"), uri=f"/{deck}.wav", start=Seconds(0.0), gain=None)
    return Decoder(load, Listener(nothing, nothing, nothing, nothing))


def within(seconds: float, work: Callable[[], None]) -> None:
    """Fails when `work` blocks, instead of waiting with it."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive()


def test_an_analyser_that_fails_costs_its_own_track_only(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Listened] = []
    told = threading.Event()

    def report(listened: Listened | Ahead) -> None:
        assert isinstance(listened, Listened)
        heard.append(listened)
        told.set()

    analyzers = [BrokenAnalyzer(SAMPLE_RATE), StreamAnalyzer(SAMPLE_RATE)]
    analysis = Analysis(report, lambda: analyzers.pop(0))
    analysis.start()
    broken, whole = decoder(0), decoder(1)

    def play() -> None:
        for _ in range(3 * QUEUE_BLOCKS):
            analysis.push(broken, BLOCK)
        for block in (BLOCK, None):
            analysis.push(whole, block)

    with caplog.at_level(logging.WARNING):
        within(20.0, play)
        assert told.wait(20.0)
    assert [(each.track_id, each.complete) for each in heard] == [("t1", True)]
    assert [record.getMessage() for record in caplog.records] == ["/0.wav: not analysed"]


def test_an_analysis_that_stands_still_is_given_up_for_a_decoder(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listening, "PATIENCE", 0.05)
    monkeypatch.setattr(listening, "POLL", 0.01)
    analysis = Analysis(lambda _: None)  # its thread is never started
    playing = decoder(0)

    def play() -> None:
        for _ in range(1_000 * QUEUE_BLOCKS):
            analysis.push(playing, BLOCK)

    within(10.0, play)
    assert not playing.analysed
    assert len(caplog.records) == 1
