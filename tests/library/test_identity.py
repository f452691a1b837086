"""A track stays the same track whatever its name and tags say."""

import shutil
import struct
from pathlib import Path
from typing import Any

import av
import mutagen
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import pytest
from av.audio.stream import AudioStream

from adapters.library.identity import identify
from player.errors import DecodeError
from tests.support.music import CODECS, music
from tests.support.wav import write_wav

untyped: Any = mutagen  # its functions carry no types
COVER = bytes(range(256)) * 2000  # half a megabyte


def retag(path: Path) -> None:
    """Another title and a large cover, by the means of each format."""
    file = untyped.File(path)
    if file.tags is None:
        file.add_tags()
    if path.suffix in (".mp3", ".wav"):
        file.tags.add(untyped.id3.TIT2(encoding=3, text="Another"))
        file.tags.add(untyped.id3.APIC(data=COVER, mime="image/jpeg", type=3, desc=""))
    elif path.suffix == ".m4a":
        file["\xa9nam"] = "Another"
        file["covr"] = [untyped.mp4.MP4Cover(COVER)]
    elif path.suffix == ".flac":
        picture = untyped.flac.Picture()
        picture.data = COVER
        file.add_picture(picture)
    else:
        file["title"] = "Another" * 10_000
    file.save()


@pytest.mark.parametrize("kind", CODECS)
def test_a_renamed_and_retagged_file_is_the_same_track(tmp_path: Path, kind: str) -> None:
    original = music(tmp_path / f"a.{kind}")
    copy = Path(shutil.copy(original, tmp_path / f"other name.{kind}"))
    retag(copy)
    assert copy.stat().st_size > original.stat().st_size
    track_id, duration = identify(str(original))
    assert identify(str(copy)) == (track_id, duration)
    assert len(track_id) == 32
    assert duration == pytest.approx(1.5, abs=0.1)


def headerless_mp3(path: Path, seconds: int) -> Path:
    """Without the Xing header that counts the frames, so that FFmpeg guesses the duration from the size."""
    noise = np.random.default_rng(1).normal(0.0, 0.1, (1, 2 * 48_000 * seconds)).astype(np.float32)
    with av.open(str(path), "w", options={"write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=48_000)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(noise, format="flt", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_tags_do_not_change_the_duration_of_an_mp3_without_index(tmp_path: Path) -> None:
    path = headerless_mp3(tmp_path / "a.mp3", 5)
    before = identify(str(path))
    retag(path)
    tags = untyped.apev2.APEv2()
    tags["Comment"] = "x" * 100_000  # behind the music, where a guess from the size counts it
    tags.save(path)
    with av.open(str(path)) as container:
        assert (container.duration or 0) / av.time_base > 6.0  # what the guess would be
    assert identify(str(path)) == before
    assert before[1] == pytest.approx(5.0, abs=0.1)


def test_other_music_is_another_track(tmp_path: Path) -> None:
    paths = [
        music(tmp_path / "a.flac", 1),
        music(tmp_path / "b.flac", 2),
        music(tmp_path / "c.flac", 1, seconds=2.5),
        music(tmp_path / "d.mp3", 1),
    ]
    assert len({identify(str(path))[0] for path in paths}) == 4


def wav_header(frames: int) -> bytes:
    """8 kHz mono, 8 bit."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    return struct.pack("<4sI4s", b"RIFF", 36 + frames, b"WAVE") + form + struct.pack("<4sI", b"data", frames)


def long_wav(path: Path, seconds: int, last: bytes = b"") -> Path:
    frames = 8000 * seconds
    with path.open("wb") as file:
        file.write(wav_header(frames))
        file.truncate(44 + frames)  # sparse: takes no space
        file.seek(44 + frames - len(last))
        file.write(last)
    return path


def test_of_a_ten_hour_file_only_the_first_minute_is_read(tmp_path: Path) -> None:
    first = identify(str(long_wav(tmp_path / "a.wav", 36_000)))
    assert first[1] == 36_000.0
    assert identify(str(long_wav(tmp_path / "b.wav", 36_000, last=b"other"))) == first
    assert identify(str(long_wav(tmp_path / "c.wav", 36_001)))[0] != first[0]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.mp3", b"", "is empty: copy the file again"),
        ("a.mp3", b"this is a text\n" * 500, "is not an audio file"),
        ("a.wav", bytes(range(256)) * 100, "is not an audio file"),
        ("a.flac", b"fLaC" + bytes(2000), "is not an audio file"),
    ],
)
def test_what_is_no_music_is_named(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DecodeError) as caught:
        identify(str(tmp_path / name))
    assert problem in caught.value.problem


@pytest.mark.parametrize("kind", CODECS)
def test_a_file_cut_anywhere_is_a_track_or_the_one_error(tmp_path: Path, kind: str) -> None:
    content = music(tmp_path / f"a.{kind}").read_bytes()
    cut = tmp_path / f"cut.{kind}"
    outcomes = []
    for length in (1, 10, 100, 1000, len(content) // 2, len(content) - 1):
        cut.write_bytes(content[:length])
        try:
            outcomes.append(identify(str(cut))[0])
        except DecodeError as error:
            outcomes.append(error.problem)
    assert "is not an audio file, or is damaged: replace or remove it." in outcomes


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="No such file"):
        identify(str(tmp_path / "a.mp3"))


@pytest.mark.parametrize(("changed_s", "same"), [(45, False), (58, False), (65, True)])
def test_the_first_minute_tells_tracks_apart(tmp_path: Path, changed_s: int, same: bool) -> None:
    sound = np.random.default_rng(1).normal(0.0, 0.1, (70 * 8_000, 1)).astype(np.float32)
    one = identify(str(write_wav(tmp_path / "a.wav", sound, 8_000)))
    sound[changed_s * 8_000] = 0.9
    assert (identify(str(write_wav(tmp_path / "b.wav", sound, 8_000))) == one) == same
