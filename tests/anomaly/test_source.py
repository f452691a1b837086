"""A source breaks at its Nth read, a file ends or is damaged at its Nth byte."""

import threading
from pathlib import Path

import numpy as np
import pytest

from adapters.audio.decoder import Decoder, Head, Listener
from adapters.decode import open_source
from player.errors import DecodeError
from player.model import Load
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Decibels, Seconds
from tests.contracts.audio_source import read_all
from tests.support.encode import encode

READS = 24
BLOCK = SAMPLE_RATE // 10
PATIENCE_S = 20.0
CODECS = {"ogg": "vorbis", "mp3": "libmp3lame", "flac": "flac"}
CUTS = 40


class Breaking:
    """Noise; read number `last` raises."""

    rate, channels, duration = SAMPLE_RATE, 2, Seconds(60.0)

    def __init__(self, last: int, error: Exception) -> None:
        self._last, self._error = last, error
        self._reads = 0

    def read(self) -> Pcm | None:
        if self._reads == self._last:
            raise self._error
        self._reads += 1
        return np.full((BLOCK, 2), 0.1, np.float32)

    def seek(self, at: Seconds) -> None:
        """Anywhere is the same."""

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> "Breaking":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@pytest.mark.parametrize("error", [DecodeError("x", "broke off."), RuntimeError("a fault of a library")])
@pytest.mark.parametrize("last", range(READS))
def test_what_came_before_read_n_is_heard_and_the_failure_is_told_once(
    last: int, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.decode.open_source", lambda _uri, **_options: Breaking(last, error))
    told: list[str] = []
    ready: list[Head] = []
    done = threading.Event()

    def failed(_decoder: Decoder, problem: str) -> None:
        told.append(problem)
        done.set()

    listener = Listener(
        ready=lambda _decoder, head: ready.append(head),
        failed=failed,
        analyse=lambda _decoder, _block: None,
        lower=lambda _decoder, _gain: None,
    )
    load = Load(deck=0, track_id="x", uri="x", start=Seconds(0.0), gain=Decibels(0.0))
    decoder = Decoder(load, listener)
    decoder.start()
    assert done.wait(PATIENCE_S)
    assert len(told) == 1
    assert decoder.ring.level == last * BLOCK, "nothing that was decoded is thrown away"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    noise = np.random.default_rng(1).normal(0.0, 0.1, (3 * SAMPLE_RATE, 2)).astype(np.float32)
    return {
        ending: encode(folder / f"noise.{ending}", noise, codec).read_bytes()
        for ending, codec in CODECS.items()
    }


@pytest.mark.parametrize("ending", CODECS)
def test_a_file_cut_at_any_byte_plays_what_is_there_or_says_what_is_wrong(
    ending: str, whole: dict[str, bytes], tmp_path: Path
) -> None:
    data = whole[ending]
    lengths = []
    for cut in np.linspace(0, len(data), CUTS, dtype=int):
        path = tmp_path / f"cut.{ending}"
        path.write_bytes(data[:cut])
        lengths.append(_played(path))
    assert lengths[0] == 0
    assert lengths[-1] >= 2.9 * SAMPLE_RATE
    assert lengths[CUTS // 2] > 0.9 * SAMPLE_RATE, "half a file is half the music"


@pytest.mark.parametrize("ending", CODECS)
def test_a_file_damaged_at_any_byte_plays_what_is_there_or_says_what_is_wrong(
    ending: str, whole: dict[str, bytes], tmp_path: Path
) -> None:
    data = whole[ending]
    rubbish = np.random.default_rng(2).integers(0, 256, 64, dtype=np.uint8).tobytes()
    lengths = []
    for at in np.linspace(0, len(data) - len(rubbish), CUTS, dtype=int):
        path = tmp_path / f"damaged.{ending}"
        path.write_bytes(data[:at] + rubbish + data[at + len(rubbish) :])
        lengths.append(_played(path))
    assert np.median(lengths) > 1.9 * SAMPLE_RATE, "64 bytes cost a page of 1 s at most, not the piece"


def _played(path: Path) -> int:
    """Frames until the end, or until the one error that is allowed."""
    frames = 0
    try:
        with open_source(str(path)) as source:
            while (block := source.read()) is not None:
                assert np.isfinite(block).all()
                frames += len(block)
    except DecodeError as error:
        problem = error.problem
    else:
        problem = "Whole."
    assert problem.endswith(".")
    return frames


def test_the_whole_file_is_whole(whole: dict[str, bytes], tmp_path: Path) -> None:
    for ending, data in whole.items():
        path = tmp_path / f"whole.{ending}"
        path.write_bytes(data)
        with open_source(str(path)) as source:
            assert len(read_all(source)) >= 2.9 * SAMPLE_RATE
