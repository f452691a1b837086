"""The device breaks at its Nth write, or cannot be opened N times: the programme goes on, frame by frame."""

import numpy as np
import pytest

from adapters.audio.keeper import ENTRANCE, SinkKeeper
from adapters.audio.paced import NullSink
from player.errors import OutputError
from player.model import SinkOpened
from player.ports.audio import AudioSink, Pcm
from player.units import SAMPLE_RATE, Frames, Seconds
from tests.contracts.audio_sink import check_audio_sink

BLOCK = 480
WRITES = 40
STEP = 1.01 / (ENTRANCE * SAMPLE_RATE)  # of a fade-in, per frame


class Breaking(NullSink):
    """Takes what it gets at once; its write number `last` fails, as do all after it."""

    def __init__(self, last: int | None = None) -> None:
        super().__init__(clock=lambda: 0.0, sleep=lambda _s: None)
        self.blocks: list[Pcm] = []
        self._last = last

    @property
    def delay(self) -> Frames:
        return Frames(0)

    def write(self, block: Pcm) -> None:
        if self._last is not None and len(self.blocks) >= self._last:
            raise OutputError("speaker", "has gone.")
        super().write(block)
        self.blocks.append(block)


class Devices:
    """Opens the given devices in turn; an OutputError is raised instead."""

    def __init__(self, *devices: Breaking | OutputError) -> None:
        self._devices = list(devices)
        self.told: list[SinkOpened] = []

    def open(self, _device: str, _buffer_ms: int) -> AudioSink:
        found = self._devices.pop(0)
        if isinstance(found, OutputError):
            raise found
        return found

    def keeper(self) -> SinkKeeper:
        keeper = SinkKeeper(
            "speaker", 100, self.told.append, opener=self.open, refresh=lambda: None, retry=Seconds(0.0)
        )
        keeper.begin()
        return keeper


def ones(frames: int = BLOCK) -> Pcm:
    return np.ones((frames, 2), np.float32)


@pytest.mark.parametrize("last", range(WRITES))
def test_a_device_that_breaks_at_write_n_loses_no_frame_and_the_next_one_fades_in(last: int) -> None:
    broken, whole = Breaking(last), Breaking()
    devices = Devices(broken, whole)
    keeper = devices.keeper()
    written = 0
    while written < WRITES or not whole.blocks:
        keeper.write(ones())
        written += 1
        assert keeper.frames_written == written * BLOCK, "every frame is counted once"
        assert written < 100_000
    assert len(broken.blocks) == last
    heard = np.concatenate(whole.blocks)[:, 0]
    assert heard[0] == 0.0
    assert np.diff(heard).max(initial=0.0) <= STEP, "never a step"
    assert [bool(t.fallback_reason) for t in devices.told] == [False, True, False]


@pytest.mark.parametrize("refusals", range(12))
def test_a_device_that_cannot_be_opened_n_times_comes_in_the_end(refusals: int) -> None:
    whole = Breaking()
    devices = Devices(*(OutputError("speaker", f"is busy ({n}).") for n in range(refusals)), whole)
    keeper = devices.keeper()
    written = 0
    while not whole.blocks:
        keeper.write(ones())
        written += 1
        assert written < 100_000
    assert keeper.frames_written == written * BLOCK
    assert devices.told[-1] == SinkOpened(device="null")  # the name of our device


class Virtual:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def sink(self) -> NullSink:
        return NullSink(100, clock=lambda: self.now, sleep=self.sleep)


def test_what_stands_in_keeps_the_contract_of_a_sink() -> None:
    virtual = Virtual()
    check_audio_sink(virtual.sink, lambda: virtual.now, 100)
