"""What is played: tracks, what analysis says of them, what was chosen."""

from enum import StrEnum

from msgspec import Struct

from player.units import Bpm, Dbtp, Hertz, Lu, Lufs, PerSecond, Seconds

FEATURES_VERSION = 4  # raised whenever analysis would give another number for the same audio

TrackId = str  # 32 hex digits, BLAKE2b-128 (DESIGN 4)


class Track(Struct, frozen=True, kw_only=True):
    id: TrackId
    uri: str  # absolute path or URL
    title: str
    duration: Seconds  # 0 when unknown (a stream)
    artist: str = ""
    album: str = ""
    year: int | None = None  # year of release
    language: str = ""  # ISO 639, "" when unknown
    live: bool = False  # has no end and no place to return to: internet radio
    approved: bool = True  # False, of a remote library: heard only when the profile names it


class Mode(StrEnum):
    MAJOR = "major"
    MINOR = "minor"


class ScanMode(StrEnum):
    """How much of a track was analysed: some excerpts, which only order candidates, or every second."""

    QUICK = "quick"
    FULL = "full"


class Affect(Struct, frozen=True, kw_only=True):
    """Perceived emotion on Russell's circumplex, [−1, 1], with standard errors.

    calmness: 0-1, 1 calmest, 0.5 the median of the reference corpus.
    """

    arousal: float
    arousal_se: float
    valence: float
    valence_se: float
    calmness: float
    calmness_se: float


class TempoCandidate(Struct, frozen=True, kw_only=True):
    tempo: Bpm
    probability: float  # 0-1; of all candidates together at most 1


class Section(Struct, frozen=True, kw_only=True):
    """A part of a track that feels alike."""

    begin: Seconds
    end: Seconds
    loudness: Lufs | None
    affect: Affect


class TrackFeatures(Struct, frozen=True, kw_only=True):
    """What the analyser knows after `heard` seconds. None: not measurable in what was heard."""

    heard: Seconds
    version: int = FEATURES_VERSION
    scan_mode: ScanMode = ScanMode.FULL
    # rhythm
    tempo: Bpm | None = None
    tempo_confidence: float = 0.0  # 0-1
    tempo_candidates: tuple[TempoCandidate, ...] = ()  # octaves and other metrical levels, likeliest first
    felt_pulse: Bpm | None = None  # the level people tap calmly, 50-110
    pulse_clarity: float | None = None  # 0-1, Lartillot 2008
    onset_rate: PerSecond | None = None
    onset_strength: float | None = None  # mean, dB per frame
    percussiveness: float | None = None  # 0-1
    # tonality
    key: int | None = None  # pitch class of the tonic, 0 = C
    mode: Mode | None = None
    key_confidence: float = 0.0  # 0-1, probability that key and mode are right
    key_clarity: float | None = None  # correlation with the best key profile, −1 to 1
    chroma: tuple[float, ...] = ()  # 12 shares from C, sum 1
    # loudness
    integrated_loudness: Lufs | None = None  # BS.1770-4; None below the absolute gate
    loudness_range: Lu | None = None  # EBU Tech 3342
    momentary_loudness: Lufs | None = None  # last 400 ms
    short_term_loudness: Lufs | None = None  # last 3 s
    largest_rise: Lu | None = None  # largest rise of momentary loudness within 3 s (startle)
    true_peak: Dbtp | None = None
    # timbre
    spectral_centroid: Hertz | None = None
    spectral_flux: float | None = None  # mean half-wave rectified flux of the normalised spectrum
    spectral_flatness: float | None = None  # 0-1, geometric over arithmetic mean
    spectral_rolloff: Hertz | None = None  # 85 % of the energy lies below
    low_energy: float | None = None  # share below 200 Hz
    mid_energy: float | None = None  # share in 200-2,000 Hz
    high_energy: float | None = None  # share above 2,000 Hz
    fluctuation: float | None = None  # of the level in 200-800 Hz (Salakka 2021), dB
    roughness: float | None = None
    # what kind of sound, and where
    speech: float | None = None  # probability that it is spoken word rather than music
    speech_confidence: float = 0.0  # 0-1
    silence: float | None = None  # share of what was heard below −60 LUFS
    cue_in: Seconds | None = None  # where the music begins
    cue_out: Seconds | None = None  # where it has ended; known at the end
    fade_in: Seconds | None = None  # how long it swells after cue_in; 0 for a plain beginning
    fade_out: Seconds | None = None  # how long it dies away before cue_out
    # emotion
    affect: Affect | None = None
    latest_affect: Affect | None = None  # of the newest 30 s: live, what the ear will get next
    sections: tuple[Section, ...] = ()


class CatalogueEntry(Struct, frozen=True, kw_only=True):
    """A playable track and, once analysed, its features."""

    track: Track
    features: TrackFeatures | None = None


class Selection(Struct, frozen=True, kw_only=True):
    track_id: TrackId
    propensity: float  # (0, 1]: probability with which the policy chose it
    expected_reward: float
    policy: str  # name and version
    reason: str  # one readable sentence
    context: dict[str, float] = {}  # the situation it was made in, by name
    basis: dict[str, float] = {}  # what the policy knew about the track, by name; to credit it later
