"""What goes to the audio process, and what it tells."""

from msgspec import Struct

from player.model.music import TrackFeatures, TrackId
from player.units import Decibels, Frames, Hertz, Lu, Seconds

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


class MicrophoneState(Struct, frozen=True, kw_only=True, tag=True):
    """The room's microphone changed between hearing and not hearing."""

    problem: str  # why nothing is heard and what to do, "" when something is


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
    | MicrophoneState
)
