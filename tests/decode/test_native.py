"""Decoding for analysis."""

import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.decode.av import AvSource
from adapters.decode.native import NativeSource
from player.errors import DecodeError
from player.units import SAMPLE_RATE, Seconds
from tests.support.encode import encode
from tests.support.music import CODECS
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


@pytest.mark.parametrize("seconds", [1, 2, 10])
def test_around_what_is_absurd_there_is_silence_wherever_blocks_are_cut(tmp_path: Path, seconds: int) -> None:
    wave = stereo(sine(440.0, -6.0, 12.0))
    at = 2 * SAMPLE_RATE
    wave[at : at + 300], wave[at - 900 : at] = 100.0, 3.5  # of the same frames of the codec
    path = encode(tmp_path / "a.wav", wave, "pcm_f32le")
    with NativeSource(str(path)) as source:
        heard = np.concatenate(list(source.blocks(None, Seconds(seconds))))
    with AvSource(str(path), rate=None, channels=None) as played:
        blocks = []
        while (block := played.read()) is not None:
            blocks.append(block)
    for found in (heard, np.concatenate(blocks)):
        assert len(found) == len(wave)
        assert np.abs(found).max() < 0.51
        assert np.abs(np.diff(found, axis=0)).max() < 0.035  # a sine's own is 0.029: no hard edge
        assert np.count_nonzero(found.any(axis=1)) > len(wave) - 12_000


def test_a_file_that_is_absurd_more_often_than_not_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", 32_768.0 * stereo(sine(440.0, -6.0, 3.0)), "pcm_f32le")
    with NativeSource(str(path)) as source, pytest.raises(DecodeError, match="absurdly loud"):
        list(source.blocks())


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


def test_a_change_of_format_that_cannot_be_followed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Puzzled:
        asked = 0

        def resample(self, _frame: object) -> None:
            self.asked += 1
            if self.asked == 1:
                raise ValueError("it changed")
            raise av.error.InvalidDataError(1, "no")

    puzzled = Puzzled()
    monkeypatch.setattr(AvSource, "_new_resampler", lambda _: puzzled)
    with pytest.raises(DecodeError, match="cannot be converted"):
        AvSource(str(encode(tmp_path / "a.wav", stereo(sine(440.0, -6.0, 1.0)), "pcm_s16le")))
    assert puzzled.asked == 2


@pytest.mark.parametrize(("width", "kind", "zero"), [(1, "u1", 128), (2, "<i2", 0), (4, "<i4", 0)])
def test_every_kind_of_sample_has_the_same_scale(tmp_path: Path, width: int, kind: str, zero: int) -> None:
    sound = sine(440.0, -6.0, 1.0)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, width, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.round(sound * 2.0 ** (8 * width - 1)) + zero).astype(kind).tobytes())
    with NativeSource(str(tmp_path / "a.wav")) as source:
        heard = np.concatenate(list(source.blocks()))
    assert heard.dtype == np.float32
    assert heard == pytest.approx(sound, abs=0.01)


@pytest.mark.parametrize("kind", ["ogg", "flac", "wav"])
def test_an_excerpt_begins_where_it_was_asked_to(tmp_path: Path, kind: str) -> None:
    """A sound that rises by 1 dB a second says where it is."""
    rising = (
        stereo(sine(500.0, -50.0, 40.0)) * 10.0 ** (np.arange(40 * SAMPLE_RATE) / SAMPLE_RATE / 20.0)[:, None]
    )
    path = encode(tmp_path / f"a.{kind}", rising.astype(np.float32), CODECS[kind])
    with NativeSource(str(path)) as source:
        for at in (10.3, 22.7, 5.5):
            heard = np.concatenate(list(source.excerpt(Seconds(at), Seconds(2.0))))
            assert len(heard) == 2 * source.rate
            level = 10.0 * np.log10(2.0 * np.mean(heard[: source.rate // 10] ** 2))
            assert level + 50.0 == pytest.approx(at + 0.05, abs=0.03)
