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


def test_where_a_decoder_lost_its_way_there_is_silence_and_the_rest_is_heard(tmp_path: Path) -> None:
    wave = stereo(sine(440.0, -6.0, 2.0))
    wave[50_000:50_100, 0] = 1_000.0
    wave[50_100:50_300, 1] = 3.0  # of the same frame, loud but not absurd
    path = encode(tmp_path / "a.wav", wave, "pcm_f32le")
    with NativeSource(str(path)) as source:
        heard = np.concatenate(list(source.blocks()))
    assert np.abs(heard).max() == pytest.approx(10 ** (-6.0 / 20.0), abs=1e-3)
    assert np.count_nonzero(heard[:, 0]) > 0.9 * len(heard)


def test_a_pipe_is_not_called_an_empty_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(DecodeError, match="no ordinary file"):
        NativeSource(str(tmp_path / "pipe.mp3"))
