"""Scanning folders: what is good is kept, what is bad costs itself only, what is known is skipped."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from adapters.decode.native import NativeSource, OnPacket
from adapters.library.excerpts import CENTRES, LENGTH
from adapters.library.find import find
from adapters.library.jobs import Failure, analyse_file
from adapters.library.pool import WorkerPool, Workers
from adapters.library.scan import Scan, ScanResult
from adapters.library.scanner import Scanner
from adapters.store.catalogue import Catalogue
from player.errors import DecodeError, LibraryError
from player.model import FEATURES_VERSION, ScanMode, TrackFeatures
from player.ports.audio import Pcm
from player.settings import LibrarySettings
from tests.support.encode import encode
from tests.support.music import CODECS, music

FORMATS = LibrarySettings().formats


def scanned(
    folder: Path, catalogue: Catalogue, workers: Workers, mode: ScanMode = ScanMode.FULL
) -> ScanResult:
    return Scan(catalogue, workers, mode).run([str(folder)], FORMATS)


def scan_modes(catalogue: Catalogue) -> set[ScanMode]:
    return {entry.features.scan_mode for entry in catalogue.entries().values() if entry.features}


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

    broken_off = Scan(catalogue, workers, on_progress=interrupt)
    with pytest.raises(Interrupted):
        broken_off.run([str(folder)], FORMATS)
    assert broken_off.result().tracks == 2
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.skipped) == (2, 2)


def test_progress_is_told_for_every_file(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    for number in range(3):
        music(folder / f"{number}.flac", number)
    told: list[tuple[int, int]] = []
    scan = Scan(catalogue, workers, on_progress=lambda done, total, _: told.append((done, total)))
    scan.run([str(folder)], FORMATS)
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


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
    whole = NativeSource.blocks
    limit = 0.0

    def breaking(self: NativeSource, on_packet: OnPacket | None = None, _: float = 1.0) -> Iterator[Pcm]:
        given = 0
        for block in whole(self, on_packet):
            given += len(block)
            if given > limit * self.rate:
                raise DecodeError(self.uri, "broke off")
            yield block

    monkeypatch.setattr(NativeSource, "blocks", breaking)
    limit = 5.0
    assert analyse_file(path) == Failure("broke off")
    limit = 12.0
    features = analyse_file(path)
    assert isinstance(features, TrackFeatures)
    assert 10.0 < features.heard <= 12.0


def test_quick_listens_to_excerpts_and_full_takes_their_place_for_good(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "a.mp3", 1, seconds=90.0)
    quick = scanned(folder, catalogue, workers, ScanMode.QUICK)
    assert (quick.mode, quick.tracks, quick.audio_s) == ("quick", 1, len(CENTRES) * LENGTH)
    assert scan_modes(catalogue) == {ScanMode.QUICK}
    assert scanned(folder, catalogue, workers, ScanMode.QUICK).skipped == 1
    full = scanned(folder, catalogue, workers)
    assert full.tracks == 1
    assert full.audio_s == pytest.approx(90.0, abs=0.1)
    assert scan_modes(catalogue) == {ScanMode.FULL}
    assert scanned(folder, catalogue, workers, ScanMode.QUICK).skipped == 1
    assert scan_modes(catalogue) == {ScanMode.FULL}


def test_quick_listens_to_all_of_a_short_track(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    music(folder / "a.ogg", 1, seconds=20.0)
    assert scanned(folder, catalogue, workers, ScanMode.QUICK).audio_s == pytest.approx(20.0, abs=0.1)
    assert scan_modes(catalogue) == {ScanMode.FULL}


def test_quick_listens_to_all_of_what_is_shorter_than_it_says(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    content = music(folder.parent / "whole.mp3", 1, seconds=90.0).read_bytes()
    (folder / "cut.mp3").write_bytes(content[: len(content) // 2])
    result = scanned(folder, catalogue, workers, ScanMode.QUICK)
    assert result.tracks == 1
    assert result.audio_s == pytest.approx(45.0, abs=1.0)


def test_a_track_is_the_same_in_both_modes(folder: Path, workers: Workers, tmp_path: Path) -> None:
    for number, kind in enumerate(CODECS):
        music(folder / f"{kind}.{kind}", number, seconds=80.0 if kind == "mp3" else 3.0)
    ids = []
    for mode in ScanMode:
        catalogue = Catalogue(tmp_path / f"{mode}.db")
        assert scanned(folder, catalogue, workers, mode).tracks == len(CODECS)
        ids.append(set(catalogue.entries()))
        catalogue.close()
    assert ids[0] == ids[1]


def test_a_picture_is_named_and_one_beside_the_music_is_no_matter(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    silent = np.zeros((48_000, 2), dtype=np.float32)
    encode(folder / "covered.mp3", silent, "libmp3lame", picture=True)
    with av.open(str(folder / "cover.jpg"), "w", format="image2") as container:
        picture = container.add_stream("mjpeg", rate=1)
        assert isinstance(picture, VideoStream)
        picture.width = picture.height = 16
        picture.pix_fmt = "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        container.mux(picture.encode(frame.reformat(format="yuvj420p")) + picture.encode(None))
    (folder / "cover.jpg").rename(folder / "cover.mp3")
    result = scanned(folder, catalogue, workers)
    assert result.tracks == 1
    ((uri, why),) = [(failure.uri, failure.error) for failure in result.failed]
    assert uri == str(folder / "cover.mp3")
    assert why == "holds no sound: choose an audio file."


def test_files_that_went_or_changed_meanwhile_are_named_and_not_kept(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    for number in range(3):
        music(folder / f"{number}.flac", number, seconds=1.0 + number)

    def meddle(done: int, _total: int, _path: str) -> None:
        if done == 1:
            (folder / "1.flac").unlink()
            with (folder / "2.flac").open("ab") as file:
                file.write(b"more")

    result = Scan(catalogue, workers, on_progress=meddle).run([str(folder)], FORMATS)
    told = {Path(failure.uri).name: failure.error for failure in result.failed}
    assert (result.tracks, set(told)) == (1, {"1.flac", "2.flac"})
    assert "went while it was read" in told["1.flac"] or "No such file" in told["1.flac"]
    assert "changed while it was read" in told["2.flac"]
    assert set(catalogue.files()) == {str(folder / "0.flac")}


def test_a_change_of_rate_within_a_stream_is_played_on_at_the_first(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    other = headed(folder.parent / "b.mp3", 2, 32_000).read_bytes()
    path = headed(folder / "a.mp3", 1, 48_000)
    path.write_bytes(path.read_bytes() + other)
    result = scanned(folder, catalogue, workers)
    assert result.tracks == 1
    assert result.audio_s == pytest.approx(12.0, abs=0.3)


def headed(path: Path, number: int, rate: int) -> Path:
    """An MP3 of six seconds at `rate`, without the index that would tell its length."""
    noise = np.random.default_rng(number).normal(0.0, 0.1, (1, 2 * 6 * rate)).astype(np.float32)
    with av.open(str(path), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(noise, format="flt", layout="stereo")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_failure_that_may_pass_is_not_kept(
    folder: Path, catalogue: Catalogue, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    music(folder / "a.mp3", 1)
    busy = Failure("cannot be opened (the disk is busy).", lasting=False)
    monkeypatch.setattr("adapters.library.scan.examiner", lambda *_: lambda _: busy)
    assert [failure.error for failure in scanned(folder, catalogue, workers).failed] == [busy.why]
    monkeypatch.undo()
    assert scanned(folder, catalogue, workers).tracks == 1


def test_known_files_are_no_songs_an_hour(folder: Path, catalogue: Catalogue, workers: Workers) -> None:
    music(folder / "a.mp3", 1)
    assert scanned(folder, catalogue, workers).songs_per_hour > 0.0
    assert scanned(folder, catalogue, workers).songs_per_hour == 0.0


def test_a_file_of_which_a_quarter_is_missing_is_told(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    content = music(folder / "cut.flac", 1, seconds=40.0).read_bytes()
    (folder / "cut.flac").write_bytes(content[: 3 * len(content) // 4])
    ((uri, why),) = [(told.uri, told.error) for told in scanned(folder, catalogue, workers).incomplete]
    assert uri == str(folder / "cut.flac")
    assert "of 40 s can be read" in why


def test_with_real_worker_processes(folder: Path, catalogue: Catalogue) -> None:
    music(folder / "a.mp3", 1)
    music(folder / "b.ogg", 2)
    (folder / "c.mp3").write_text("text")
    with Workers(WorkerPool) as workers:
        result = scanned(folder, catalogue, workers)
    assert (result.tracks, len(result.failed)) == (2, 1)
