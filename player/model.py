"""The data types that every room shares: frozen, with a unit for every field.

`msgspec.Struct`s are slotted, and one schema serves pipe, journal and replay.
"""

from enum import StrEnum

from msgspec import Struct

from player.units import (
    Bpm,
    Dbtp,
    Decibels,
    Frames,
    Hertz,
    Lu,
    Lufs,
    PerSecond,
    Seconds,
)

FEATURES_VERSION = 2  # raised whenever analysis would give another number for the same audio

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


class Quantity(StrEnum):
    """What a reading measures; the unit is fixed by the quantity (MQTT.md A)."""

    AGITATION = "agitation"  # 0-1
    AGITATION_RATING = "agitation_rating"  # 0-4, by staff
    HEART_RATE = "heart_rate"  # 1/min
    HEART_RATE_VARIABILITY = "heart_rate_variability"  # RMSSD ms
    EDA = "eda"  # µS
    SKIN_TEMPERATURE = "skin_temperature"  # °C
    RESPIRATION = "respiration"  # 1/min
    MOVEMENT = "movement"  # g
    BED_OCCUPIED = "bed_occupied"  # 0 or 1
    PRESENCE = "presence"  # 0 or 1
    SOUND_LEVEL = "sound_level"  # dB above the room's baseline
    SOUND_EVENT = "sound_event"  # 0 or 1
    VOICE = "voice"  # 0-1, share of the time
    SHOUT = "shout"  # 0-1, evidence
    REPETITIVE_CALL = "repetitive_call"  # 0-1, evidence
    POSTURE = "posture"  # code
    ALARM = "alarm"  # 0 or 1: fire alarm, nurse call


ROOM_MICROPHONE = "room-microphone"  # source of its readings: the player's own sound is taken away already


class Reading(Struct, frozen=True, kw_only=True):
    source: str  # the device, as named in the topic
    quantity: Quantity
    value: float
    at: Seconds
    quality: float = 1.0  # 0-1


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason for the present estimate of agitation."""

    source: str
    quantity: Quantity
    agitation: float  # what this evidence alone would say, 0-1
    weight: float  # share in the estimate, 0-1
    age: Seconds
    value: float | None = None  # in the quantity's unit
    usual: float | None = None  # for this person now, in the quantity's unit
    departure: float | None = None  # from usual, in mean absolute departures of this person


class Trend(StrEnum):
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


class Validity(StrEnum):
    """What speaks against the sensors at present. Sleep and a removed wearable look like calm."""

    VALID = "valid"
    ASLEEP = "asleep"
    NOT_WORN = "not_worn"


class ListenerState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    agitation: float  # 0-1
    confidence: float  # 0-1; 0 when no fresh evidence
    trend: Trend
    why: tuple[Evidence, ...]  # the three strongest
    at: Seconds
    validity: Validity = Validity.VALID  # of the sensors; a rating by staff counts at any time


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


# --- commands to the audio process -----------------------------------------------------------------


class Load(Struct, frozen=True, kw_only=True, tag=True):
    """Open `uri` on a silent deck and decode ahead from `start`."""

    deck: int
    track_id: TrackId
    uri: str
    start: Seconds = Seconds(0.0)
    gain: Decibels | None = None  # None: decide from what is decoded ahead, conservatively
    live: bool = False  # its clock is not the sound card's


class Unload(Struct, frozen=True, kw_only=True, tag=True):
    """Empty a deck that is not heard."""

    deck: int


class Crossfade(Struct, frozen=True, kw_only=True, tag=True):
    """Equal-power swap to `deck`; every other deck fades out. May interrupt a swap.

    gentle: enter no louder than what is heard, and recover slowly.
    """

    deck: int
    fade: Seconds
    gentle: bool = False


class Fade(Struct, frozen=True, kw_only=True, tag=True):
    """Fade the whole programme out (pause, keeps decks and positions) or in again."""

    audible: bool
    fade: Seconds


class Volume(Struct, frozen=True, kw_only=True, tag=True):
    """Programme gain; upward at most 2 dB/s, downward at once but without a click."""

    level: Decibels


class Shape(Struct, frozen=True, kw_only=True, tag=True):
    """The programme for one person's ears, blended in; never louder than without."""

    mono: bool = False  # both sides get the mean of both
    balance: float = 0.0  # −1 left only, 1 right only
    treble: Decibels = Decibels(0.0)  # 0-6: high frequencies over the rest


class Listen(Struct, frozen=True, kw_only=True, tag=True):
    """Whether the room's microphone may be open. It is not until this was said: consent is asked for here."""

    on: bool


class Stop(Struct, frozen=True, kw_only=True, tag=True):
    """Fade everything out within `fade` (≤ 0.5 s for a stop) and empty all decks."""

    fade: Seconds


MixCommand = Load | Unload | Crossfade | Fade | Volume | Shape | Listen | Stop


# --- reports from the audio process ----------------------------------------------------------------


class SinkOpened(Struct, frozen=True, kw_only=True, tag=True):
    device: str
    fallback_reason: str = ""  # why the null sink stands in for the device; "" when it does not


