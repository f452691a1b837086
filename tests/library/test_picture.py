"""`lull analyze --plot`."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from adapters.library.picture import Recording, draw, require_place
from adapters.library.report import analyze_one
from player.analysis.metre import Beat
from player.errors import DecodeError, LibraryError
from player.model import TrackFeatures
from player.units import Bpm, Seconds
from tests.support.signals import tune
from tests.support.wav import write_wav


def record(path: Path) -> Recording:
    heard = Recording()
    analyze_one(str(path), heard)
    return heard


def test_what_was_heard_is_drawn(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    write_wav(song, tune(20.5, 22_050, bpm=90.0), 22_050)
    heard = record(song)
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
    draw(record(tmp_path / "hush.wav"), "Hush", tmp_path / "hush.png")
    assert (tmp_path / "hush.png").stat().st_size > 10_000


@pytest.mark.parametrize("title", ["Ke$ha - Tik_Tok $^ remix", "$_$", "北国の春  千昌夫"])
def test_every_title_is_drawn_as_it_is(tmp_path: Path, title: str) -> None:
    write_wav(tmp_path / "song.wav", tune(2.0, 22_050), 22_050)
    draw(record(tmp_path / "song.wav"), title, tmp_path / "song.png")
    assert (tmp_path / "song.png").stat().st_size > 10_000


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="cannot be read"):
        record(tmp_path / "gone.wav")
    write_wav(tmp_path / "song.wav", tune(3.0, 22_050), 22_050)
    with pytest.raises(LibraryError, match="cannot be written"):
        draw(record(tmp_path / "song.wav"), "A song", tmp_path / "missing" / "song.png")
    for out, why in (
        (tmp_path / "no" / "a.png", "no such folder"),
        (tmp_path, "is a folder: name a picture"),
    ):
        with pytest.raises(LibraryError, match=why):
            require_place(out)
    with pytest.raises(LibraryError, match=r"end its name with \.png"):
        require_place(tmp_path / "song.txt")


def test_a_picture_keeps_the_name_that_it_was_given(tmp_path: Path) -> None:
    write_wav(tmp_path / "song.wav", tune(4.0, 22_050), 22_050)
    require_place(tmp_path / "noext")
    draw(record(tmp_path / "song.wav"), "A song", tmp_path / "noext")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["noext", "song.wav"]


def shown_figure(heard: Recording, monkeypatch: pytest.MonkeyPatch) -> Figure:
    shown: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_args, **_kwargs: shown.append(figure))
    draw(heard, "A song", Path("song.png"))
    return shown[0]


def lines_of(ax: Axes) -> list[float]:
    """Times of the beats and bars."""
    groups = [group for group in ax.collections if isinstance(group, LineCollection)]
    return [float(segment[0][0]) for group in groups for segment in group.get_segments()]


def test_the_first_second_is_drawn_and_silence_has_no_beats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = np.zeros((40 * 22_050, 2), np.float32)
    song[10 * 22_050 : 30 * 22_050] = tune(20.0, 22_050, bpm=90.0)
    write_wav(tmp_path / "song.wav", song, 22_050)
    heard = record(tmp_path / "song.wav")
    loudness, affect = (shown_figure(heard, monkeypatch).axes[index] for index in (1, 3))
    assert loudness.lines[0].get_xdata()[0] == 0.0  # type: ignore[index]
    drawn = lines_of(loudness)
    assert drawn and 9.5 <= min(drawn) <= max(drawn) <= 30.5
    legend = affect.get_legend()
    assert legend is not None
    assert {"calmness of 15-s windows", "calmness of the whole"} <= {t.get_text() for t in legend.get_texts()}


def test_a_long_piece_has_minutes_and_lines_that_can_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Recording()
    lasts = Seconds(3_600.0)
    heard.seconds = [at + 1.0 for at in range(3_600)]
    heard.loudness = [-20.0] * 3_600
    heard.chroma = [np.ones(12)] * 3_600
    heard.low, heard.high = [-0.1] * 72_000, [0.1] * 72_000
    heard.beats = {at / 2: Beat(Seconds(at / 2), downbeat=at % 4 == 0) for at in range(7_200)}
    heard.features = TrackFeatures(
        heard=lasts, tempo=Bpm(120.0), cue_in=Seconds(0.0), cue_out=lasts, speech=0.99, speech_confidence=0.9
    )
    axes = shown_figure(heard, monkeypatch).axes
    assert [mark.get_text() for mark in axes[-1].get_xticklabels()][:3] == ["0:00", "5:00", "10:00"]
    assert 100 <= len(lines_of(axes[1])) <= 200
    assert "every 16th bar in orange" in axes[1].get_title(loc="right")
    assert "speech (0.90)" in axes[1].get_title(loc="right")


@pytest.mark.parametrize(("level", "low", "high"), [(0.0, -70.0, 0.0), (0.1, -36.0, -3.0)])
def test_silence_shows_no_beats_and_noise_no_mountains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: float, low: float, high: float
) -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.0, (20 * 22_050, 2)) * level
    write_wav(tmp_path / "hush.wav", noise.astype(np.float32), 22_050)
    shown: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_args, **_kwargs: shown.append(figure))
    heard = record(tmp_path / "hush.wav")
    draw(heard, "Hush", tmp_path / "hush.png")
    loudness = shown[0].axes[1]
    bottom, top = loudness.get_ylim()
    assert low <= bottom < top <= high
    assert top - bottom >= 20.0
    lines = sum(len(group.get_segments()) for group in loudness.collections if hasattr(group, "get_segments"))
    assert (lines > 0) == (heard.features.tempo is not None)
    assert ("bars in orange" in loudness.get_title(loc="right")) == (lines > 0)
