"""What the resident knows: named, of the right age, heard here."""

from itertools import pairwise

import pytest

from player.model import Track
from player.selection.facts import Describer
from player.selection.familiarity import freshness, learned, names, recovery, reminiscence, wear
from player.settings import Profile, Taste
from player.units import Seconds
from tests.support.pieces import piece


def order(profile: Profile, tracks: dict[str, dict[str, object]]) -> list[str]:
    entries = [piece(name, None, **tags) for name, tags in tracks.items()]
    known = {e.track.id: Describer(profile).facts(e).familiarity for e in entries}
    return sorted(known, key=lambda name: -known[name])


def test_a_birth_year_and_five_answers_give_a_sensible_order() -> None:
    profile = Profile(
        id="new",
        birth_year=1938,
        languages=("de",),
        loved=Taste(tracks=("Lili Marleen",), artists=("Caterina Valente",), words=("Choral",)),
        never=Taste(artists=("Marschkapelle",)),
    )
    tracks: dict[str, dict[str, object]] = {
        "Lili Marleen": {"artist": "Lale Andersen", "year": 1939},
        "Malaguena": {"artist": "caterina valente", "year": 1955},
        "Song of 1954": {"year": 1954, "language": "de"},
        "Nun danket": {"album": "Choräle, ein Choral-Buch"},
        "Song of 1966": {"year": 1966, "language": "de"},
        "No year": {},
        "Chanson of 1954": {"year": 1954, "language": "fr"},
        "Song of 2010": {"year": 2010, "language": "de"},
        "Song of 2010, French": {"year": 2010, "language": "fr"},
    }
    found = order(profile, tracks)
    assert found[0] == "Lili Marleen"
    assert set(found[1:4]) == {"Malaguena", "Song of 1954", "Nun danket"}
    assert found.index("Chanson of 1954") > found.index("Song of 1954")
    assert found.index("No year") < found.index("Song of 2010")
    assert found[-1] == "Song of 2010, French"


def test_without_a_birth_year_the_year_says_nothing() -> None:
    tracks: dict[str, dict[str, object]] = {
        "a": {"year": 1954},
        "b": {"year": 2020},
        "c": {"artist": "Loved"},
    }
    profile = Profile(id="demo", loved=Taste(artists=("loved",)))
    assert order(profile, tracks) == ["c", "a", "b"]
    known = [Describer(profile).facts(piece(n, None, **tags)).familiarity for n, tags in tracks.items()]
    assert known[0] == known[1]


def test_the_reminiscence_curve_is_smooth_with_its_peak_in_the_teens() -> None:
    curve = [reminiscence(age / 4.0) for age in range(-400, 600)]
    assert max(abs(a - b) for a, b in pairwise(curve)) < 0.06
    best = max(range(len(curve)), key=curve.__getitem__) / 4.0 - 100.0
    assert 13 <= best <= 19
    assert all(reminiscence(age) > 0.85 for age in range(13, 20))
    assert reminiscence(30) < 0.5 < reminiscence(23)
    assert reminiscence(-200_000) == pytest.approx(reminiscence(200_000))


def test_what_was_heard_without_harm_grows_familiar_and_dislikes_count() -> None:
    heard = [learned(0.4, plays, 0) for plays in range(20)]
    assert heard == sorted(heard) and 0.4 == heard[0] < heard[-1] < 0.6
    assert learned(0.4, 0, 3) > learned(0.4, 0, 1) > 0.4 > learned(0.4, 0, -1) > learned(0.4, 0, -3) > 0.0
    assert learned(1.0, 50, 50) <= 1.0


def test_appetite_recovers_with_time() -> None:
    hours = [recovery(Seconds(3600.0 * hour)) for hour in range(48)]
    assert hours[0] == 0.0 and hours == sorted(hours) and hours[-1] > 0.99
    assert recovery(None) == 1.0 and recovery(Seconds(-5.0)) == 0.0


def test_what_was_heard_again_and_again_is_less_fresh_for_days() -> None:
    day = 86_400.0
    assert freshness(0.0) == 1.0 and freshness(1.0) > 0.9 and 0.5 > freshness(12.0) > 0.0
    assert wear(12.0, 0.0) == wear(12.0, -5.0) == 12.0
    assert [wear(12.0, days * day) for days in (1, 3, 14)] == pytest.approx([8.6, 4.4, 0.1], abs=0.05)


@pytest.mark.parametrize("name", ["Song", "someone - SONG", "/music/Song.ogg", "music/Song.ogg", "Song.ogg"])
def test_a_track_is_named_by_title_artist_and_title_or_path(name: str) -> None:
    entry = piece("Song", artist="Someone")
    assert Describer(Profile(id="demo", loved=Taste(tracks=(name,)))).facts(entry).familiarity == 1.0
    assert isinstance(entry.track, Track)


@pytest.mark.parametrize(
    "name",
    ["We’ll  Meet Again", "vera LYNN", "Vera Lynn – We'll meet again", "Véra Lynn", "WE´LL MEET AGAIN"],
)
def test_a_name_is_found_as_a_telephone_types_it(name: str) -> None:
    """A name alone may be an artist's: who answers “never: Vera Lynn” must not hear her."""
    song = piece("We'll Meet Again", artist="Vera Lynn").track
    assert names(Taste(tracks=(name,)), song)
    assert not names(Taste(tracks=(f"{name} Band",)), song)
