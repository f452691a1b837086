"""`lull analyze --plot`."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from adapters.library.picture import draw, record
from player.errors import DecodeError, LibraryError
from tests.support.signals import tune
from tests.support.wav import write_wav


def test_what_was_heard_is_drawn(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    write_wav(song, tune(20.5, 22_050, bpm=90.0), 22_050)
    heard = record(str(song))
    assert len(heard.seconds) == len(heard.loudness) == len(heard.chroma) == 21
    assert heard.features.heard == pytest.approx(20.5)
    assert [round(point.begin) for point in heard.curve] == [0, 5, 10, 15, 20]
    beats = np.diff(sorted(heard.beats))
    assert np.median(beats) == pytest.approx(60.0 / 90.0, rel=0.05)
    draw(heard, "A song", tmp_path / "song.png")
    assert (tmp_path / "song.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_silence_and_short_files_are_drawn_too(tmp_path: Path, seconds: float) -> None:
    write_wav(tmp_path / "hush.wav", np.zeros((round(seconds * 22_050), 2), np.float32), 22_050)
    draw(record(str(tmp_path / "hush.wav")), "Hush", tmp_path / "hush.png")
    assert (tmp_path / "hush.png").stat().st_size > 10_000


@pytest.mark.parametrize("title", ["Ke$ha - Tik_Tok $^ remix", "$_$", "北国の春  千昌夫"])
def test_every_title_is_drawn_as_it_is(tmp_path: Path, title: str) -> None:
    write_wav(tmp_path / "song.wav", tune(2.0, 22_050), 22_050)
    draw(record(str(tmp_path / "song.wav")), title, tmp_path / "song.png")
    assert (tmp_path / "song.png").stat().st_size > 10_000


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="cannot be read"):
        record(str(tmp_path / "gone.wav"))
    write_wav(tmp_path / "song.wav", tune(3.0, 22_050), 22_050)
    with pytest.raises(LibraryError, match="cannot be written"):
        draw(record(str(tmp_path / "song.wav")), "A song", tmp_path / "missing" / "song.png")


@pytest.mark.parametrize(("level", "low", "high"), [(0.0, -70.0, 0.0), (0.1, -36.0, -3.0)])
def test_silence_shows_no_beats_and_noise_no_mountains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: float, low: float, high: float
) -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.0, (20 * 22_050, 2)) * level
    write_wav(tmp_path / "hush.wav", noise.astype(np.float32), 22_050)
    shown: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_args, **_kwargs: shown.append(figure))
    heard = record(str(tmp_path / "hush.wav"))
    draw(heard, "Hush", tmp_path / "hush.png")
    loudness = shown[0].axes[1]
    bottom, top = loudness.get_ylim()
    assert low <= bottom < top <= high
    assert top - bottom >= 20.0
    lines = sum(len(group.get_segments()) for group in loudness.collections if hasattr(group, "get_segments"))
    assert (lines > 0) == (heard.features.tempo is not None)
    assert ("bars in orange" in loudness.get_title(loc="right")) == (lines > 0)
