"""Scanning folders: what is good is kept, what is bad costs itself only, what is known is skipped."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from adapters import decode
from adapters.decode.av import AvSource
from adapters.library.find import find
from adapters.library.jobs import Failure, analyse_file
from adapters.library.pool import WorkerPool, Workers
from adapters.library.scan import Scanner, ScanResult, scan
from adapters.store.catalogue import Catalogue
from player.errors import DecodeError, LibraryError
from player.model import FEATURES_VERSION, TrackFeatures
from player.ports.audio import Pcm
from player.settings import LibrarySettings
from tests.support.music import CODECS, music

FORMATS = LibrarySettings().formats


def scanned(folder: Path, catalogue: Catalogue, workers: Workers) -> ScanResult:
    return scan([str(folder)], FORMATS, catalogue, workers)


def test_every_format_is_analysed_once(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    for number, kind in enumerate(CODECS):
        music(folder / f"{kind}.{kind}", number, seconds=3.0)
    first = scanned(folder, catalogue, workers)
    assert (first.mode, first.tracks, first.skipped, first.failed) == ("full", len(CODECS), 0, ())
    assert first.audio_s == pytest.approx(3.0 * len(CODECS), abs=0.5)
    assert first.songs_per_hour == pytest.approx(3600.0 * first.tracks / first.wall_s, rel=0.05)
    entries = catalogue.entries().values()
    assert {entry.track.title for entry in entries} == set(CODECS)
    for entry in entries:
        assert entry.features is not None
        assert entry.features.version == FEATURES_VERSION
        assert entry.features.integrated_loudness == pytest.approx(-20.0, abs=1.5)
    again = scanned(folder, catalogue, workers)
    assert (again.tracks, again.skipped, again.audio_s) == (0, len(CODECS), 0.0)


def test_bad_files_are_named_and_cost_only_themselves(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "good.mp3", 1)
    (folder / "text.mp3").write_text("not music\n" * 1000)
    (folder / "empty.ogg").touch()
    (folder / "broken.flac").write_bytes(music(folder.parent / "x.flac").read_bytes()[:5000] + bytes(9000))
    os.mkfifo(folder / "pipe.mp3")
    for _ in range(2):  # also when the failures are known
        result = scanned(folder, catalogue, workers)
        failed = {Path(failure.uri).name: failure.error for failure in result.failed}
        assert {"text.mp3", "empty.ogg"} <= set(failed)
        assert "is not an audio file" in failed["text.mp3"]
        assert "is empty" in failed["empty.ogg"]
        assert result.tracks + result.skipped + len(failed) == 4
    assert "good" in {entry.track.title for entry in catalogue.entries().values()}


def test_a_renamed_retagged_or_copied_file_is_not_analysed_again(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    assert scanned(folder, catalogue, workers).tracks == 1
    (folder / "a.mp3").rename(folder / "Someone - Song.mp3")
    shutil.copy(folder / "Someone - Song.mp3", folder / "copy.mp3")
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.skipped) == (0, 2)
    assert len(catalogue.entries()) == 1


def test_a_file_with_other_content_is_analysed_again(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    scanned(folder, catalogue, workers)
    music(folder / "a.mp3", 2, seconds=2.5)
    assert scanned(folder, catalogue, workers).tracks == 1


def test_features_of_another_version_are_made_anew(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1)
    scanned(folder, catalogue, workers)
    ((track_id, entry),) = catalogue.entries().items()
    assert entry.features is not None
    catalogue.save_features(track_id, msgspec.structs.replace(entry.features, version=FEATURES_VERSION - 1))
    assert scanned(folder, catalogue, workers).tracks == 1


def test_an_interrupted_scan_goes_on_where_it_was(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    for number in range(4):
        music(folder / f"{number}.flac", number)

    class Interrupted(Exception):
        pass

    def interrupt(done: int, _total: int, _path: str) -> None:
        if done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        scan([str(folder)], FORMATS, catalogue, workers, interrupt)
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.skipped) == (2, 2)


def test_progress_is_told_for_every_file(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    for number in range(3):
        music(folder / f"{number}.flac", number)
    told: list[tuple[int, int]] = []
    scan([str(folder)], FORMATS, catalogue, workers, lambda done, total, _: told.append((done, total)))
    assert told == [(0, 3)] * 3 + [(1, 3), (2, 3), (3, 3)]


def test_a_folder_without_music_is_an_error_that_says_what_to_do(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    (folder / "readme.txt").touch()
    with pytest.raises(LibraryError, match=r"No music \(mp3, .*put files there"):
        scanned(folder, catalogue, workers)
    with pytest.raises(LibraryError, match="cannot be read"):
        scanned(folder / "nowhere", catalogue, workers)


def test_a_file_that_vanishes_is_no_failure(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    failed: list[str] = []
    for number in range(3):
        music(folder / f"{number}.flac", number)
    scanner = Scanner(catalogue, workers, lambda uri, _: failed.append(uri))
    files = list(find([str(folder)], FORMATS, lambda *_: None))
    (folder / "0.flac").unlink()
    found = list(scanner.discover(files))
    assert [Path(file.path).name for file, _ in found] == ["1.flac", "2.flac"]
    (folder / "1.flac").unlink()
    assert [Path(file.path).name for file, _ in scanner.analyse(found)] == ["2.flac"]
    assert failed == []


def test_a_file_still_being_copied_is_left_for_the_next_look(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.flac", 1)
    scanner = Scanner(catalogue, workers, lambda *_: None)
    found = list(scanner.discover(list(find([str(folder)], FORMATS, lambda *_: None))))
    with (folder / "a.flac").open("ab") as file:
        file.write(b"more")
    assert list(scanner.analyse(found)) == []
    assert [entry.features for entry in catalogue.entries().values()] == [None]


def test_analysis_of_a_file_that_breaks_off_early_fails_and_late_keeps_what_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(music(tmp_path / "a.flac", 1, seconds=15.0))
    limit = 0.0

    class Breaking(AvSource):
        given = 0

        def read(self) -> Pcm | None:
            block = super().read()
            self.given += 0 if block is None else len(block)
            if self.given > limit * self.rate:
                raise DecodeError(self.uri, "broke off")
            return block

    monkeypatch.setattr(decode, "open_source", Breaking)
    limit = 5.0
    assert analyse_file(path) == Failure("broke off")
    limit = 12.0
    features = analyse_file(path)
    assert isinstance(features, TrackFeatures)
    assert 10.0 < features.heard <= 12.0


def test_with_real_worker_processes(folder: Path, catalogue: Catalogue) -> None:
    music(folder / "a.mp3", 1)
    music(folder / "b.ogg", 2)
    (folder / "c.mp3").write_text("text")
    with Workers(WorkerPool) as workers:
        result = scanned(folder, catalogue, workers)
    assert (result.tracks, len(result.failed)) == (2, 1)
