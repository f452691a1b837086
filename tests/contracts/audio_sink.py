"""What every `ports.AudioSink` does."""

from collections.abc import Callable

import numpy as np

from player.ports.audio import AudioSink
from player.units import CHANNELS, SAMPLE_RATE


def check_audio_sink(
    make: Callable[[], AudioSink], clock: Callable[[], float], buffer_ms: int, hidden_ms: int = 0
) -> None:
    """`buffer_ms`: what `make` was asked for; `hidden_ms`: what the driver may hold beyond it."""
    start = clock()
    with make() as sink:
        assert sink.name
        assert sink.frames_written == 0
        assert sink.underruns == 0
        written = 0
        for frames in (1, 480, 7, 4800, *(480,) * 30):
            block = np.zeros((frames, CHANNELS), np.float32)
            sink.write(block)
            written += frames
            assert sink.frames_written == written
            assert 0 <= sink.delay <= buffer_ms * SAMPLE_RATE // 1000 + 1
            played = (clock() - start) * SAMPLE_RATE
            ahead_ms = (written - played) * 1000 / SAMPLE_RATE
            assert ahead_ms <= buffer_ms + hidden_ms + 1, "write must wait for the device"
    sink.close()
    sink.close()
    assert sink.frames_written == written
