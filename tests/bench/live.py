"""What it costs to analyse one deck at real time, as the audio process does while it plays."""

import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from typing import TYPE_CHECKING

from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE
from tests.bench.peers import one_thread
from tests.bench.songs import recordings

if TYPE_CHECKING:
    from player.analysis.stream import StreamAnalyzer

LASTING = 600  # s of sound
MEGABYTE = 1e6


def measure() -> None:
    if not recordings():
        print("live: left out: no music: apt-get install wesnoth-music", flush=True)
        return
    one_thread()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        share = alone.submit(processor_share).result()
        held, peak, model = alone.submit(memory).result()
    print(
        f"live: to analyse one deck takes {100.0 * share:.2f} % of a core (goal 1 %); it holds {held:.1f} MB "
        f"after {LASTING} s, {peak:.1f} MB at most (goal 10 MB; the model, {model:.1f} MB, serves all decks)",
        flush=True,
    )


def processor_share() -> float:
    spent = 0.0
    analyser, blocks = _analyser(), _blocks()
    for block, report in blocks:
        begin = time.thread_time()
        _listen(analyser, block, report)
        spent += time.thread_time() - begin
    return spent / LASTING


def memory() -> tuple[float, float, float]:
    """Held at the end, and at most, without the model; the model. MB."""
    from player.analysis.affect import affect_model

    affect_model.cache_clear()
    tracemalloc.start()
    affect_model()
    model = tracemalloc.get_traced_memory()[0]
    analyser = _analyser()
    for block, report in _blocks():
        _listen(analyser, block, report)
    held, peak = (size - model for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    return held / MEGABYTE, peak / MEGABYTE, model / MEGABYTE


def _analyser() -> "StreamAnalyzer":
    from player.analysis.stream import StreamAnalyzer

    return StreamAnalyzer(SAMPLE_RATE, CHANNELS)


def _listen(analyser: "StreamAnalyzer", block: Pcm, report: bool) -> None:
    analyser.push(block)
    if report:
        analyser.snapshot()


def _blocks() -> Iterator[tuple[Pcm, bool]]:
    """`LASTING` seconds of real recordings as a deck gets them, and whether a report is due."""
    from adapters.audio.listening import REPORT_EVERY
    from adapters.decode import open_source

    heard = 0
    for path in cycle(recordings()):
        with open_source(str(path)) as source:
            while (block := source.read()) is not None:
                before, heard = heard, heard + len(block)
                every = round(REPORT_EVERY * SAMPLE_RATE)
                yield block, heard // every > before // every
                if heard >= LASTING * SAMPLE_RATE:
                    return