class DeckLoaded(Struct, frozen=True, kw_only=True, tag=True):
    """The deck has enough decoded to start."""

    deck: int
    track_id: TrackId
    gain: Decibels
    cue: Seconds = Seconds(0.0)  # where sound begins, after a silent intro


class DeckFailed(Struct, frozen=True, kw_only=True, tag=True):
    """The source cannot be opened or broke while playing; what was decoded still plays."""

    deck: int
    track_id: TrackId
    reason: str


class DeckStarving(Struct, frozen=True, kw_only=True, tag=True):
    """No frame came for a while and the ring runs out: `remaining` is left to fade to something else."""

    deck: int
    track_id: TrackId
    remaining: Seconds


class DeckEnding(Struct, frozen=True, kw_only=True, tag=True):
    """The source has ended and only `remaining` is left in the ring: time to prepare the next."""

    deck: int
    track_id: TrackId
    remaining: Seconds


class DeckFreed(Struct, frozen=True, kw_only=True, tag=True):
    """The deck is silent and empty (faded out, ended, stopped or unloaded)."""

    deck: int
    track_id: TrackId


class Heard(Struct, frozen=True, kw_only=True, tag=True):
    """First frame in which a crossfade changes the output was written to the device."""

    deck: int
    track_id: TrackId
    frame: Frames


class Progress(Struct, frozen=True, kw_only=True, tag=True):
    """Counters of frames really written, about once a second; `deck` −1 when nothing is heard."""

    deck: int
    track_id: TrackId
    position: Seconds  # in the track, of the last frame written
    frames_written: Frames
    underruns: int  # blocks for which a deck's ring or the device ran short, since start
    ring: Seconds  # decoded ahead of the ear on that deck
    peak: Decibels  # largest output sample since the last report, dBFS
    lateness_p99: Seconds = Seconds(0.0)  # of the render thread, since the last report


class Listened(Struct, frozen=True, kw_only=True, tag=True):
    """Anytime analysis of the track on a deck, ahead of the ear; `complete` when all of it was heard."""

    deck: int
    track_id: TrackId
    features: TrackFeatures
    complete: bool


class NowPlaying(Struct, frozen=True, kw_only=True, tag=True):
    """A station names what it plays; "" when it no longer says."""

    deck: int
    track_id: TrackId  # of the station
    title: str


class Ahead(Struct, frozen=True, kw_only=True, tag=True):
    """What a station will let be heard in `lead` seconds. None: not known yet."""

    deck: int
    track_id: TrackId
    lead: Seconds  # until the newest of it reaches the ear
    speech: float | None = None  # probability that it is spoken word rather than music, of the last seconds
    speech_confidence: float = 0.0  # 0-1
    rise: Lu | None = None  # largest rise of level within 3 s
    calmness: float | None = None  # 0-1


class RoomHeard(Struct, frozen=True, kw_only=True, tag=True):
    """What the room's microphone told of two seconds, the player's own sound taken away: numbers alone."""

    level: Decibels | None  # above what is usual in this room at this hour; None: the music hides it
    voice: float  # 0-1, share of the time with a voice
    shout: float  # 0-1, evidence
    calls: float  # 0-1, evidence of calls that repeat, over the last minute
    quality: float  # 0-1, how much of it is surely not the player's own
    pitch: Hertz | None = None  # of the voice, median
    spread: float | None = None  # of the pitch, semitones
    removed: Decibels | None = None  # echo return loss enhancement while music plays
    delay: Seconds | None = None  # from the sound card's buffer to the microphone


AudioReport = (
    SinkOpened
    | DeckLoaded
    | DeckFailed
    | DeckStarving
    | DeckEnding
    | DeckFreed
    | Heard
    | Progress
    | Listened
    | NowPlaying
    | Ahead
    | RoomHeard
)


# --- commands from people and devices --------------------------------------------------------------


class Verb(StrEnum):
    CALM = "calm"
    PLAY = "play"
    PAUSE = "pause"
    PLAY_PAUSE = "play_pause"
    STOP = "stop"
    NEXT = "next"
    LIKE = "like"
    DISLIKE = "dislike"
    NEVER = "never"
    LOUDER = "louder"
    QUIETER = "quieter"
    VOLUME = "volume"
    MODE = "mode"
    RATE = "rate"


class AdaptMode(StrEnum):
    """auto: sensors may change the music; manual: only people; off: silent until `play`."""

    AUTO = "auto"
    MANUAL = "manual"
    OFF = "off"


class Command(Struct, frozen=True, kw_only=True):
    verb: Verb
    id: str = ""  # "" when the sender gave none: no result can be answered
    by: str = "staff"
    value: float | None = None  # volume: percent; rate: 0-4
    mode: AdaptMode | None = None
    track_id: TrackId | None = None  # like, dislike, never: which track; None: the one playing


class Feedback(Struct, frozen=True, kw_only=True):
    """A person's judgement of the music: −1 worse, 0 same, +1 better."""

    id: str
    rating: int
    given: Seconds | None = None  # Unix time, as its sender tells it; it may arrive hours later
    by: str = "staff"
    about: str = "now"
    observed: tuple[str, ...] = ()
    note: str | None = None
