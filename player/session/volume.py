"""How loud: percent as people set it, and the caps that always win."""

from player.settings import Profile
from player.units import PROGRAMME_LUFS, Decibels, Percent, volume_to_db

STEP = Percent(5.0)  # of louder and quieter; 2.5 dB
DAY = 24 * 60


def in_range(minute: int, clock_range: str | None) -> bool:
    """Is a minute of the local day within "HH:MM-HH:MM", which may pass midnight?"""
    if clock_range is None:
        return False
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in clock_range.split("-"))
    return (minute - start) % DAY < (end - start) % DAY


class VolumeControl:
    """The volume that staff asked for, and what of it is allowed now."""

    def __init__(self, profile: Profile, remembered: Percent | None, full_scale_dba: float | None) -> None:
        self._profile = profile
        self._full_scale_dba = full_scale_dba
        start = profile.volume.start  # after a restart: quietly, never above the start volume
        self.wanted = Percent(min(start, remembered) if remembered is not None else start)

    def quiet_hours(self, minute: int) -> bool:
        return in_range(minute, self._profile.quiet_hours)

    def cap(self, minute: int) -> Percent:
        limits = self._profile.volume
        return Percent(min(limits.max, limits.night_max) if self.quiet_hours(minute) else limits.max)

    def percent(self, minute: int) -> Percent:
        return Percent(min(self.wanted, self.cap(minute)))

    def level(self, minute: int) -> Decibels:
        """Programme gain. Once calibrated, the dB(A) limit applies as well and the lower one wins.

        A programme at −23 LUFS with gain g sounds at full_scale_dba − 23 + g.
        """
        gain = volume_to_db(self.percent(minute))
        if self._full_scale_dba is None:
            return gain
        limits = self._profile.volume
        limit = limits.night_max_dba if self.quiet_hours(minute) else limits.max_dba
        return Decibels(min(gain, limit - self._full_scale_dba - PROGRAMME_LUFS))

    def set(self, percent: float, minute: int) -> bool:
        """Ask for a volume; False when a cap holds it below what was asked for."""
        self.wanted = Percent(min(max(percent, 0.0), self.cap(minute)))
        return percent <= self.cap(minute)

    def change(self, steps: int, minute: int) -> bool:
        return self.set(self.percent(minute) + steps * STEP, minute)
