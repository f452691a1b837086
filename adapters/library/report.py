"""What `lull analyze` answers: field names carry their unit (DESIGN section 9)."""

import hashlib
import time
from pathlib import Path

from msgspec import Struct, structs
from rich.table import Table
from rich.text import Text

from adapters.decode.web import shown
from adapters.library.find import printable
from adapters.library.jobs import Failure, analyse_file, analyse_stream, identify_file
from player.analysis.confidence import confidences
from player.errors import DecodeError
from player.model import Section, Track, TrackFeatures
from player.units import Seconds


class TrackReport(Struct, frozen=True, kw_only=True):
    id: str
    uri: str
    title: str
    artist: str
    duration_s: float


class CandidateReport(Struct, frozen=True, kw_only=True):
    tempo_bpm: float
    probability: float


class SectionReport(Struct, frozen=True, kw_only=True):
    begin_s: float
    end_s: float
    loudness_lufs: float | None
    arousal: float
    arousal_se: float
    valence: float
    valence_se: float
    calmness: float
    calmness_se: float


class FeatureReport(Struct, frozen=True, kw_only=True):
    """`TrackFeatures`, every name with its unit. None: not measurable in what was heard."""

    version: int
    scan_mode: str
    heard_s: float
    tempo_bpm: float | None
    tempo_confidence: float
    tempo_candidates: tuple[CandidateReport, ...]
    felt_pulse_bpm: float | None
    pulse_clarity: float | None
    onset_rate_per_s: float | None
    onset_strength_db: float | None
    percussiveness: float | None
    key: int | None  # pitch class of the tonic, 0 = C
    mode: str | None
    key_confidence: float
    key_clarity: float | None
    chroma: tuple[float, ...]  # from C
    integrated_loudness_lufs: float | None
    loudness_range_lu: float | None
    momentary_loudness_lufs: float | None
    short_term_loudness_lufs: float | None
    largest_rise_lu: float | None
    true_peak_dbtp: float | None
    spectral_centroid_hz: float | None
    spectral_flux: float | None
    spectral_flatness: float | None
    spectral_rolloff_hz: float | None
    low_energy: float | None
    mid_energy: float | None
    high_energy: float | None
    fluctuation_db: float | None
    roughness: float | None
    speech: float | None
    speech_confidence: float
    silence: float | None
    cue_in_s: float | None
    cue_out_s: float | None
    fade_in_s: float | None
    fade_out_s: float | None
    arousal: float | None
    arousal_se: float | None
    valence: float | None
    valence_se: float | None
    calmness: float | None
    calmness_se: float | None
    sections: tuple[SectionReport, ...]


class AnalysisReport(Struct, frozen=True, kw_only=True):
    track: TrackReport
    whole: bool  # False: it has no end; its beginning was heard
    features: FeatureReport
    confidence: dict[str, float]  # 0-1 by feature: how well what was heard stands for the whole track
    audio_s: float
    wall_s: float


def analyze_one(source: str) -> AnalysisReport:
    """Analyse the whole of one file or URL, of a station its first minute. Raises `DecodeError`."""
    begin = time.monotonic()
    remote = "://" in source
    uri = source if remote else str(Path(source).expanduser().absolute())
    track = _stream(uri) if remote else identify_file(uri)
    if isinstance(track, Failure):
        raise DecodeError(shown(uri), track.why)
    heard = analyse_stream(uri) if remote else analyse_file(uri)
    if isinstance(heard, Failure):
        raise DecodeError(shown(uri), heard.why)
    features, whole = heard if isinstance(heard, tuple) else (heard, True)
    return AnalysisReport(
        track=track_report(track),
        whole=whole,
        features=feature_report(features),
        confidence=confidences(features, track.duration or None),
        audio_s=features.heard,
        wall_s=round(time.monotonic() - begin, 3),
    )


def as_table(report: AnalysisReport) -> Table:
    """For a person: values with their unit, what could not be measured as a dash."""
    table = Table(title=Text(f"{report.track.title}  {report.track.artist}"), show_header=False)
    for name in FeatureReport.__struct_fields__:
        table.add_row(name, _in_words(getattr(report.features, name)))
    table.add_row("", f"{report.audio_s:.1f} s of audio in {report.wall_s:.1f} s")
    return table


def _stream(url: str) -> Track:
    """A stream is known by its address (DESIGN section 4)."""
    digest = hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
    return Track(id=digest, uri=shown(url), title=shown(url), duration=Seconds(0.0))


def track_report(track: Track) -> TrackReport:
    return TrackReport(
        id=track.id,
        uri=printable(track.uri),
        title=track.title,
        artist=track.artist,
        duration_s=track.duration,
    )


def feature_report(features: TrackFeatures) -> FeatureReport:
    affect = features.affect
    return FeatureReport(
        version=features.version,
        scan_mode=features.scan_mode.value,
        heard_s=features.heard,
        tempo_bpm=features.tempo,
        tempo_confidence=features.tempo_confidence,
        tempo_candidates=tuple(
            CandidateReport(tempo_bpm=one.tempo, probability=one.probability)
            for one in features.tempo_candidates
        ),
        felt_pulse_bpm=features.felt_pulse,
        pulse_clarity=features.pulse_clarity,
        onset_rate_per_s=features.onset_rate,
        onset_strength_db=features.onset_strength,
        percussiveness=features.percussiveness,
        key=features.key,
        mode=features.mode.value if features.mode else None,
        key_confidence=features.key_confidence,
        key_clarity=features.key_clarity,
        chroma=features.chroma,
        integrated_loudness_lufs=features.integrated_loudness,
        loudness_range_lu=features.loudness_range,
        momentary_loudness_lufs=features.momentary_loudness,
        short_term_loudness_lufs=features.short_term_loudness,
        largest_rise_lu=features.largest_rise,
        true_peak_dbtp=features.true_peak,
        spectral_centroid_hz=features.spectral_centroid,
        spectral_flux=features.spectral_flux,
        spectral_flatness=features.spectral_flatness,
        spectral_rolloff_hz=features.spectral_rolloff,
        low_energy=features.low_energy,
        mid_energy=features.mid_energy,
        high_energy=features.high_energy,
        fluctuation_db=features.fluctuation,
        roughness=features.roughness,
        speech=features.speech,
        speech_confidence=features.speech_confidence,
        silence=features.silence,
        cue_in_s=features.cue_in,
        cue_out_s=features.cue_out,
        fade_in_s=features.fade_in,
        fade_out_s=features.fade_out,
        arousal=affect.arousal if affect else None,
        arousal_se=affect.arousal_se if affect else None,
        valence=affect.valence if affect else None,
        valence_se=affect.valence_se if affect else None,
        calmness=affect.calmness if affect else None,
        calmness_se=affect.calmness_se if affect else None,
        sections=tuple(_section(section) for section in features.sections),
    )


def _section(section: Section) -> SectionReport:
    return SectionReport(
        begin_s=section.begin,
        end_s=section.end,
        loudness_lufs=section.loudness,
        **structs.asdict(section.affect),
    )


def _in_words(value: object) -> str:
    match value:
        case None | ():
            return "–"
        case float():
            return f"{value:.1f}" if abs(value) >= 100.0 else f"{value:.3g}"
        case Struct():
            return " ".join(_in_words(getattr(value, name)) for name in value.__struct_fields__)
        case tuple():
            return ", ".join(_in_words(one) for one in value)
        case _:
            return str(value)
