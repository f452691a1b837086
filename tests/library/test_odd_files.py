"""Files and places that a scan must neither lose nor judge by what came before."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from adapters.decode import av as decode_av
from adapters.decode.native import NativeSource
from adapters.library.identity import Fingerprint
from adapters.library.jobs import Ask, Examined, Failure, analyse_file, examine_file, identify_file
from adapters.library.paths import PathMap
from adapters.library.pool import Workers
from adapters.library.scan import Scan, ScanResult
from adapters.store.catalogue import Catalogue
from player.model import ScanMode, Track, TrackFeatures
from player.settings import LibrarySettings
from player.units import Seconds
from tests.support.badweb import Page, bad_web
from tests.support.music import music
from tests.support.wav import write_wav

FORMATS = LibrarySettings().formats


def scanned(
    folder: Path, catalogue: Catalogue, workers: Workers, mode: ScanMode = ScanMode.FULL
) -> ScanResult:
    return Scan(catalogue, workers, mode).run([str(folder)], FORMATS)


def test_a_file_that_changes_its_rate_is_judged_alike_whatever_came_before(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    """A chained Ogg: what FFmpeg can read of it is music, and that it breaks off is said."""
    path = chained(folder / "a.ogg")
    quick = scanned(folder, catalogue, workers, ScanMode.QUICK)
    assert (quick.tracks, quick.failed) == (1, ())
    assert [failure.uri for failure in quick.incomplete] == [str(path)]
    assert "changes its format after 12 s: heard up to there" in quick.incomplete[0].error
    full = scanned(folder, catalogue, workers, ScanMode.FULL)  # so short a file is heard whole at once
    assert (full.skipped, full.failed) == (1, ())
    afresh = analyse_file(str(path))
    assert isinstance(afresh, TrackFeatures)
    assert afresh.heard == pytest.approx(12.0, abs=0.1)
    [entry] = catalogue.entries().values()
    assert entry.features == afresh
    assert entry.track == identify_file(str(path))


def chained(path: Path) -> Path:
    """Twelve seconds, then a second stream at another rate."""
    parts = []
    for number, rate in enumerate((44_100, 22_050)):
        part = path.with_name(f"part{number}")
        noise = np.random.default_rng(number).normal(0.0, 0.1, (1, 2 * 12 * rate))
        with av.open(str(part), "w", format="ogg") as container:
            stream = container.add_stream("vorbis", rate=rate, options={"strict": "experimental"})
            assert isinstance(stream, AudioStream)
            stream.layout = "stereo"
            frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="flt", layout="stereo")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        parts.append(part.read_bytes())
        part.unlink()
    path.write_bytes(b"".join(parts))
    return path


def test_files_of_one_size_are_examined_side_by_side_and_copies_once(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        music(folder / f"{number}.wav", number)
    (folder / "copy.wav").write_bytes((folder / "3.wav").read_bytes())
    rounds = []
    run = Workers.run

    def counted(self: Workers, job: Any, items: Any, *rest: Any) -> Any:
        asked = list(items)
        rounds.append(len(asked))
        return run(self, job, asked, *rest)

    monkeypatch.setattr(Workers, "run", counted)
    with Workers(ThreadPoolExecutor) as workers:
        result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.skipped) == (6, 1)
    assert rounds == [6, 1]


def test_two_files_at_one_place_of_the_workers_are_named(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    music(folder / "one" / "a.mp3", 1)
    music(folder / "two" / "a.mp3", 2, seconds=2.5)
    paths = PathMap([f"{folder / 'one'}={folder / 'two'}"])
    result = Scan(catalogue, workers, paths=paths).run([str(folder)], FORMATS)
    assert len(result.failed) == 1
    assert "check --map" in result.failed[0].error


def test_a_wrong_map_is_told_with_the_place_that_was_tried(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    path = music(folder / "a.mp3", 1)
    for remote, why in (
        ("/nowhere", "cannot be read (No such file or directory)."),
        ("http://127.0.0.1:9", "has a server that takes no connection: check the address and its port."),
    ):
        result = Scan(catalogue, workers, paths=PathMap([f"{folder}={remote}"])).run([str(folder)], FORMATS)
        (failed,) = result.failed
        assert failed.uri == str(path)
        assert failed.error == f"is looked for at {remote}/a.mp3, which {why} Check --map."
    assert scanned(folder, catalogue, workers).tracks == 1  # it was not judged by that


def test_a_server_without_byte_ranges_is_named_and_no_file_judged_by_it(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    for number, kind in enumerate(("m4a", "opus", "ogg", "mp3")):
        music(folder / f"a.{kind}", number, seconds=12.0)
    with bad_web() as web:
        web.folder(folder)
        paths = PathMap([f"{folder}={web.url('').rstrip('/')}"])
        for page in web.pages.values():
            page.ranges = False
        result = Scan(catalogue, workers, paths=paths).run([str(folder)], FORMATS)
        told = {Path(failure.uri).suffix: failure.error for failure in result.failed}
        assert sorted(told) == [".m4a", ".ogg", ".opus"]  # MP3 can do without
        assert all(
            "a server that gives no byte ranges: serve it with one" in error for error in told.values()
        )
        for page in web.pages.values():
            page.ranges = True
        again = Scan(catalogue, workers, paths=paths).run([str(folder)], FORMATS)
    assert (again.tracks, again.skipped, again.failed) == (3, 1, ())
    assert scanned(folder, catalogue, workers).skipped == 4  # the same tracks as on the disk


def test_a_station_needs_no_byte_ranges(folder: Path) -> None:
    path = music(folder / "a.ogg", 1, seconds=12.0)
    with bad_web() as web:
        web.pages["live"] = Page(path.read_bytes(), "application/ogg", live=True, ranges=False)
        with NativeSource(web.url("live")) as source:
            assert len(next(source.blocks())) == source.rate


def test_a_file_that_breaks_off_is_kept_and_named(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    path = music(folder / "a.mp3", 1, seconds=40.0)  # its header counts the frames there should be
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 5])
    music(folder / "b.mp3", 2, seconds=40.0)
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.failed) == (2, ())
    assert [failure.uri for failure in result.incomplete] == [str(path)]
    assert "16 of 40 s can be read" in result.incomplete[0].error


def test_a_chained_file_that_is_heard_whole_is_not_told_as_broken(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    parts = [music(folder / f"{number}.opus", number, seconds=12.0) for number in range(2)]
    (folder / "both.opus").write_bytes(b"".join(part.read_bytes() for part in parts))
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.failed, result.incomplete) == (3, (), ())
    assert result.audio_s == pytest.approx(48.0, abs=0.5)


def test_damage_is_told_also_of_a_file_whose_duration_is_not_known(
    folder: Path, catalogue: Catalogue, workers: Workers
) -> None:
    path = music(folder / "a.opus", 1, seconds=60.0)
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data), 1000):  # no page is whole from here on
        data[at] ^= 0xFF
    path.write_bytes(data)
    result = scanned(folder, catalogue, workers)
    assert (result.tracks, result.failed) == (1, ())
    assert [entry.track.duration for entry in catalogue.entries().values()] == [0.0]
    assert re.match(r"breaks off: \d\d of 60 s can be read", result.incomplete[0].error)


def test_a_file_that_claims_no_channels_is_refused_alike_in_every_job(folder: Path) -> None:
    path = write_wav(folder / "none.wav", np.zeros((48_000, 2), np.float32))
    data = bytearray(path.read_bytes())
    data[22:24] = bytes(2)  # the header's number of channels
    path.write_bytes(data)
    quick, full = (examine_file(Ask(str(path)), mode) for mode in (ScanMode.QUICK, ScanMode.FULL))
    assert quick == full == identify_file(str(path)) == analyse_file(str(path))
    assert isinstance(full, Failure) and "holds no sound" in full.why


def test_a_damaged_file_is_the_same_track_in_every_job(folder: Path) -> None:
    path = music(folder / "a.mp3", 1, seconds=50.0)
    data = bytearray(path.read_bytes())
    generator = np.random.default_rng(2)
    for start in range(len(data) * 2 // 5, len(data), 400):  # in every packet from 20 s on
        data[start : start + 150] = generator.bytes(len(data[start : start + 150]))
    path.write_bytes(data)
    track = identify_file(str(path))
    assert isinstance(track, Track)
    quick, full = (examine_file(Ask(str(path)), mode) for mode in (ScanMode.QUICK, ScanMode.FULL))
    assert isinstance(quick, Examined)
    assert isinstance(full, Examined)
    assert quick.track == full.track == track
    assert full.features is not None
    assert full.features.heard < 40.0  # it did break off


def test_a_click_that_is_a_little_shorter_than_declared_is_whole(
    folder: Path, catalogue: Catalogue, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    music(folder / "click.wav", 1, seconds=0.012)
    result = Fingerprint.result
    monkeypatch.setattr(Fingerprint, "result", lambda self: (result(self)[0], Seconds(0.015)))
    scan = scanned(folder, catalogue, workers)
    assert (scan.tracks, scan.failed, scan.incomplete) == (1, (), ())


@pytest.mark.parametrize("fault", ["refusing", "silent", "another page"])
def test_a_server_at_fault_is_no_fault_of_the_file(
    folder: Path, catalogue: Catalogue, workers: Workers, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(decode_av, "OPEN_TIMEOUT", 0.5)
    content = music(folder / "a.mp3", 1).read_bytes()
    with bad_web() as web:
        paths = PathMap([f"{folder}={web.url('music')}"])
        web.pages["music/a.mp3"] = Page(b"<html>Sign in</html>" if fault == "another page" else content)
        if fault == "refusing":
            web.refusing.set()
        elif fault == "silent":
            web.stalled.set()
        first = Scan(catalogue, workers, paths=paths).run([str(folder)], FORMATS)
        assert [failure.uri for failure in first.failed] == [str(folder / "a.mp3")]
        web.refusing.clear()
        web.stalled.clear()
        web.pages["music/a.mp3"] = Page(content)
        assert Scan(catalogue, workers, paths=paths).run([str(folder)], FORMATS).tracks == 1


def test_of_a_file_that_breaks_off_the_doubt_is_that_of_a_part(tmp_path: Path) -> None:
    whole = music(tmp_path / "whole.mp3", 1, seconds=120.0)
    part = tmp_path / "part.mp3"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 8])
    sure = []
    for path in (whole, part):
        found = examine_file(Ask(str(path)), ScanMode.FULL)
        assert isinstance(found, Examined)
        assert found.features is not None
        assert found.features.affect is not None
        sure.append(found.features.affect.arousal_se)
    assert sure[1] > 1.1 * sure[0]
