"""One paced thread analyses what all decks decode, ahead of the ear."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from adapters.audio.decoder import Decoder
from adapters.audio.lookout import Lookout
from adapters.decode.web import shown
from player.model import Ahead, Listened
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Seconds, frames_to_seconds

if TYPE_CHECKING:
    from player.analysis.stream import StreamAnalyzer

log = logging.getLogger(__name__)

# Tuning constants.
QUEUE_BLOCKS: Final = 128  # about 22 s; a full queue holds the decoder back, never the render thread
PATIENCE: Final = Seconds(2.0)  # longest time that it is held back: the ring holds more than that
REST: Final = 1.0  # pause after each block, in times of the work that it took: at most half a core
REPORT_EVERY: Final = Seconds(5.0)
POLL: Final = Seconds(0.2)  # how soon a decoder that is held back sees that it was cancelled


def _stream_analyzer() -> "StreamAnalyzer":
    from player.analysis.stream import (
        StreamAnalyzer,  # aubio: loaded by the child's warm-up, not by the brain
    )

    return StreamAnalyzer(SAMPLE_RATE, CHANNELS)


class Analysis:
    """`report` gets `Listened`, and of a station what lies ahead.

    Analysis is optional, the music is not: one that fails or stands still is given up for its track.
    """

    def __init__(
        self,
        report: Callable[[Listened | Ahead], None],
        analyzer: "Callable[[], StreamAnalyzer]" = _stream_analyzer,
    ) -> None:
        self._report, self._analyzer = report, analyzer
        self._queue: queue.Queue[tuple[Decoder, Pcm | None]] = queue.Queue(QUEUE_BLOCKS)
        self._jobs: dict[Decoder, _Job] = {}

    def push(self, decoder: Decoder, block: Pcm | None) -> None:
        """On the decoder's thread; None: the source has ended. Waits `PATIENCE` at most, once."""
        deadline = time.monotonic() + PATIENCE
        while decoder.analysed and not decoder.cancelled.is_set():
            try:
                self._queue.put((decoder, block), timeout=POLL)
            except queue.Full:
                if time.monotonic() > deadline:  # with a hole, what was heard is no longer the track
                    decoder.analysed = False
                    log.warning("%s: not analysed: the analysis is too slow", shown(decoder.load.uri))
                continue
            return

    def run(self) -> None:
        """For ever, on a thread of its own."""
        while True:
            decoder, block = self._queue.get()
            begin = time.monotonic()
            self._drop_ended()
            if _wanted(decoder):
                try:
                    self._analyse(decoder, block, begin)
                except Exception:  # a thread's boundary: the other deck is still to be heard
                    decoder.analysed = False
                    log.exception("%s: not analysed", shown(decoder.load.uri))
            time.sleep(REST * (time.monotonic() - begin))

    def start(self) -> None:
        threading.Thread(target=self.run, name="analysis", daemon=True).start()

    def _drop_ended(self) -> None:
        for decoder in [each for each in self._jobs if not _wanted(each)]:
            del self._jobs[decoder]

    def _analyse(self, decoder: Decoder, block: Pcm | None, now: float) -> None:
        job = self._jobs.get(decoder)
        if job is None:
            job = self._jobs[decoder] = _Job(self._analyzer(), now)
            if decoder.load.live:
                job.lookout = Lookout(decoder.load.deck, decoder.load.track_id, self._report)
        if block is None:
            complete = decoder.from_start
            features = job.analyzer.finish(part=not complete)
            del self._jobs[decoder]
        else:
            job.analyzer.push(block)
            if job.lookout is not None:
                job.lookout.push(block, job.analyzer, frames_to_seconds(decoder.ring.level))
            if now - job.reported < REPORT_EVERY:
                return
            features, complete = job.analyzer.snapshot(), False
            job.reported = now
        load = decoder.load
        self._report(Listened(deck=load.deck, track_id=load.track_id, features=features, complete=complete))


def _wanted(decoder: Decoder) -> bool:
    return decoder.analysed and not decoder.cancelled.is_set()


class _Job:
    def __init__(self, analyzer: "StreamAnalyzer", now: float) -> None:
        self.analyzer = analyzer
        self.lookout: Lookout | None = None  # of a station
        self.reported = now
