"""What a choice needs to know of one track and never changes between choices: computed once."""

import math

from msgspec import Struct

from player.model import FEATURES_VERSION, CatalogueEntry, Mode, ScanMode, Track, TrackFeatures
from player.selection.familiarity import Prior
from player.settings import Profile
from player.units import Bpm, Lu, Seconds

STARTLE = Lu(8.0)  # a larger rise within 3 s never soothes (SCIENCE: hard guards, 6-8 LU)
UNKNOWN_CALMNESS = 0.5
FAST = Bpm(120.0)  # Garrido: fast music is above it
SPOKEN, SPOKEN_CONFIDENCE = 0.8, 0.5  # probability and confidence from which it is spoken word; tuning
ADVERT = Seconds(90.0)  # spoken and shorter than this: an advert or an announcement; own judgement
SURE_KEY = 0.6  # confidence from which a minor key counts as minor; own judgement
IN_FULL = 0.9  # share that must have been heard to count as analysed in full (durations are estimates)
SURENESS = 0.25  # standard errors: an upper bound that holds for 60 of 100 tracks
FAST_SURE = 0.5  # confidence from which a tempo counts


class Flag:
    """Bits of `Facts.flags`; plain numbers, for they are tested in loops."""

    NEVER = 1  # by name, in the profile
    SILENT = 2  # nothing but silence
    SPOKEN = 4
    ADVERT = 8
    STARTLING = 16
    UNKNOWN = 32  # no emotion known: not analysed, too short, or by another version of the analysis
    PARTIAL = 64  # not analysed in full
    MINOR = 128
    FAST = 256
    GONE = 512  # the file was removed
    UNAPPROVED = 1024  # of a remote library, and nobody named it
    LIVE = 2048  # a station: it has no end, so it is heard when it is asked for


OFF_THE_SHELF = Flag.NEVER | Flag.SILENT | Flag.SPOKEN | Flag.ADVERT | Flag.GONE | Flag.UNAPPROVED  # always


class Facts(Struct, frozen=True, gc=False):
    flags: int  # of `Flag`
    calmness: float  # 0-1; `UNKNOWN_CALMNESS` when unknown
    arousal: float  # −1 to 1; 0 when unknown
    upper: float  # arousal plus a quarter of its standard error: the less is known, the higher
    swell: Lu  # how far loud passages stand above the mean, which is the same for all music
    familiarity: float  # 0-1, before anything was learned here
    place: float  # in the order of staff, 0 first


class Describer:
    """Turns entries of one resident's catalogue into facts."""

    def __init__(self, profile: Profile) -> None:
        self.prior = Prior(profile)
        self._spoken = profile.spoken_word

    def facts(self, entry: CatalogueEntry, arrival: int = 0) -> Facts:
        """arrival: how many tracks came before this one."""
        track = entry.track
        features = entry.features
        if features is not None and features.version != FEATURES_VERSION:
            features = None
        known, _, rank = self.prior.judge(track)
        flags = self._flags(track, features, named=rank is not None)
        if self._spoken == "prefer" and features is not None and _is_spoken(features):
            known = max(known, 0.9)
        affect = features.affect if features and not flags & Flag.UNKNOWN else None
        return Facts(
            flags,
            affect.calmness if affect else UNKNOWN_CALMNESS,
            affect.arousal if affect else 0.0,
            affect.arousal + SURENESS * affect.arousal_se if affect else 0.0,
            Lu((features.loudness_range or 0.0) / 2.0 if features else 0.0),
            known,
            float(rank if rank is not None else len(self.prior) + arrival),
        )

    def _flags(self, track: Track, features: TrackFeatures | None, *, named: bool) -> int:
        """`named` by a person to be loved: then spoken word is what is wanted."""
        flags = Flag.NEVER if self.prior.never(track) else 0
        if not track.approved and not self.prior.named(track):
            flags |= Flag.UNAPPROVED
        if track.live:
            return flags | Flag.LIVE | Flag.UNKNOWN | Flag.PARTIAL
        if features is None:
            return flags | Flag.UNKNOWN | Flag.PARTIAL
        if features.integrated_loudness is None:
            flags |= Flag.SILENT
        if _is_spoken(features) and not named:
            if 0 < track.duration < ADVERT:
                flags |= Flag.ADVERT
            elif self._spoken == "exclude":
                flags |= Flag.SPOKEN
        if features.largest_rise is not None and features.largest_rise > STARTLE:
            flags |= Flag.STARTLING
        affect = features.affect
        if affect is None or not math.isfinite(affect.calmness + affect.arousal + affect.arousal_se):
            flags |= Flag.UNKNOWN
        if features.scan_mode is not ScanMode.FULL or features.heard < IN_FULL * track.duration:
            flags |= Flag.PARTIAL
        if features.mode is Mode.MINOR and features.key_confidence >= SURE_KEY:
            flags |= Flag.MINOR
        pulse = features.felt_pulse
        if pulse is None and features.tempo_confidence >= FAST_SURE:
            pulse = features.tempo
        if pulse is not None and pulse > FAST:
            flags |= Flag.FAST
        return flags


def _is_spoken(features: TrackFeatures) -> bool:
    return (
        features.speech is not None
        and features.speech >= SPOKEN
        and features.speech_confidence >= SPOKEN_CONFIDENCE
    )
