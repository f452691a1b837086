"""With the real synthesiser."""

import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.decode import open_source
from adapters.library import demo
from adapters.library.demo import demo_parts, ensure_demo_library
from adapters.library.demo.arrangement import MELODY, Chorus, Piece, Strain, Voice, perform
from adapters.library.demo.instruments import FLUTE, HONKY_TONK
from adapters.library.demo.render import render_opus
from player.analysis.stream import StreamAnalyzer
from player.errors import LibraryError
from player.model import TrackFeatures
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Bpm


def short_piece(title: str, *, lively: bool = False) -> Piece:
    voice = Voice(HONKY_TONK if lively else FLUTE, MELODY, 80, reverb=0)
    return Piece(
        title=title,
        artist="Nobody",
        year=1900,
        lively=lively,
        amplify=200,
        beats_per_bar=4,
        strains={"scale": Strain("| c5:1 d5 e5 f5 | g5 a5 b5 c6", "C | G7")},
        choruses=(Chorus(("scale",), (voice,), Bpm(120.0)),),
    )


SHORT = (short_piece("One", lively=True), short_piece("Two"), short_piece("Three"))


@pytest.fixture
def short_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PIECES", SHORT)


def read(path: Path) -> Pcm:
    with open_source(str(path)) as source:
        blocks = []
        while (block := source.read()) is not None:
            blocks.append(block)
    return np.concatenate(blocks)


def features(path: Path) -> TrackFeatures:
    analyzer = StreamAnalyzer(SAMPLE_RATE)
    analyzer.push(read(path))
    analyzer.finish()
    return analyzer.snapshot()


def strongest_key(sound: Pcm) -> int:
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound)), 1 << 17))
    hertz = float(np.argmax(spectrum)) * SAMPLE_RATE / (1 << 17)
    return round(69 + 12 * math.log2(hertz / 440))


def test_sound_has_the_notes_of_the_score_at_their_time(tmp_path: Path) -> None:
    piece = short_piece("Scale")
    render_opus(piece, tmp_path / "scale.opus")
    sound = read(tmp_path / "scale.opus")
    tones, _ = perform(piece)
    heard = [
        strongest_key(sound[int((tone.start + 0.1) * SAMPLE_RATE) : int((tone.end - 0.05) * SAMPLE_RATE)])
        for tone in tones
    ]
    assert heard == [72, 74, 76, 77, 79, 81, 83, 84]
    assert np.max(np.abs(sound[-SAMPLE_RATE // 10 :])) < 0.001  # it dies away


def test_file_carries_title_artist_and_year(tmp_path: Path) -> None:
    render_opus(SHORT[0], tmp_path / "one.opus")
    with av.open(str(tmp_path / "one.opus")) as container:
        tags = {**container.metadata, **container.streams.audio[0].metadata}
    tags = {key.lower(): value for key, value in tags.items()}
    assert (tags["title"], tags["artist"], tags["date"]) == ("One", "Nobody", "1900")


def test_real_pieces_are_as_lively_and_calm_as_they_should_be(tmp_path: Path) -> None:
    found: list[TrackFeatures] = []
    for piece in demo.PIECES[:2]:
        render_opus(piece, tmp_path / f"{piece.title}.opus")
        found.append(features(tmp_path / f"{piece.title}.opus"))
    lively, calm = found
    assert lively.affect is not None
    assert calm.affect is not None
    assert lively.affect.calmness < 0.5
    assert calm.affect.calmness > lively.affect.calmness + 0.25
    assert lively.true_peak is not None
    assert calm.true_peak is not None
    assert lively.true_peak < 0.5  # coding overshoots the limiter a little; playing lowers it by 9 dB
    assert calm.true_peak < -3
    assert lively.tempo == pytest.approx(103, abs=2)  # half notes: the tempo rises from 100 to 106


@pytest.mark.usefixtures("short_library")
def test_library_is_rendered_once_the_lively_piece_first(tmp_path: Path) -> None:
    told: list[str] = []
    home = ensure_demo_library(tmp_path / "demo", lambda path: told.append(path.name))
    assert told[0] == "Nobody - One.opus"
    assert sorted(told) == sorted(path.name for path in home.iterdir())
    assert len(told) == 3
    before = {path: path.stat().st_mtime_ns for path in home.iterdir()}
    assert ensure_demo_library(tmp_path / "demo") == home
    assert {path: path.stat().st_mtime_ns for path in home.iterdir()} == before


@pytest.mark.usefixtures("short_library")
def test_only_what_is_missing_is_rendered_again(tmp_path: Path) -> None:
    home = ensure_demo_library(tmp_path)
    kept, lost, *_ = sorted(home.iterdir())
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    ensure_demo_library(tmp_path)
    assert lost.exists()
    assert kept.stat().st_mtime_ns == stamp


@pytest.mark.usefixtures("short_library")
def test_another_score_is_another_version_and_the_old_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    old = ensure_demo_library(tmp_path)
    monkeypatch.setattr(demo, "PIECES", (*SHORT[:2], short_piece("Four")))
    new = ensure_demo_library(tmp_path)
    assert new != old
    assert {path.name for path in tmp_path.iterdir()} == {new.name, "mine"}


def test_missing_synthesiser_names_the_line_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for attempt in (demo_parts, lambda: ensure_demo_library(tmp_path / "demo")):
        with pytest.raises(LibraryError, match=r"apt-get install -y timidity timgm6mb-soundfont"):
            attempt()


@pytest.mark.usefixtures("short_library")
def test_finished_library_needs_no_synthesiser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = ensure_demo_library(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ensure_demo_library(tmp_path) == home


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "head -c 400000 /dev/zero; kill -9 $$"])
def test_failing_synthesiser_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "timidity").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "timidity").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with pytest.raises(LibraryError, match="reinstall"):
        render_opus(SHORT[0], tmp_path / "one.opus")
    assert list(tmp_path.iterdir()) == [tools]


@pytest.mark.usefixtures("short_library")
def test_rendering_ends_when_told_with_the_synthesiser_and_without_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    pid = tmp_path / "pid"
    (tools / "timidity").write_text(f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60\n")
    (tools / "timidity").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        rendering = pool.submit(ensure_demo_library, tmp_path / "demo", stop=stop)
        while not pid.exists() and not rendering.done():
            time.sleep(0.01)
        stop.set()
        home = rendering.result(timeout=2.0)  # s; about 0.1
    assert list(home.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.usefixtures("short_library")
def test_what_was_whole_when_it_was_told_to_end_is_kept(tmp_path: Path) -> None:
    stop = threading.Event()
    home = ensure_demo_library(tmp_path, lambda _path: stop.set(), stop)
    assert [path.name for path in home.iterdir()] == ["Nobody - One.opus"]


def test_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "one.opus.part").symlink_to("/dev/full")
    with pytest.raises(LibraryError, match="No space left"):
        render_opus(SHORT[0], tmp_path / "one.opus")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("short_library")
def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="cannot be written"):
        ensure_demo_library(tmp_path / "file" / "demo")
