"""How well the resident knows a track, 0-1: what family and staff said, and what was heard here."""

import math
import unicodedata

from player.model import Track
from player.settings import Profile, Taste
from player.units import Seconds

LOVED_TRACK, LOVED_ARTIST, LOVED_WORD = 1.0, 0.85, 0.75  # own judgement
UNKNOWN_YEAR = 0.4  # own judgement: music in the resident's own folders is usually known
LANGUAGE_MISMATCH = 0.5  # factor; own judgement
# The reminiscence bump: recall peaks for music of ages 13-19 (Rao 2021), with tails from 10 to 30 (Baird
# 2018). The product of two logistic curves; centres and widths are a tuning to these ages.
RISE_AGE, RISE_WIDTH = 10.8, 0.9  # years
FALL_AGE, FALL_WIDTH = 25.0, 2.8
OUTSIDE = 0.25  # own judgement: old songs are sung on, and the year of a late reissue says little
HEARD_GAIN, HEARD_SCALE = 0.3, 4.0  # of what is missing to 1, and plays for two thirds of it; own judgement
LIKED = (
    0.35  # share of what is missing to 1 that each “like” adds, and of what is there that each dislike takes
)
RECOVERY = Seconds(3.0 * 3600.0)  # own judgement: after this time two thirds of the appetite are back
# A piece heard often tires for days (Harrison 2021: effects fade with weeks). Own judgement, both.
WEAR = Seconds(3.0 * 86_400.0)  # time constant
WORN = 12.0  # plays of the last days that leave a third of the freshness


# What telephones type for people, and tags seldom hold.
PLAIN = str.maketrans("’‘‛´“”„«»‐‑‒–—−", "'" * 4 + '"' * 5 + "-" * 6)


def spelled(name: str) -> str:
    """One spelling for all ways to write a name: case, accents, spaces, quotation marks, dashes aside."""
    if not name.isascii():
        parts = unicodedata.normalize("NFKD", name.translate(PLAIN))
        name = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(name.casefold().split())


class Names:
    """Finds what a taste names, in any spelling. A name among the tracks may be an artist's, too: who answers
    “Vera Lynn” means all that she sang."""

    def __init__(self, taste: Taste) -> None:
        self._tracks = {spelled(name): place for place, name in reversed([*enumerate(taste.tracks)])}
        self._paths = [(name, place) for place, name in enumerate(taste.tracks) if "." in name or "/" in name]
        self._artists = {spelled(artist) for artist in taste.artists} | self._tracks.keys()
        self._words = [word.casefold() for word in taste.words if word]
        self._nothing = not (taste.tracks or taste.artists or self._words)

    def track(self, track: Track) -> int | None:
        """At which place of the list the track is named by title, "artist - title" or path."""
        if not self._tracks:
            return None
        title = spelled(track.title)
        for spelling in (title, f"{spelled(track.artist)} - {title}", spelled(track.uri)):
            if spelling in self._tracks:
                return self._tracks[spelling]
        if not self._paths:
            return None
        return next((place for name, place in self._paths if track.uri.endswith("/" + name)), None)

    def artist(self, track: Track) -> bool:
        return bool(self._artists and track.artist) and spelled(track.artist) in self._artists

    def word(self, track: Track) -> bool:
        if not self._words:
            return False
        text = f"{track.title}\n{track.album}\n{track.artist}\n{track.uri}".casefold()
        return any(word in text for word in self._words)

    def any(self, track: Track) -> bool:
        if self._nothing:
            return False
        return self.track(track) is not None or self.artist(track) or self.word(track)


def names(taste: Taste, track: Track) -> bool:
    """Whether the taste names this track, by title, path, artist or word."""
    return Names(taste).any(track)


def reminiscence(age_at_release: float) -> float:
    """The reminiscence bump, smooth: about 1 at ages 13-19, half way down at 11 and 25, little at 30."""
    rise = 1.0 / (1.0 + math.exp(-_bounded((age_at_release - RISE_AGE) / RISE_WIDTH)))
    fall = 1.0 / (1.0 + math.exp(_bounded((age_at_release - FALL_AGE) / FALL_WIDTH)))
    return OUTSIDE + (1.0 - OUTSIDE) * rise * fall


def _bounded(exponent: float) -> float:
    return min(max(exponent, -50.0), 50.0)


class Prior:
    """Familiarity before anything was learned here; without a birth year the years say nothing."""

    def __init__(self, profile: Profile) -> None:
        self._loved, self._never = Names(profile.loved), Names(profile.never)
        self._first = Names(Taste(tracks=(profile.first_track,) if profile.first_track else ()))
        self._birth_year = profile.birth_year
        self._languages = frozenset(language.casefold() for language in profile.languages)
        self._listed = len(profile.loved.tracks)

    def __len__(self) -> int:
        """How many tracks are listed by name."""
        return self._listed

    def never(self, track: Track) -> bool:
        return self._never.any(track)

    def named(self, track: Track) -> bool:
        """Whether a person named it, by title, artist or kind."""
        return self._loved.any(track) or self._first.any(track)

    def judge(self, track: Track) -> tuple[float, str, int | None]:
        """Familiarity, what it rests on in a few words, and the place in the list of loved tracks.

        The place is None for a track that nobody named; the one to start with counts as named.
        """
        place = self._loved.track(track)
        if place is not None:
            return LOVED_TRACK, "a loved piece", place
        score, why = self._by_kind(track)
        return score, why, None if self._first.track(track) is None else 0

    def _by_kind(self, track: Track) -> tuple[float, str]:
        if self._loved.artist(track):
            return LOVED_ARTIST, "by a loved artist"
        if self._loved.word(track):
            return LOVED_WORD, "of a loved kind"
        score, why = UNKNOWN_YEAR, "from the resident's own music"
        if track.year is not None and self._birth_year is not None:
            age = track.year - self._birth_year
            score = reminiscence(age)
            if score >= 0.5:
                why = f"known from the age of {age}"
        if track.language and self._languages and track.language.casefold() not in self._languages:
            score *= LANGUAGE_MISMATCH
            why = "in another language"
        return score, why


def learned(prior: float, plays: int, likes: int) -> float:
    """What becomes of the prior after `plays` without harm and `likes` (net, may be negative)."""
    score = prior + (1.0 - prior) * HEARD_GAIN * (1.0 - math.exp(-plays / HEARD_SCALE))
    if likes > 0:
        return 1.0 - (1.0 - score) * (1.0 - LIKED) ** likes
    return score * (1.0 - LIKED) ** -likes


def recovery(since_last_play: Seconds | None) -> float:
    """0 just after the last play, towards 1 with time (Wang 2014: content × recovery 1 − exp(−t/s))."""
    if since_last_play is None:
        return 1.0
    return 1.0 - math.exp(-max(since_last_play, 0.0) / RECOVERY)


def wear(worn: float, since: float) -> float:
    """`worn` plays, `since` seconds later."""
    return worn * math.exp(-max(since, 0.0) / WEAR)


def freshness(worn: float) -> float:
    """1 when it was not heard for long, towards 0 when it was heard again and again."""
    return math.exp(-worn / WORN)
