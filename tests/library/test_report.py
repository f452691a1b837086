"""What `lull analyze` and `lull scan` tell people."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields
from rich.console import Console

from adapters.library.picture import Recording
from adapters.library.progress import ScanOptions, scan_watched
from adapters.library.report import FeatureReport, analyze_one, feature_report
from adapters.store.catalogue import Catalogue
from player.errors import DecodeError
from player.model import Affect, TrackFeatures
from tests.support.badweb import Page, bad_web
from tests.support.command import Lull
from tests.support.music import music


@pytest.mark.parametrize("kind", ["mp3", "ogg"])
def test_a_station_is_heard_for_a_minute_and_the_answer_says_so(
    lull: Lull, tmp_path: Path, kind: str
) -> None:
    """The MP3 begins with an index that tells 20 s, and never ends."""
    song = music(tmp_path / f"song.{kind}", 1, seconds=20.0).read_bytes()
    with bad_web() as web:
        web.pages["radio"] = Page(song, live=True)
        code, out, err = lull("analyze", web.url("radio"), "--json")
    answer = json.loads(out)
    assert code == 0
    assert 60.0 <= answer["features"]["heard_s"] == answer["audio_s"] <= 90.0
    told = f"has no end: its first {answer['audio_s']:.0f} s were heard."
    assert answer["missing"] == told
    assert err == f"{answer['track']['uri']}: {told}\n"


def test_the_picture_of_a_station_ends_too(tmp_path: Path) -> None:
    song = music(tmp_path / "song.mp3", 1, seconds=20.0).read_bytes()
    with bad_web() as web:
        web.pages["radio"] = Page(song, "audio/mpeg", live=True)
        recording = Recording()
        analyze_one(web.url("radio"), recording)
    assert 60 <= len(recording.seconds) <= 90


def test_a_file_of_the_web_is_heard_to_its_end(tmp_path: Path) -> None:
    song = music(tmp_path / "song.mp3", 1, seconds=70.0).read_bytes()
    with bad_web() as web:
        web.pages["song.mp3"] = Page(song)
        answer = analyze_one(web.url("song.mp3"))
    assert answer.missing == ""
    assert answer.audio_s == pytest.approx(70.0, abs=0.1)


@pytest.mark.parametrize("name", ["list.m3u", "list.m3u8", "list.pls"])
def test_a_playlist_is_answered_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[playlist]\nFile1=a.mp3\n" if name == "list.pls" else "a.mp3\n")
    with pytest.raises(DecodeError, match="is a playlist: name one of the pieces in it"):
        analyze_one(str(tmp_path / name))


def test_people_read_large_numbers_without_exponents(lull: Lull, tmp_path: Path) -> None:
    code, out, _ = lull("analyze", music(tmp_path / "song.wav", 40, seconds=3.0))
    assert code == 0
    assert re.search(r"spectral_centroid_hz\W+\d{4}\.\d\b", out)


def test_progress_shows_names_as_they_are(folder: Path, catalogue: Catalogue) -> None:
    music(folder / "Help! [live] [b]eatles.mp3", 1)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200)
    scan_watched([folder], ("mp3",), catalogue, ScanOptions(workers=1), console)
    assert "Help! [live] [b]eatles.mp3" in screen.getvalue()


UNITS = ("", "_bpm", "_per_s", "_db", "_lufs", "_lu", "_dbtp", "_hz", "_s")
OTHERS = {"version", "scan_mode", "mode", "chroma", "tempo_candidates", "sections", "affect", "latest_affect"}


def test_every_feature_is_reported_under_its_own_name() -> None:
    features = [field.name for field in fields(TrackFeatures) if field.name not in OTHERS]
    emotions = [field.name for field in fields(Affect)]
    numbers = {name: float(number) for number, name in enumerate([*features, *emotions])}
    affect = Affect(**{name: numbers[name] for name in emotions})
    heard: dict[str, Any] = {name: numbers[name] for name in features}
    report = feature_report(TrackFeatures(**heard, affect=affect))
    reported = {field.name for field in fields(FeatureReport)}
    for name, number in numbers.items():
        (told,) = {name + unit for unit in UNITS} & reported
        assert getattr(report, told) == number, name
