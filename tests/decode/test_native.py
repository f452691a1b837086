"""Decoding for analysis."""

import os
from pathlib import Path

import numpy as np
import pytest

from adapters.decode.av import AvSource
from adapters.decode.native import NativeSource
from player.errors import DecodeError
from tests.support.encode import encode
from tests.support.signals import sine, stereo


def test_what_is_no_number_is_silence_not_the_loudest_sample(tmp_path: Path) -> None:
    wave = stereo(sine(440.0, -6.0, 2.0))
    wave[1_000, 0], wave[2_000, 1], wave[3_000, 0] = np.inf, -np.inf, np.nan
    path = encode(tmp_path / "a.wav", wave, "pcm_f32le")
    with NativeSource(str(path)) as source:
        heard = np.concatenate(list(source.blocks()))
    assert np.abs(heard).max() == pytest.approx(10 ** (-6.0 / 20.0), abs=1e-3)
    assert heard[1_000, 0] == heard[2_000, 1] == heard[3_000, 0] == 0.0
    with AvSource(str(path), rate=None, channels=None) as played:
        first = played.read()
    assert first is not None
    assert np.abs(first).max() <= 0.51


def test_a_vorbis_header_that_only_ffmpeg_refuses_is_not_called_damage(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ogg", stereo(sine(440.0, -20.0, 3.0)), "vorbis")
    data = bytearray(path.read_bytes())
    at = data.index(b"\x05vorbis") + 8
    data[at : at + 4] = b"\xff" * 4  # the codebooks
    path.write_bytes(data)
    with pytest.raises(DecodeError, match="a Vorbis header that FFmpeg cannot read: convert it"):
        NativeSource(str(path))
    path.write_bytes(data[:300])  # nothing behind its header
    with pytest.raises(DecodeError, match="is damaged"):
        NativeSource(str(path))


def test_a_pipe_is_not_called_an_empty_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(DecodeError, match="no ordinary file"):
        NativeSource(str(tmp_path / "pipe.mp3"))
