"""The frozen tree of settings: every key has a default, an unknown key is an error."""

from typing import Annotated

from msgspec import Meta, Struct

from player.units import Percent, Seconds

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$")]
UnitInterval = Annotated[float, Meta(ge=0, le=1)]
PercentSetting = Annotated[Percent, Meta(ge=0, le=100)]
Duration = Annotated[Seconds, Meta(ge=0)]
ClockRange = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
ClockTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A music server that speaks the Subsonic API: Navidrome, Jellyfin with its plugin, and others."""

    name: Slug
    url: str
    credentials_file: str  # first line user, second line password
    approved: bool = False  # False: only what the profile names as loved is played


class LibrarySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    folders: tuple[str, ...] = ()  # empty: the demo library
    formats: tuple[str, ...] = ("mp3", "ogg", "opus", "flac", "m4a", "wav")
    servers: tuple[ServerSettings, ...] = ()
    comfort_mb: Annotated[int, Meta(ge=0, le=100_000)] = 200  # room for the comfort set on this disk


class StreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    url: str
    live: bool = True  # False: it has an end, such as an episode of a podcast


class MqttSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str | None = None  # mqtt(s)://host:port; None: a private broker on 127.0.0.1
    base: Annotated[str, Meta(pattern=r"^[^#+/\x00]{1,32}$")] = "lull"
    credentials_file: str | None = None  # first line user, second line password
    discovery: bool = True  # Home Assistant is told of this player; false takes it out there
    ca_file: str | None = None  # PEM, of who signed the broker's certificate; None: those of the system
    cert_file: str | None = None  # PEM, our own certificate, for a broker that asks for one
    key_file: str | None = None  # PEM; None: in cert_file


class AudioSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    device: str = "default"  # default | a name | null | wav:FILE
    buffer_ms: Annotated[int, Meta(ge=100, le=2000)] = 120
    full_scale_dba: Annotated[float, Meta(ge=40, le=130)] | None = None  # None: not calibrated
    microphone: str | None = None  # default | a name; opened only with `consent.microphone` in the profile


class JournalSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of telemetry; what people did and what was decided is kept."""

    max_mib: Annotated[int, Meta(ge=16)] = 256
    max_days: Annotated[int, Meta(ge=1)] = 400


class WebSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    listen: str | None = "127.0.0.1:8080"  # None: no page. Beyond this machine, a PIN is asked for
    room: str | None = None  # what people call the place; None: the player's name
    names: tuple[str, ...] = ()  # further host names by which the page is reached
    certificate_file: str | None = None  # PEM, for HTTPS
    key_file: str | None = None


class PolicySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "calmest-familiar"
    agitation_on: UnitInterval = 0.6
    agitation_off: UnitInterval = 0.4
    persist_s: Duration = Seconds(60.0)
    refractory_s: Duration = Seconds(600.0)
    response_window_s: Duration = Seconds(180.0)
    prompt_staff_after_s: Duration = Seconds(600.0)
    swap_fade_s: Annotated[Seconds, Meta(ge=3, le=8)] = Seconds(5.0)
    max_swaps_per_hour: Annotated[int, Meta(ge=0)] = 6
    session_s: Duration = Seconds(2700.0)  # of music that a sensor or the hour began, 24-45 min
    dose_s: Duration = Seconds(14400.0)  # of such music in a day
    before_peak_s: Duration = Seconds(1800.0)  # so long before the usual restless hour; 0: never
    sleep_fade_s: Duration = Seconds(300.0)
    hold_until: ClockTime | None = None  # a stop by staff ends at this time; None: only a person ends it
    half_life_days: Annotated[float, Meta(ge=1, le=365)] = 25.0  # of what was learned
    explore_margin: UnitInterval = 0.05  # how much worse than the best a piece tried out may seem, agitation


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: Slug = "home1"
    player: Slug = "room1"
    resident: str = "residents/demo.yaml"
    library: LibrarySettings = LibrarySettings()
    streams: tuple[StreamSettings, ...] = ()
    data: str = "~/.local/share/lull"
    mqtt: MqttSettings = MqttSettings()
    audio: AudioSettings = AudioSettings()
    journal: JournalSettings = JournalSettings()
    web: WebSettings = WebSettings()
    policy: PolicySettings = PolicySettings()
    autostart: Annotated[str, Meta(pattern="^(resume|idle)$")] = "resume"
    devices: str | None = None
    demo: bool = False  # a virtual resident publishes signals (config/demo.yaml)


class Taste(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    artists: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()  # title, artist, "artist - title", or path
    words: tuple[str, ...] = ()  # found in title, album, artist or path: a faith, a region, a kind of music


class Consent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the resident, or whoever speaks for the resident, has agreed to."""

    randomise: bool = False  # between two equally fitting pieces by lot: comparisons become causal
    microphone: bool = False  # the room's, for a few numbers; sound is never stored and never sent


class VolumeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    start: PercentSetting = Percent(35.0)
    max: PercentSetting = Percent(70.0)
    night_max: PercentSetting = Percent(50.0)
    max_dba: Annotated[float, Meta(ge=30, le=85)] = 70.0
    night_max_dba: Annotated[float, Meta(ge=30, le=85)] = 50.0


class HearingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the resident hears. None of it makes the music louder."""

    mono: bool = False  # one ear, or one speaker: nothing is lost
    balance: Annotated[float, Meta(ge=-1, le=1)] = 0.0  # −1 left only, 1 right only
    presbycusis: Annotated[str, Meta(pattern="^(off|mild|moderate)$")] = "off"  # loss of high tones with age


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A resident: a pseudonym, never a name."""

    id: Slug
    birth_year: Annotated[int, Meta(ge=1900, le=2030)] | None = None
    languages: tuple[str, ...] = ()
    loved: Taste = Taste()
    never: Taste = Taste()
    risk: Annotated[str, Meta(pattern="^(low|moderate|high)$")] = "moderate"
    volume: VolumeSettings = VolumeSettings()
    quiet_hours: ClockRange | None = "21:30-07:00"
    usual_peak: ClockTime | None = None
    first_track: str | None = None
    spoken_word: Annotated[str, Meta(pattern="^(exclude|allow|prefer)$")] = "exclude"
    hearing: HearingSettings = HearingSettings()
    consent: Consent = Consent()
