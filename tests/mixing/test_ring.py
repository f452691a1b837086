import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.errors import MixingError
from player.mixing.ring import Ring
from player.ports.audio import Pcm
from player.units import Frames
from tests.support.decks import constant


def ramp(start: int, frames: int) -> Pcm:
    """Left: the frame number modulo 2^20, right: its negative; exact in float32."""
    left = (np.arange(start, start + frames) % 2**20).astype(np.float32)
    return np.stack((left, -left), axis=1)


@given(
    capacity=st.integers(1, 50),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 70)), max_size=60),
)
@settings(deadline=None)
def test_a_ring_gives_back_what_it_took_in_order(capacity: int, steps: list[tuple[bool, int]]) -> None:
    ring = Ring(Frames(capacity))
    written = consumed = 0
    for write, frames in steps:
        if write:
            taken = ring.write(ramp(written, frames))
            assert taken == min(frames, capacity - (written - consumed))
            written += taken
        else:
            block = ring.read(frames)
            assert len(block) == min(frames, written - consumed)
            np.testing.assert_array_equal(block, ramp(consumed, len(block)))
            consumed += len(block)
        assert ring.level == written - consumed
        assert ring.space == capacity - ring.level


def test_a_read_block_is_a_copy() -> None:
    ring = Ring(Frames(4))
    ring.write(constant(4, 1.0))
    block = ring.read(4)
    ring.write(constant(4, 2.0))
    np.testing.assert_array_equal(block, constant(4, 1.0))


def test_the_end_is_drained_only_after_the_last_frame() -> None:
    ring = Ring(Frames(4))
    ring.write(constant(3, 1.0))
    assert not ring.ended
    ring.end()
    assert ring.ended and not ring.drained
    ring.read(3)
    assert ring.drained
    with pytest.raises(MixingError):
        ring.write(constant(1, 1.0))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 6)])
def test_only_stereo_is_taken(shape: tuple[int, ...]) -> None:
    ring = Ring(Frames(4))
    with pytest.raises(MixingError):
        ring.write(np.zeros(shape, np.float32))
    assert ring.level == 0


def test_a_ring_has_room() -> None:
    with pytest.raises(MixingError):
        Ring(Frames(0))


@pytest.fixture
def eager_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_switching")
def test_two_threads_lose_and_tear_nothing() -> None:
    total = 100_000
    ring = Ring(Frames(1009))  # prime: every wrap is at another place

    def produce() -> None:
        sizes = np.random.default_rng(1).integers(1, 700, size=total)
        written = 0
        for size in sizes:
            block = ramp(written, min(int(size), total - written))
            written += ring.write(block)
            if written == total:
                break
        ring.end()

    producer = threading.Thread(target=produce)
    producer.start()
    sizes = iter(np.random.default_rng(2).integers(1, 700, size=100 * total))
    consumed = 0
    while not ring.drained:
        block = ring.read(int(next(sizes)))
        np.testing.assert_array_equal(block, ramp(consumed, len(block)))
        consumed += len(block)
    producer.join()
    assert consumed == total
