"""How well the resident knows a track, 0-1, before anything was learned."""

from player.model import Track
from player.settings import Profile, Taste
from player.units import Seconds

LOVED_TRACK, LOVED_ARTIST = 1.0, 0.85
UNKNOWN_YEAR = 0.4  # own judgement: music in the resident's own folders is usually known
LANGUAGE_MISMATCH = 0.5  # factor; own judgement
HEARD_HERE = 0.1  # added once heard here without harm
PEAK_AGES, BUMP_AGES = (13, 19), (10, 30)  # Rao 2021; Baird 2018


def names(taste: Taste, track: Track) -> str | None:
    """ "track" or "artist" when the taste names this one, matched without case; otherwise None."""
    title, artist = track.title.casefold(), track.artist.casefold()
    spellings = {title, f"{artist} - {title}", track.uri.casefold()}
    if any(named.casefold() in spellings or track.uri.endswith("/" + named) for named in taste.tracks):
        return "track"
    return "artist" if artist and any(named.casefold() == artist for named in taste.artists) else None


def reminiscence(age_at_release: int) -> float:
    """The reminiscence bump: 1 at ages 13-19, falling to 0.5 at 10 and 30, 0.2 outside."""
    low, high = PEAK_AGES
    first, last = BUMP_AGES
    if low <= age_at_release <= high:
        return 1.0
    if first <= age_at_release < low:
        return 0.5 + 0.5 * (age_at_release - first) / (low - first)
    if high < age_at_release <= last:
        return 0.5 + 0.5 * (last - age_at_release) / (last - high)
    return 0.2


def familiarity(track: Track, profile: Profile, heard: int = 0, likes: int = 0) -> tuple[float, str]:
    """Score 0-1 and what it rests on, in a few words."""
    match names(profile.loved, track):
        case "track":
            return LOVED_TRACK, "a loved piece"
        case "artist":
            return LOVED_ARTIST, "by a loved artist"
        case _:
            pass
    if likes > 0:
        return LOVED_ARTIST, "liked here before"
    score, why = UNKNOWN_YEAR, "from the resident's own music"
    if track.year is not None and profile.birth_year is not None:
        age = track.year - profile.birth_year
        score = reminiscence(age)
        if score >= 0.5:
            why = f"known from the age of {age}"
    if track.language and profile.languages and track.language not in profile.languages:
        score *= LANGUAGE_MISMATCH
    if heard:
        score += HEARD_HERE
    return min(max(score + 0.1 * min(likes, 0), 0.05), 1.0), why


RECOVERY = Seconds(4 * 3600.0)  # own judgement: after this time a piece may come again without regret


def recovery(since_last_play: Seconds | None) -> float:
    """0 just after the last play, 1 after `RECOVERY` (Wang 2014: content × recovery)."""
    if since_last_play is None:
        return 1.0
    return min(max(since_last_play, 0.0) / RECOVERY, 1.0)
