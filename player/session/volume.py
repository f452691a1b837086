"""How loud: percent as people set it, and the caps that always win."""

from functools import cache

from player.settings import Profile
from player.units import PROGRAMME_LUFS, Decibels, Percent, volume_to_db

STEP = Percent(5.0)  # of louder and quieter; 2.5 dB
DAY = 24 * 60
LEAST = Percent(1.0)  # the room alone never silences the music


def in_range(minute: int, clock_range: str | None) -> bool:
    """Is a minute of the local day within "HH:MM-HH:MM", which may pass midnight?"""
    if clock_range is None:
        return False
    start, end = _minutes(clock_range)
    return (minute - start) % DAY < (end - start) % DAY


@cache
def _minutes(clock_range: str) -> tuple[int, int]:
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in clock_range.split("-"))
    return start, end


class VolumeControl:
    """The volume that staff asked for, and what of it is allowed now."""

    def __init__(self, profile: Profile, remembered: Percent | None, full_scale_dba: float | None) -> None:
        self._limits, self._quiet_hours = profile.volume, profile.quiet_hours
        self._full_scale_dba = full_scale_dba
        start = profile.volume.start  # after a restart: quietly, never above the start volume
        self.wanted = Percent(min(start, remembered) if remembered is not None else start)
        self.room = Decibels(0.0)  # what the room's microphone adds or takes
        self._minute = -1  # to which these two belong: they are asked for many times an event
        self._quiet, self._cap = False, Percent(0.0)

    def follow(self, profile: Profile) -> None:
        """Other limits, at once; what is asked for stays what it is."""
        self._limits, self._quiet_hours = profile.volume, profile.quiet_hours
        self._minute = -1

    def calibrate(self, full_scale_dba: float | None) -> None:
        self._full_scale_dba = full_scale_dba
        self._minute = -1

    def quiet_hours(self, minute: int) -> bool:
        self._look(minute)
        return self._quiet

    def cap(self, minute: int) -> Percent:
        """The highest percent allowed now; once calibrated, that of the dB(A) limit if it is lower."""
        self._look(minute)
        return self._cap

    def _look(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._quiet = in_range(minute, self._quiet_hours)
            self._cap = self._highest()

    def _highest(self) -> Percent:
        limits = self._limits
        cap = min(limits.max, limits.night_max) if self._quiet else limits.max
        return Percent(min(cap, max(percent_of(self._limit()), 0.0)))

    def percent(self, minute: int) -> Percent:
        return Percent(min(self.wanted, self.cap(minute)))

    def level(self, minute: int) -> Decibels:
        """Programme gain, with the room's part, within the cap."""
        percent = self.percent(minute)
        if not self.room or not percent:
            return volume_to_db(percent)
        wanted = percent_of(Decibels(volume_to_db(percent) + self.room))
        return volume_to_db(min(max(wanted, LEAST), self.cap(minute)))

    def _limit(self) -> Decibels:
        """Highest programme gain by dB(A): at −23 LUFS and gain g it sounds at full_scale_dba − 23 + g."""
        if self._full_scale_dba is None:
            return Decibels(0.0)
        limits = self._limits
        limit = limits.night_max_dba if self._quiet else limits.max_dba
        return Decibels(limit - self._full_scale_dba - PROGRAMME_LUFS)

    def set(self, percent: float, minute: int) -> bool:
        """Ask for a volume; False when a cap holds it below what was asked for."""
        self.wanted = Percent(min(max(percent, 0.0), self.cap(minute)))
        return percent <= self.cap(minute)

    def change(self, steps: int, minute: int) -> bool:
        return self.set(self.percent(minute) + steps * STEP, minute)


def percent_of(gain: Decibels) -> Percent:
    """The volume with this programme gain: the inverse of `volume_to_db`."""
    return Percent(2.0 * (gain + 50.0))
