"""What `lull analyze` answers: field names carry their unit (DESIGN section 9)."""

import errno
import hashlib
import os
import time
from pathlib import Path
from typing import Final

from msgspec import Struct, structs
from rich.table import Table
from rich.text import Text

from adapters.decode.web import shown
from adapters.library.find import printable
from adapters.library.jobs import Ask, Examined, Failure, Watcher, analyse_stream, examine_file
from adapters.logs import legible
from player.analysis.confidence import confidences
from player.errors import DecodeError
from player.model import ScanMode, Section, Track, TrackFeatures
from player.units import Seconds

NOTES: Final = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
ELSEWHERE: Final = frozenset(  # told beside another value, at the head, or of no use to a person
    (
        *("version", "scan_mode", "heard_s", "chroma", "mode"),
        *("tempo_confidence", "key_confidence", "speech_confidence"),
        *("arousal_se", "valence_se", "calmness_se"),
    )
)
LIKELY: Final = 0.05  # probability: below it another tempo is not worth telling a person


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
    features: FeatureReport
    confidence: dict[str, float]  # 0-1 by feature: how well what was heard stands for the whole track
    missing: str  # why this is not the whole track; "": it is
    audio_s: float
    wall_s: float


def analyze_one(source: str, watcher: Watcher | None = None) -> AnalysisReport:
    """Analyse the whole of one file or URL, of a station its first minute. Raises `DecodeError`."""
    begin = time.monotonic()
    remote = "://" in source
    uri = source if remote else str(Path(source).expanduser().absolute())
    if not remote:
        _require(uri)
    found = _hear_url(uri, watcher) if remote else examine_file(Ask(uri), ScanMode.FULL, watcher=watcher)
    if isinstance(found, Failure) or found.features is None:
        raise DecodeError(shown(uri), found.why if isinstance(found, Failure) else "")
    return AnalysisReport(
        track=track_report(found.track),
        features=feature_report(found.features),
        confidence=confidences(found.features, found.track.duration or None),
        missing=found.missing,
        audio_s=found.features.heard,
        wall_s=round(time.monotonic() - begin, 3),
    )


def _require(path: str) -> None:
    """Says what to do where the file is not there or not ours."""
    try:
        os.stat(path)
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): check the path, and who may read it."
        raise DecodeError(printable(path), problem) from error


def as_table(report: AnalysisReport) -> Table:
    """For a person: values with their unit and how sure they are, what could not be measured as a dash."""
    table = Table(title=Text(legible(f"{report.track.title}  {report.track.artist}")), show_header=False)
    features = report.features
    table.add_row("heard_s", _in_words(features.heard_s))
    if features.cue_in_s is None:
        table.add_row("silence", "nothing but silence was heard: there is nothing to measure")
    else:
        for name in FeatureReport.__struct_fields__:
            if name not in ELSEWHERE:
                table.add_row(name, _with_confidence(features, name))
        if features.calmness is None:
            table.add_row("", "too short to judge how calm it is")
    table.add_row("", f"{report.audio_s:.1f} s of audio in {report.wall_s:.1f} s")
    return table


def _with_confidence(features: FeatureReport, name: str) -> str:
    value = getattr(features, name)
    if value is None:
        return _in_words(value)
    if name == "key":
        return f"{NOTES[value]} {features.mode} (confidence {features.key_confidence:.2f})"
    if name == "tempo_candidates":
        likely = [one for one in value if one.probability >= LIKELY]
        return ", ".join(f"{_in_words(one.tempo_bpm)} ({one.probability:.2f})" for one in likely) or "–"
    if name == "sections":
        return "\n".join(_section_in_words(one) for one in value) or "–"
    told = _in_words(value)
    if (error := getattr(features, f"{name}_se", None)) is not None:
        return f"{told} ± {_in_words(error)}"
    sure = getattr(features, f"{name.removesuffix('_bpm')}_confidence", None)
    return told if sure is None else f"{told} (confidence {sure:.2f})"


def _section_in_words(section: SectionReport) -> str:
    place = f"{clock_time(section.begin_s)}-{clock_time(section.end_s)}"
    return f"{place}  calmness {section.calmness:.2f} ± {section.calmness_se:.2f}"


def clock_time(at: float) -> str:
    """Seconds as minutes and seconds."""
    minutes, seconds = divmod(round(at), 60)
    return f"{minutes}:{seconds:02}"


def _hear_url(url: str, watcher: Watcher | None) -> Examined | Failure:
    heard = analyse_stream(url, watcher)
    return heard if isinstance(heard, Failure) else Examined(_stream(url), *heard)


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
