"""The device goes and comes back."""

import numpy as np
import pytest

from adapters.audio.keeper import SinkKeeper
from adapters.audio.paced import NullSink
from player.errors import OutputError
from player.model import SinkOpened
from player.ports.audio import AudioSink, Pcm
from player.units import Frames, Seconds

ONES: Pcm = np.ones((480, 2), np.float32)


class Device(NullSink):
    """Remembers what it got, and never waits."""

    def __init__(self, fail_after: int | None = None) -> None:
        super().__init__(clock=lambda: 0.0, sleep=lambda _seconds: None, fail_after=fail_after)
        self.blocks: list[Pcm] = []
        self.closed = False

    @property
    def name(self) -> str:
        return "speaker"

    @property
    def delay(self) -> Frames:
        return Frames(0)  # nothing is ever ahead

    def write(self, block: Pcm) -> None:
        super().write(block)
        self.blocks.append(block)

    def close(self) -> None:
        self.closed = True


class World:
    """Opens devices in the order given; None: there is none."""

    def __init__(self, *devices: Device | None) -> None:
        self.devices = list(devices)
        self.opened: list[SinkOpened] = []
        self.refreshed = 0

    def open(self, device: str, _buffer_ms: int) -> AudioSink:
        found = self.devices.pop(0) if self.devices else None
        if found is None:
            raise OutputError(device, "cannot be opened: connect or switch on a speaker.")
        return found

    def refresh(self) -> None:
        self.refreshed += 1

    def keeper(self, name: str = "default") -> SinkKeeper:
        keeper = SinkKeeper(
            name, 120, self.opened.append, opener=self.open, refresh=self.refresh, retry=Seconds(0.001)
        )
        keeper.begin()
        return keeper

    def write_until_back(self, keeper: SinkKeeper, reports: int) -> None:
        for _ in range(10_000):
            keeper.write(ONES)
            if len(self.opened) == reports:
                return
        pytest.fail("the device never came back")


def test_device_is_used_and_told() -> None:
    device = Device()
    world = World(device)
    keeper = world.keeper()
    keeper.write(ONES)
    assert world.opened == [SinkOpened(device="speaker")]
    assert np.array_equal(device.blocks[0], ONES), "nothing is faded when the device was there at once"


def test_without_a_device_the_null_sink_stands_in_and_says_what_to_do() -> None:
    world = World(None)
    keeper = world.keeper()
    keeper.write(ONES)
    keeper.close()
    assert world.opened[0].device == "null"
    assert "connect or switch on a speaker" in world.opened[0].fallback_reason
    assert keeper.frames_written == 480


def test_a_device_that_comes_fades_in() -> None:
    device = Device()
    world = World(None, None, None, device)
    keeper = world.keeper()
    world.write_until_back(keeper, reports=2)
    assert world.opened[-1] == SinkOpened(device="speaker")
    assert world.refreshed >= 3, "PortAudio is started anew before each look"
    for _ in range(100):
        keeper.write(ONES)
    heard = np.concatenate(device.blocks)[:, 0]
    assert heard[0] == 0.0
    assert np.diff(heard).max() < 1e-3, "no step"
    assert heard[-1] == 1.0


def test_a_device_that_goes_is_replaced_without_losing_a_frame() -> None:
    first, second = Device(fail_after=960), Device()
    world = World(first, second)
    keeper = world.keeper()
    for _ in range(3):
        keeper.write(ONES)
    assert first.closed
    assert keeper.frames_written == 3 * 480
    assert "speaker" in world.opened[1].fallback_reason
    world.write_until_back(keeper, reports=3)
    assert world.opened[2] == SinkOpened(device="speaker")


def test_a_broken_wav_file_is_not_emptied_by_a_second_try() -> None:
    world = World(None, Device())
    keeper = world.keeper("wav:/full/disk.wav")
    keeper.write(ONES)
    assert len(world.devices) == 1


def test_whatever_breaks_in_a_look_for_the_device_it_is_looked_for_again() -> None:
    """Nobody else would: the room would be silent until the process is given up."""
    device = Device()
    world = World(None, device)
    broken = iter([RuntimeError("a fault of a library"), MemoryError()])

    def refresh() -> None:
        if (error := next(broken, None)) is not None:
            raise error

    keeper = SinkKeeper(
        "default", 120, world.opened.append, opener=world.open, refresh=refresh, retry=Seconds(0.001)
    )
    keeper.begin()
    for _ in range(10_000):
        if world.opened[-1] == SinkOpened(device="speaker"):  # it may have come before `begin` looked
            break
        keeper.write(ONES)
    assert world.opened[-1] == SinkOpened(device="speaker")
    assert next(broken, None) is None
