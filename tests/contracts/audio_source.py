"""What every `ports.AudioSource` does."""

from collections.abc import Callable

import numpy as np
import pytest

from player.errors import DecodeError
from player.ports.audio import AudioSource, Pcm
from player.units import SAMPLE_RATE, Seconds

SEEK_TOLERANCE = Seconds(0.05)


def read_all(source: AudioSource) -> Pcm:
    """All that is left, every block checked."""
    blocks = []
    while (block := source.read()) is not None:
        assert block.dtype == np.float32
        assert block.ndim == 2
        assert block.shape[0] >= 1
        assert block.shape[1] == source.channels
        assert np.isfinite(block).all()
        blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, source.channels), np.float32)


def place(excerpt: Pcm, whole: Pcm) -> Seconds:
    """Where in `whole` (s) the excerpt is found: the peak of their cross-correlation."""
    size = 1 << (len(whole) + len(excerpt)).bit_length()
    spectrum = np.fft.rfft(whole[:, 0], size) * np.conj(np.fft.rfft(excerpt[:, 0], size))
    return Seconds(int(np.argmax(np.fft.irfft(spectrum, size))) / SAMPLE_RATE)


def check_audio_source(
    make: Callable[[], AudioSource], expected: Pcm, seek_tolerance: Seconds = SEEK_TOLERANCE
) -> None:
    """`make` opens a file that holds `expected`: 48 kHz stereo noise of at least 2 s."""
    length = len(expected) / SAMPLE_RATE
    with make() as source:
        assert (source.rate, source.channels) == (SAMPLE_RATE, 2)
        assert source.duration == pytest.approx(length, abs=0.1)
        whole = read_all(source)
        assert len(whole) / SAMPLE_RATE == pytest.approx(length, abs=0.1)
        assert place(whole[4800:14_400], expected) == pytest.approx(0.1, abs=0.05)
        assert source.read() is None
        assert source.read() is None, "the end stays the end"

    source = make()
    source.read()
    at = Seconds(length / 2)
    source.seek(at)
    rest = read_all(source)
    assert place(rest[:9600], expected) == pytest.approx(at, abs=seek_tolerance)
    source.close()
    source.close()


def check_bad_source(make: Callable[[], AudioSource]) -> DecodeError:
    """`make`, or reading to the end, raises one sentence for people."""
    with pytest.raises(DecodeError) as raised, make() as source:
        read_all(source)
    problem = raised.value.problem
    assert problem.endswith(".")
    assert "\n" not in problem
    assert "Error" not in problem, "a name of a class tells people nothing"
    return raised.value
