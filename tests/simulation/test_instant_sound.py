"""The quick sound process: every track begins, ends and frees its deck in order."""

from player.model import (
    Crossfade,
    DeckEnding,
    DeckFailed,
    DeckFreed,
    DeckLoaded,
    Fade,
    Heard,
    Load,
    Stop,
    Unload,
)
from player.simulation.instant_sound import NEVER, InstantSound
from player.units import Seconds

LENGTHS = {"a": Seconds(100.0), "b": Seconds(60.0)}
FADE = Seconds(5.0)


def reports(sound: InstantSound, until: float = 1e9) -> list[tuple[float, str, str]]:
    seen: list[tuple[float, str, str]] = []
    while sound.due <= until:
        at = sound.due
        report = sound.pop()
        assert isinstance(report, DeckLoaded | Heard | DeckEnding | DeckFreed | DeckFailed)
        seen.append((at, type(report).__name__, report.track_id))
    return seen


def playing(at: float = 0.0) -> InstantSound:
    sound = InstantSound(LENGTHS)
    sound.take(Load(deck=0, track_id="a", uri=""), Seconds(at))
    sound.take(Crossfade(deck=0, fade=FADE), Seconds(at))
    reports(sound, at)
    return sound


def test_a_track_plays_to_its_end() -> None:
    sound = playing()
    assert sound.heard == "a"
    assert reports(sound) == [(96.0, "DeckEnding", "a"), (100.0, "DeckFreed", "a")]
    assert sound.heard is None and sound.due == NEVER


def test_a_swap_frees_the_deck_before() -> None:
    sound = playing()
    sound.take(Load(deck=1, track_id="b", uri=""), Seconds(10.0))
    sound.take(Crossfade(deck=1, fade=FADE), Seconds(10.0))
    assert sound.heard == "b"
    assert reports(sound) == [
        (10.0, "DeckLoaded", "b"),
        (10.0, "Heard", "b"),
        (15.0, "DeckFreed", "a"),
        (66.0, "DeckEnding", "b"),
        (70.0, "DeckFreed", "b"),
    ]


def test_a_stop_silences_all_and_frees_the_decks() -> None:
    sound = playing()
    sound.take(Stop(fade=Seconds(0.4)), Seconds(20.0))
    assert sound.heard is None
    assert reports(sound) == [(20.4, "DeckFreed", "a")]


def test_a_pause_shifts_the_end() -> None:
    sound = playing()
    sound.take(Fade(audible=False, fade=Seconds(0.4)), Seconds(40.0))
    assert sound.heard is None and sound.due == NEVER
    sound.take(Fade(audible=True, fade=Seconds(0.4)), Seconds(100.0))
    assert sound.heard == "a"
    assert reports(sound) == [(156.0, "DeckEnding", "a"), (160.0, "DeckFreed", "a")]


def test_a_deck_that_stands_by_can_be_emptied() -> None:
    sound = playing()
    sound.take(Load(deck=1, track_id="b", uri="", start=Seconds(30.0)), Seconds(1.0))
    sound.take(Unload(deck=1), Seconds(2.0))
    assert reports(sound, 3.0) == [(1.0, "DeckLoaded", "b"), (2.0, "DeckFreed", "b")]
    assert sound.heard == "a"


def test_a_track_that_is_not_there_cannot_be_loaded() -> None:
    sound = InstantSound(LENGTHS)
    sound.take(Load(deck=0, track_id="x", uri=""), Seconds(0.0))
    assert reports(sound) == [(0.0, "DeckFailed", "x")]
