"""Everything that can happen to a session, and everything it can ask for: two closed unions.

Every event carries `at`: seconds of the brain's clock, Unix time at start and monotonic from there. How far
the wall clock has moved away from it since is in `Tick.ahead`.
Both unions are tagged structs, so that the journal of a day replays to the same decisions.
"""

from typing import Final

from msgspec import Struct, field

from player.listener.sensors import Habits
from player.model import (
    AdaptMode,
    AudioReport,
    CatalogueEntry,
    Command,
    Feedback,
    ListenerState,
    MixCommand,
    Reading,
    TrackFeatures,
    TrackId,
)
from player.selection.bandit import Learned
from player.selection.reward import Natural
from player.settings import Profile, Settings
from player.units import Percent, Seconds


class Resume(Struct, frozen=True, kw_only=True):
    track_id: TrackId
    position: Seconds
    at: Seconds = Seconds(0.0)  # when it was heard there


class Block(Struct, frozen=True, kw_only=True):
    """A track that upset once is barred until `until` (soft); twice, for ever (hard, until None)."""

    until: Seconds | None
    upsets: int


class Play(Struct, frozen=True, kw_only=True):
    """When a track was last heard and how often. worn: plays, each discounted with its age at `last`."""

    last: Seconds
    count: int
    worn: float = 0.0


class RestlessHours(Struct, frozen=True, kw_only=True):
    """Episodes by hour of the local day; their weight fades with weeks."""

    weights: tuple[float, ...] = (0.0,) * 24
    at: Seconds = Seconds(0.0)  # the moment to which they are discounted


class Day(Struct, frozen=True, kw_only=True):
    """What began by itself today. began: of a session that goes on; None: there is none."""

    midnight: Seconds | None = None  # the last one of the local day, Unix time
    dose: Seconds = Seconds(0.0)  # of earlier sessions of this day
    before_the_hour: bool = False  # music began before the usual hour
    began: Seconds | None = None


class Memory(Struct, frozen=True, kw_only=True):
    """What outlives a restart: decisions of staff, and where the music was. One per resident."""

    blocks: dict[TrackId, Block] = field(default_factory=dict)
    never: tuple[TrackId, ...] = ()
    likes: dict[TrackId, int] = field(default_factory=dict)
    plays: dict[TrackId, Play] = field(default_factory=dict)
    volume: Percent | None = None
    feedback: tuple[str, ...] = ()  # ids of the newest feedback, so that none counts twice
    mode: AdaptMode = AdaptMode.AUTO
    held_by: str | None = None  # who stopped the music; None: nobody
    held_since: Seconds = Seconds(0.0)
    paused_by: str | None = None  # who paused it
    alarms: tuple[str, ...] = ()  # sources of alarms that are on
    day: Day = Day()
    resume: Resume | None = None
    resting: str | None = None  # why the music is silent on purpose; None: it is not
    learned: Learned | None = None  # what helps this person
    natural: Natural | None = None  # how agitation changes by itself
    hours: RestlessHours = RestlessHours()
    swaps: tuple[Seconds, ...] = ()  # by sensors' episodes, of the last hour: limits outlive a restart
    soothed_at: Seconds = Seconds(0.0)  # when music was last chosen to soothe
    habits: Habits = Habits()  # of the body's signals, as the sensors tell them
    profile: Profile | None = None  # as people stated it last; None: only the file says something


# --- events ----------------------------------------------------------------------------------------


class Started(Struct, frozen=True, kw_only=True, tag=True):
    """First event of every run: all that a replay needs to know."""

    at: Seconds
    minute: int  # of the local day, 0-1439
    boot: str
    seed: int
    settings: Settings
    profile: Profile
    memory: Memory


class CatalogueChanged(Struct, frozen=True, kw_only=True, tag=True):
    """Tracks found or newly analysed (merged by id), and tracks that have gone."""

    at: Seconds
    found: tuple[CatalogueEntry, ...] = ()
    gone: tuple[TrackId, ...] = ()
    complete: bool = False  # every folder has been looked at


class ComfortKept(Struct, frozen=True, kw_only=True, tag=True):
    """The comfort set as it now lies on this disk; each `uri` is that of the copy."""

    at: Seconds
    kept: tuple[CatalogueEntry, ...]


class ReadingArrived(Struct, frozen=True, kw_only=True, tag=True):
    at: Seconds
    reading: Reading


class CommandArrived(Struct, frozen=True, kw_only=True, tag=True):
    at: Seconds
    command: Command


class FeedbackArrived(Struct, frozen=True, kw_only=True, tag=True):
    at: Seconds
    feedback: Feedback


class ProfileChanged(Struct, frozen=True, kw_only=True, tag=True):
    """People stated who the resident is and what is wanted. It is remembered, and goes before the file."""

    at: Seconds
    profile: Profile


class Forgotten(Struct, frozen=True, kw_only=True, tag=True):
    """All that was kept of the resident is to be forgotten. The music goes on, a hold stays a hold."""

    at: Seconds


