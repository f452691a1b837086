"""What is known of a resident, in plain words: `lull resident show`."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from player.model import CatalogueEntry, TrackId
from player.session.hours import usual_minute
from player.session.messages import Memory
from player.session.resident import in_force
from player.settings import Profile, Taste
from player.units import Seconds

Titles = dict[TrackId, str]
MOST = 10  # pieces named in one line


def lines(profile: Profile, memory: Memory, titles: Titles, at: Seconds) -> Iterator[str]:
    """titles: of tracks, by id. at: now."""
    now = in_force(profile, memory.profile)
    yield f"Resident {now.id}" + (f", born {now.birth_year}" if now.birth_year else "")
    yield f"Languages: {', '.join(now.languages) or 'not stated'}"
    yield f"Loved: {_taste(now.loved)}"
    yield f"Never: {_taste(now.never)}"
    quiet = now.quiet_hours or "none"
    yield f"Easily upset: {now.risk}; quiet hours: {quiet}; spoken word: {now.spoken_word}"
    limits = now.volume
    most = f"at most {limits.max:g} %, in quiet hours {limits.night_max:g} %"
    yield f"Volume: starts at {limits.start:g} %, {most}"
    yield f"Comparison by lot: {'agreed' if now.consent.randomise else 'not agreed'}"
    if memory.profile is not None:
        yield "Some of this was stated on the page; it goes before the file."
    yield ""
    yield "Learned"
    yield from _learned(memory, titles, at, now)


def _learned(memory: Memory, titles: Titles, at: Seconds, now: Profile) -> Iterator[str]:
    def named(ids: list[TrackId]) -> str:
        names = [titles.get(track_id, track_id) for track_id in ids[:MOST]]
        more = len(ids) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "") if ids else "none"

    by_plays = sorted(memory.plays, key=lambda t: -memory.plays[t].count)
    left_out = [t for t, b in memory.blocks.items() if b.until is None or b.until > at]
    yield f"Heard: {len(memory.plays)} pieces; most often {named(by_plays[:3])}"
    yield f"Liked: {named([t for t, likes in memory.likes.items() if likes > 0])}"
    yield f"Not liked: {named([t for t, likes in memory.likes.items() if likes < 0])}"
    yield f"Never again, said staff: {named(list(memory.never))}"
    yield f"Left out for a while (it upset the resident, or was refused): {named(left_out)}"
    minute = usual_minute(memory.hours, now.usual_peak, at)
    usual = "not known" if minute is None else f"around {minute // 60:02d}:{minute % 60:02d}"
    yield f"Restlessness usually begins: {usual}"
    count = len(memory.learned.tracks) if memory.learned else 0
    yield f"Pieces of which the learner knows something: {count}"
    yield f"Feedback of people: {len(memory.feedback)} (the newest 200)"
    if memory.held_by:
        since = datetime.fromtimestamp(memory.held_since).astimezone()
        yield f"The music is stopped by {memory.held_by} since {since:%Y-%m-%d %H:%M}"


def _taste(taste: Taste) -> str:
    words = [*(f"{artist} (artist)" for artist in taste.artists), *taste.tracks, *taste.words]
    return ", ".join(words) or "nothing stated"


def titles_of(entries: Iterable[CatalogueEntry]) -> Titles:
    return {
        e.track.id: f"{e.track.title} ({e.track.artist})" if e.track.artist else e.track.title
        for e in entries
    }
