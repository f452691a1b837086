"""The catalogue as a table for other programs."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet
import pytest

from adapters.library.parquet import export, require_parquet
from adapters.library.report import FeatureReport
from adapters.store.catalogue import Catalogue
from player.errors import LibraryError
from player.model import Affect, CatalogueEntry, Mode, ScanMode, Track, TrackFeatures
from player.ports.records import FileRecord
from player.units import Bpm, Lufs, Seconds

untyped: Any = pyarrow
FEATURES = TrackFeatures(
    heard=Seconds(60.0),
    scan_mode=ScanMode.QUICK,
    tempo=Bpm(90.0),
    key=2,
    mode=Mode.MINOR,
    chroma=(0.5, 0.5, *[0.0] * 10),
    integrated_loudness=Lufs(-20.0),
    affect=Affect(arousal=0.1, arousal_se=0.2, valence=0.3, valence_se=0.4, calmness=0.5, calmness_se=0.1),
)


def entry(number: int, features: TrackFeatures | None = FEATURES) -> CatalogueEntry:
    track = Track(id=f"{number:032}", uri=f"/m/{number}.mp3", title="Ä", duration=Seconds(210.0))
    return CatalogueEntry(track=track, features=features)


def test_a_row_for_each_track_with_the_names_of_analyze(tmp_path: Path) -> None:
    assert export([entry(1), entry(2, TrackFeatures(heard=Seconds(1.0)))], tmp_path / "a.parquet") == 2
    first, second = untyped.parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert (first["id"], first["uri"], first["duration_s"]) == (f"{1:032}", "/m/1.mp3", 210.0)
    assert (first["tempo_bpm"], first["key"], first["mode"]) == (90.0, 2, "minor")
    assert (first["chroma_1"], first["scan_mode"], first["calmness_se"]) == (0.5, "quick", 0.1)
    assert second["tempo_bpm"] is None and second["chroma_0"] is None and second["calmness"] is None
    flat = set(FeatureReport.__struct_fields__) - {"chroma", "sections", "tempo_candidates"}
    assert flat < set(first)
    json.dumps(first)  # nothing nested in disguise
    assert list(tmp_path.iterdir()) == [tmp_path / "a.parquet"]


def test_the_table_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff.parquet")
    assert export([entry(1)], path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_whole_catalogue_is_written_a_part_at_a_time(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.db")
    many = [entry(number, FEATURES if number % 2 else None) for number in range(2500)]
    records = (FileRecord(path=e.track.uri, size=1, mtime_ns=1, track_id=e.track.id) for e in many)
    catalogue.save((record, e.track, e.features) for record, e in zip(records, many, strict=True))
    assert [e.track.id for e in catalogue.analysed()] == [e.track.id for e in many if e.features]
    assert export(catalogue.analysed(), tmp_path / "a.parquet") == 1250
    catalogue.close()


def test_a_failed_export_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("before")

    def broken() -> Iterator[CatalogueEntry]:
        yield entry(1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export(broken(), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.parquet"]
    with pytest.raises(LibraryError, match="cannot be written"):
        export([], tmp_path / "nowhere" / "a.parquet")


def test_a_folder_is_refused_before_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, Path()):
        with pytest.raises(LibraryError, match="it is a folder"):
            require_parquet(folder)


def test_without_pyarrow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LibraryError, match=r"pip install 'lull\[parquet\]'"):
        export([], tmp_path / "a.parquet")


def test_features_keep_their_place_on_the_way(tmp_path: Path) -> None:
    values = {f.name: f.type for f in msgspec.structs.fields(FeatureReport)}
    assert list(values)[:3] == ["version", "scan_mode", "heard_s"]
    export([], tmp_path / "empty.parquet")
    assert untyped.parquet.read_table(tmp_path / "empty.parquet").num_rows == 0