class Calibrated(Struct, frozen=True, kw_only=True, tag=True):
    """What full level sounds like at the ear was measured."""

    at: Seconds
    full_scale_dba: float | None  # None: not known any more


class AudioReported(Struct, frozen=True, kw_only=True, tag=True):
    at: Seconds
    report: AudioReport


class AudioLost(Struct, frozen=True, kw_only=True, tag=True):
    """The audio process ended; a new one starts with empty decks."""

    at: Seconds
    reason: str
    track_id: TrackId = ""  # what was heard last, "" for nothing
    position: Seconds = Seconds(0.0)


class AudioReady(Struct, frozen=True, kw_only=True, tag=True):
    """A new audio process takes commands."""

    at: Seconds


class Stopping(Struct, frozen=True, kw_only=True, tag=True):
    """The service ends in good order: last chance to remember the place."""

    at: Seconds


class Tick(Struct, frozen=True, kw_only=True, tag=True):
    """Time passes: every few seconds, and when a `Wake` asked for it."""

    at: Seconds
    minute: int  # of the local day, 0-1439
    ahead: Seconds = Seconds(0.0)  # wall clock over `at`: it was set, or the board slept


Event = (
    Started
    | CatalogueChanged
    | ComfortKept
    | ReadingArrived
    | CommandArrived
    | FeedbackArrived
    | ProfileChanged
    | Forgotten
    | Calibrated
    | AudioReported
    | AudioLost
    | AudioReady
    | Stopping
    | Tick
)


# --- effects ---------------------------------------------------------------------------------------


class Mix(Struct, frozen=True, kw_only=True, tag=True):
    command: MixCommand


class TrackView(Struct, frozen=True, kw_only=True):
    id: TrackId
    title: str
    artist: str
    duration: Seconds


SOUNDING: Final = frozenset({"playing", "soothing"})  # states of playback in which music is meant to be heard


class PlaybackState(Struct, frozen=True, kw_only=True, tag=True):
    """`state/playback`."""

    state: str  # idle | starting | playing | soothing | paused | held
    track: TrackView | None
    position: Seconds
    since: Seconds
    reason: str
    device: str
    fault: str  # "" when none: a plain sentence for people
    calmness: float | None = None
    step: str = ""  # where the music comes from: stream | library | comfort | pad; "" while none is heard
    step_reason: str = ""  # why it is not the step before; "" when it is what was chosen
    now_playing: str = ""  # what a station says that it plays


class VolumeState(Struct, frozen=True, kw_only=True, tag=True):
    """`state/volume`."""

    percent: Percent
    max: Percent
    level_db: float  # programme gain, dB


class ModeState(Struct, frozen=True, kw_only=True, tag=True):
    """`state/mode`."""

    mode: AdaptMode


class AgitationState(Struct, frozen=True, kw_only=True, tag=True):
    """`state/agitation`."""

    listener: ListenerState


StateView = PlaybackState | VolumeState | ModeState | AgitationState


class Show(Struct, frozen=True, kw_only=True, tag=True):
    """A state changed: publish it retained."""

    state: StateView


class Decision(Struct, frozen=True, kw_only=True):
    """One choice, with everything needed to judge it later."""

    event_type: str  # start | swap | next | keep | prompt | rest | hold | release | resume
    at: Seconds
    reason: str  # one readable sentence
    from_track: TrackView | None = None
    to_track: TrackView | None = None
    trigger: str = ""  # e.g. "staff", "agitation", "ended", "fault"
    policy: str = ""
    propensity: float = 1.0
    expected_reward: float = 0.0
    agitation: float | None = None
    context: dict[str, float] = field(default_factory=dict)  # the situation, by name
    basis: dict[str, float] = field(default_factory=dict)  # what the policy knew about the track, by name


class Decide(Struct, frozen=True, kw_only=True, tag=True):
    """`event/decision`: published and journalled."""

    decision: Decision


class Fault(Struct, frozen=True, kw_only=True, tag=True):
    """`event/fault`: something to be mended by a person."""

    part: str  # audio | devices | microphone | settings | track
    problem: str  # what happened and what to do


class Reply(Struct, frozen=True, kw_only=True, tag=True):
    """`cmd_result`: sent once the event that it answers is on disk."""

    id: str
    ok: bool
    reason: str = ""


class Remember(Struct, frozen=True, kw_only=True, tag=True):
    """The memory changed: store it with this event."""

    memory: Memory


class SaveFeatures(Struct, frozen=True, kw_only=True, tag=True):
    """A live analysis is complete: the catalogue may keep it."""

    track_id: TrackId
    features: TrackFeatures


class KeepComfort(Struct, frozen=True, kw_only=True, tag=True):
    """Keep these pieces as copies on this disk, best first, as far as there is room; no others."""

    pieces: tuple[CatalogueEntry, ...]


class Wake(Struct, frozen=True, kw_only=True, tag=True):
    """Send a `Tick` at this moment; the newest `Wake` replaces older ones."""

    at: Seconds


Effect = Mix | Show | Decide | Fault | Reply | Remember | SaveFeatures | KeepComfort | Wake
