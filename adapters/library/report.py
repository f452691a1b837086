"""What `lull analyze` and `lull scan` answer: field names carry their unit (DESIGN section 9)."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from adapters.library.find import printable
from adapters.library.jobs import Failure, analyse_file, identify_file
from adapters.library.pool import WorkerPool, Workers
from adapters.library.scan import ScanResult, scan
from player.errors import DecodeError
from player.model import Track, TrackFeatures
from player.ports.records import CatalogueStore
from player.units import Seconds


class TrackReport(Struct, frozen=True, kw_only=True):
    id: str
    uri: str
    title: str
    artist: str
    duration_s: float


class FeatureReport(Struct, frozen=True, kw_only=True):
    version: int
    heard_s: float
    tempo_bpm: float | None
    tempo_confidence: float
    onset_rate_per_s: float | None
    integrated_loudness_lufs: float | None
    loudness_range_lu: float | None
    largest_rise_lu: float | None
    true_peak_dbtp: float | None
    spectral_centroid_hz: float | None
    spectral_flux: float | None
    roughness: float | None
    arousal: float | None
    arousal_se: float | None
    valence: float | None
    valence_se: float | None
    calmness: float | None
    calmness_se: float | None


class AnalysisReport(Struct, frozen=True, kw_only=True):
    track: TrackReport
    features: FeatureReport
    audio_s: float
    wall_s: float


def analyze_one(source: str) -> AnalysisReport:
    """Analyse the whole of one file or URL. Raises `DecodeError`."""
    begin = time.monotonic()
    remote = "://" in source
    uri = source if remote else str(Path(source).expanduser().absolute())
    track = _stream(uri) if remote else identify_file(uri)
    features = track if isinstance(track, Failure) else analyse_file(uri)
    if isinstance(track, Failure) or isinstance(features, Failure):
        failure = track if isinstance(track, Failure) else features
        raise DecodeError(uri, failure.why if isinstance(failure, Failure) else "")
    return AnalysisReport(
        track=TrackReport(
            id=track.id,
            uri=printable(track.uri),
            title=track.title,
            artist=track.artist,
            duration_s=track.duration,
        ),
        features=_report(features),
        audio_s=features.heard,
        wall_s=round(time.monotonic() - begin, 3),
    )


def scan_paths(
    paths: Sequence[Path], formats: Sequence[str], catalogue: CatalogueStore, workers: int, console: Console
) -> ScanResult:
    """Scan with a progress line on `console`. Raises `LibraryError`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("looking", total=None)

        def on_progress(done: int, total: int, path: str) -> None:
            progress.update(task, completed=done, total=total, description=Path(path).name[:40])

        with Workers(lambda: WorkerPool(workers), workers) as pool:
            result = scan([str(path) for path in paths], formats, catalogue, pool, on_progress)
    for failure in result.failed:
        console.print(f"{failure.uri}: {failure.error}", markup=False, highlight=False, soft_wrap=True)
    counts = f"{result.tracks} analysed, {result.skipped} known, {len(result.failed)} refused"
    console.print(
        f"{counts} in {result.wall_s:.1f} s ({result.songs_per_hour:.0f} an hour).", highlight=False
    )
    return result


def as_table(report: AnalysisReport) -> Table:
    """For a person: values with their unit, what could not be measured as a dash."""
    table = Table(title=Text(f"{report.track.title}  {report.track.artist}"), show_header=False)
    for name in FeatureReport.__struct_fields__:
        value = getattr(report.features, name)
        table.add_row(
            name, "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
        )
    table.add_row("", f"{report.audio_s:.1f} s of audio in {report.wall_s:.1f} s")
    return table


def _stream(url: str) -> Track:
    """A stream is known by its address (DESIGN section 4)."""
    digest = hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
    return Track(id=digest, uri=url, title=url, duration=Seconds(0.0))


def _report(features: TrackFeatures) -> FeatureReport:
    affect = features.affect
    return FeatureReport(
        version=features.version,
        heard_s=features.heard,
        tempo_bpm=features.tempo,
        tempo_confidence=features.tempo_confidence,
        onset_rate_per_s=features.onset_rate,
        integrated_loudness_lufs=features.integrated_loudness,
        loudness_range_lu=features.loudness_range,
        largest_rise_lu=features.largest_rise,
        true_peak_dbtp=features.true_peak,
        spectral_centroid_hz=features.spectral_centroid,
        spectral_flux=features.spectral_flux,
        roughness=features.roughness,
        arousal=affect.arousal if affect else None,
        arousal_se=affect.arousal_se if affect else None,
        valence=affect.valence if affect else None,
        valence_se=affect.valence_se if affect else None,
        calmness=affect.calmness if affect else None,
        calmness_se=affect.calmness_se if affect else None,
    )
