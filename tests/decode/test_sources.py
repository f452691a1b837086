"""Both decoders, over every format of the library."""

from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
import vlc

from adapters.decode import open_source
from adapters.decode.av import AvSource
from adapters.decode.vlc import VlcSource
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Seconds
from tests.contracts.audio_source import check_audio_source, read_all
from tests.support.encode import encode
from tests.support.wav import write_wav

FORMATS = {
    "wav": "pcm_s16le",
    "mp3": "libmp3lame",
    "ogg": "vorbis",
    "opus": "libopus",
    "flac": "flac",
    "m4a": "aac",
}
NOISE: Pcm = np.random.default_rng(1).normal(0.0, 0.1, (3 * SAMPLE_RATE, 2)).astype(np.float32)


def tone(rate: int, channels: int, seconds: float = 1.0, hertz: float = 440.0) -> Pcm:
    wave = 0.25 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    return np.repeat(wave[:, np.newaxis], channels, axis=1).astype(np.float32)


def pitch(pcm: Pcm, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(pcm[:, 0] * np.hanning(len(pcm))))
    return float(np.argmax(spectrum)) * rate / len(pcm)


@pytest.mark.parametrize("suffix", FORMATS)
def test_ffmpeg_reads_every_format(suffix: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"noise.{suffix}", NOISE, FORMATS[suffix])
    check_audio_source(lambda: AvSource(str(path)), NOISE)


@pytest.mark.parametrize(("suffix", "tolerance"), [("wav", 0.06), ("m4a", 0.5)])
def test_libvlc_keeps_the_same_contract(suffix: str, tolerance: float, tmp_path: Path) -> None:
    path = encode(tmp_path / f"noise.{suffix}", NOISE, FORMATS[suffix])
    check_audio_source(lambda: VlcSource(str(path)), NOISE, Seconds(tolerance))


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_becomes_48_khz_stereo(rate: int, channels: int, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(rate, channels), rate)
    with open_source(str(path)) as source:
        pcm = read_all(source)
    assert len(pcm) == pytest.approx(SAMPLE_RATE, abs=200)
    assert pitch(pcm, SAMPLE_RATE) == pytest.approx(440.0, abs=2.0)


def test_mono_comes_from_both_speakers_with_the_same_loudness(tmp_path: Path) -> None:
    """The power of both channels together is that of the mono channel (BS.1770 adds powers)."""
    path = write_wav(tmp_path / "mono.wav", tone(SAMPLE_RATE, 1))
    with open_source(str(path)) as source:
        pcm = read_all(source)
    assert np.array_equal(pcm[:, 0], pcm[:, 1])
    power = float(np.mean(pcm[4800:-4800] ** 2)) * 2
    assert 10 * np.log10(power / (0.25**2 / 2)) == pytest.approx(0.0, abs=0.1)


def test_surround_is_mixed_down(tmp_path: Path) -> None:
    """Left stays left; the centre goes to both sides 3 dB lower; the LFE is left out (ITU-R BS.775)."""
    silence = np.zeros(SAMPLE_RATE, np.float32)
    levels = {}
    for name, channel in {"left": 0, "centre": 2, "lfe": 3}.items():
        surround = np.stack([tone(SAMPLE_RATE, 1)[:, 0] if i == channel else silence for i in range(6)], 1)
        path = encode(tmp_path / f"{name}.flac", surround, "flac", layout="5.1")
        with open_source(str(path)) as source:
            pcm = read_all(source)
        levels[name] = np.abs(pcm[4800:-4800]).max(axis=0)
    assert levels["left"][0] > 0.05
    assert levels["left"][1] == pytest.approx(0.0, abs=1e-3)
    assert levels["centre"] == pytest.approx(levels["left"][0] * np.sqrt([0.5, 0.5]), rel=0.02)
    assert levels["lfe"] == pytest.approx([0.0, 0.0], abs=1e-3)


def test_scanning_keeps_rate_and_channels(tmp_path: Path) -> None:
    pcm = tone(22_050, 1)
    path = write_wav(tmp_path / "native.wav", pcm, 22_050)
    with open_source(str(path), rate=None, channels=None) as source:
        assert (source.rate, source.channels) == (22_050, 1)
        assert read_all(source) == pytest.approx(pcm, abs=1e-4)


def test_cover_art_is_not_read(tmp_path: Path) -> None:
    path = encode(tmp_path / "cover.mp3", NOISE, "libmp3lame", picture=True)
    with av.open(str(path)) as container:
        assert container.streams.video, "the file really holds a picture"
    check_audio_source(lambda: AvSource(str(path)), NOISE)


def test_seek_lands_on_the_frame(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "noise.wav", NOISE)
    with AvSource(str(path)) as source:
        source.seek(Seconds(1.25))
        rest = read_all(source)
    assert rest == pytest.approx(NOISE[60_000:], abs=1e-4)


def test_libvlc_gets_back_all_that_it_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def counted(name: str) -> None:
        real = getattr(vlc, name)

        def count(*arguments: object) -> object:
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(vlc, name, count)

    given = {
        "libvlc_release": ["libvlc_new"],
        "libvlc_media_player_release": ["libvlc_media_player_new"],
        "libvlc_media_list_release": ["libvlc_media_subitems"],
        "libvlc_media_release": [
            "libvlc_media_new_path",
            "libvlc_media_player_get_media",
            "libvlc_media_list_item_at_index",
        ],
    }
    for release, takes in given.items():
        for name in (release, *takes):
            counted(name)
    path = write_wav(tmp_path / "noise.wav", NOISE)
    playlist = tmp_path / "list.m3u"
    playlist.write_text(f"#EXTM3U\n{path}\n")
    for file in (playlist, path):
        with VlcSource(str(file)) as source:
            source.seek(Seconds(1.0))
            source.close()  # and again at the end of the block
    for release, takes in given.items():
        assert calls[release] == sum(calls[take] for take in takes) > 0, release


def test_a_playlist_that_only_libvlc_knows_is_left_to_it(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "noise.wav", NOISE)
    playlist = tmp_path / "list.wpl"
    playlist.write_text(f'<?wpl version="1.0"?><smil><body><seq><media src="{path}"/></seq></body></smil>')
    with open_source(str(playlist)) as source:
        assert isinstance(source, VlcSource)
        assert len(read_all(source)) / SAMPLE_RATE == pytest.approx(3.0, abs=0.1)
